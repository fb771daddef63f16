"""Planted motion and planted header errors: how far the answers lie from the truth."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage
from scipy.spatial.transform import Rotation

from benchmarks.imaging.aligned_people import (
    REAL,
    Case,
    flipped,
    generated,
    points,
    real,
    reference_offset,
    scrambled,
)
from tmsguide.errors import QualityError
from tmsguide.model import Scan, Volume
from tmsguide.num.interpolation import sample_cubic, spline_coefficients
from tmsguide.num.rigid import (
    inverted,
    rigid_displacement_mm,
    rigid_from_parameters,
    rotation_angle_deg,
)
from tmsguide.preprocess.alignment.coregistration import coregister
from tmsguide.preprocess.alignment.mirror import Sides, mirror_check
from tmsguide.preprocess.movement.motion import estimate_motion

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

__all__ = ["measure"]

JUMP_MM_DEG = 2.0
FARTHEST_DEG, FARTHEST_MM = 30.0, 40.0


def measure(*, quick: bool, say: Callable[[str], None]) -> dict[str, float]:
    """Give errors of motion and coregistration on a generated person and, where present, a real.

    ``quick`` takes a coarse person alone, 40 volumes and 4 starts.
    """
    cases = [generated(seed=0, quick=quick)]
    if not quick and REAL.exists():
        say("labelling sub-forrest02 for the real case")
        cases.append(real())
    out = {"alignment_real_data": float(len(cases) > 1)}
    say("planted motion")
    out |= motion_errors(cases[-1], volumes=40 if quick else 156)
    out |= coregistration_errors(cases, starts=4 if quick else 20, say=say)
    out |= wrong_pairs(cases, say=say)
    out |= sides(cases)
    return out


def motion_errors(case: Case, *, volumes: int) -> dict[str, float]:
    """Give errors of planted motion, but for the place of the reference, which is free."""
    rng = np.random.default_rng(1)
    center = (points(case) @ case.bold_from_t1w[:3, :3].T + case.bold_from_t1w[:3, 3]).mean(0)
    moves = np.stack([rigid_from_parameters(p, center) for p in planted_walk(rng, volumes)])
    data = np.stack([moved_frame(case, move, rng) for move in moves], axis=3)
    start = time.process_time()
    found = estimate_motion(Scan(replace(case.mean, data=data), tr_s=2.0))
    seconds = time.process_time() - start
    offset = reference_offset(found, moves)
    at = points(case) @ case.bold_from_t1w[:3, :3].T + case.bold_from_t1w[:3, 3]
    pairs = [(f @ offset, m) for f, m in zip(found.frame_from_reference, moves, strict=True)]
    error = np.stack([rigid_displacement_mm(f, m, at) for f, m in pairs])
    turned = [rotation_angle_deg(inverted(f) @ m) for f, m in pairs]
    return {
        "motion_rms_error_mm": round(float(np.sqrt((error**2).mean())), 4),
        "motion_max_error_mm": round(float(error.max()), 4),
        "motion_rotation_error_deg": round(float(np.sqrt(np.mean(np.square(turned)))), 4),
        "motion_unsettled": float(found.unsettled.sum()),
        "motion_cpu_s_per_300": round(seconds * 300 / volumes, 2),
    }


def coregistration_errors(
    cases: list[Case], *, starts: int, say: Callable[[str], None]
) -> dict[str, float]:
    """Give the largest error over the brain of header errors of up to 30 degrees and 40 mm."""
    worst: list[float] = []
    seconds: list[float] = []
    refused = 0
    for case in cases:
        here = []
        for off in header_errors(np.random.default_rng(2), starts, points(case).mean(axis=0)):
            mean = Volume(case.mean.data, off @ case.mean.frame_from_voxel, case.mean.frame)
            start = time.process_time()
            try:
                found = coregister(mean, case.anatomy)
            except QualityError:
                refused += 1
                continue
            finally:
                seconds.append(time.process_time() - start)
            answer = inverted(found.t1w_from_bold.matrix)
            truth = off @ case.bold_from_t1w
            here.append(float(rigid_displacement_mm(answer, truth, points(case)).max()))
        say(f"{case.name}: largest error {max(here, default=np.nan):.3f} mm of {len(here)} starts")
        worst += here
    return {
        "coregistration_error_mm": round(max(worst), 3),
        "coregistration_median_error_mm": round(float(np.median(worst)), 3),
        "coregistration_refused": float(refused),
        "coregistration_starts": float(starts * len(cases)),
        "coregistration_cpu_s_median": round(float(np.median(seconds)), 2),
        "coregistration_cpu_s_max": round(max(seconds), 2),
        "coregistration_cpu_s_good_header": round(min(case.seconds for case in cases), 2),
    }


def wrong_pairs(cases: list[Case], *, say: Callable[[str], None]) -> dict[str, float]:
    """Give how many pairs that do not belong together were refused or doubted, of how many.

    Generated people come from one template: another's scan nearly fits, and may only be doubted.
    """
    pairs = [(f"{a.name} on {b.name}", a.mean, b.anatomy) for a in cases for b in cases if a != b]
    pairs += [(f"{c.name} scrambled", scrambled(c.mean), c.anatomy) for c in cases]
    twin = generated(seed=7, quick=True).mean
    pairs += [(f"another generated on {c.name}", twin, c.anatomy) for c in cases]
    refused = doubted = 0
    for name, mean, anatomy in pairs:
        try:
            found = coregister(mean, anatomy)
        except QualityError:
            refused += 1
        else:
            doubted += bool(found.problems)
            say(f"{name}: not refused, cost {found.cost:.2f}; said: {found.problems}")
    return {
        "coregistration_wrong_doubted": float(doubted),
        "coregistration_wrong_pairs": float(len(pairs)),
        "coregistration_wrong_refused": float(refused),
    }


def sides(cases: list[Case]) -> dict[str, float]:
    """Give how often the left-right check is right, as it is and mirrored, and its margins."""
    right, margins, seconds = 0, [], 0.0
    for case in cases:
        for mean, truth in ((case.mean, Sides.SAME), (flipped(case.mean, 0), Sides.SWAPPED)):
            try:
                found = coregister(mean, case.anatomy)
            except QualityError as err:
                right += truth is Sides.SWAPPED and "swapped" in str(err)
                continue
            start = time.process_time()
            check = mirror_check(mean, case.anatomy, found)
            seconds = max(seconds, time.process_time() - start)
            right += check.sides is truth
            margins.append(abs(check.margin))
    return {
        "mirror_right": float(right),
        "mirror_cases": float(2 * len(cases)),
        "mirror_least_margin": round(min(margins), 1),
        "mirror_cpu_s": round(seconds, 2),
    }


def planted_walk(rng: np.random.Generator, count: int) -> Floats:
    """Give motion (T, 6), mm and rad: a random walk, and a jump of up to 2 mm and 2 degrees.

    One jump in 20 frames; half of them return within five frames.
    """
    out = np.cumsum(rng.normal(0, 0.04, (count, 6)), axis=0)
    for start in rng.choice(np.arange(5, count - 5), count // 20, replace=False):
        way = rng.standard_normal((2, 3))
        way *= rng.uniform(0.3, 1.0) * JUMP_MM_DEG / np.linalg.norm(way, axis=1, keepdims=True)
        length = int(rng.integers(1, 5)) if rng.random() < 0.5 else count
        out[start : start + length] += way.ravel()
    out[:, 3:] = np.radians(out[:, 3:])
    return out


def moved_frame(case: Case, move: Floats, rng: np.random.Generator) -> NDArray[np.float32]:
    """Give the mean moved by ``move``, with noise of the scan's SD, half of it smooth in space."""
    shape = case.mean.data.shape
    grid = np.indices(shape).reshape(3, -1).T.astype(np.float64)
    m = np.asarray(case.mean.frame_from_voxel, np.float64)
    chain = inverted(m) @ inverted(move) @ m
    still = sample_cubic(spline_coefficients(case.mean.data), chain, grid).reshape(shape)
    white = rng.standard_normal(shape).astype(np.float32)
    smooth = ndimage.gaussian_filter(white, 1.0)
    noise = np.sqrt(0.5) * (white + smooth / smooth.std())
    return np.asarray(still + case.noise_sd * noise, np.float32)


def header_errors(rng: np.random.Generator, count: int, center_mm: Floats) -> Iterator[Floats]:
    """Give rigid errors (4, 4) of up to 30 degrees about the brain and 40 mm, any direction."""
    for _ in range(count):
        way = rng.standard_normal((2, 3))
        way /= np.linalg.norm(way, axis=1, keepdims=True)
        out = np.eye(4)
        turn = Rotation.from_rotvec(way[0] * rng.uniform(0, FARTHEST_DEG), degrees=True)
        out[:3, :3] = turn.as_matrix()
        out[:3, 3] = center_mm - out[:3, :3] @ center_mm + way[1] * rng.uniform(0, FARTHEST_MM)
        yield out
