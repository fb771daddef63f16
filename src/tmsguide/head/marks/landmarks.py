"""Nasion, inion and preauricular points on a person's scalp."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING

import numpy as np
from scipy.spatial import cKDTree

from tmsguide.errors import FrameError
from tmsguide.head.grid import sampled
from tmsguide.head.marks.profile import front_notch, outline, rear_knob
from tmsguide.head.marks.tape import tape
from tmsguide.head.tissues.problems import FACE_BOX_MNI_MM
from tmsguide.model import MNI, Landmarks, Points, Tissue

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from tmsguide.model import Anatomy, Surface

    Floats = NDArray[np.float64]
    Places = dict[str, Floats]

__all__ = ["Fiducial", "fiducials", "find_landmarks"]

FACE_SEEN = 0.6  # as in `face_problems`: below, the face was removed
FAR_MM = 18.0  # a scalp farther than this from the expected place does not show the landmark
SHELL_MM = (2.0, 4.0, 6.0)  # depths under the skin at which a real scalp has signal
PATCH_MM = 12.0  # over which signal is asked for: an ear canal is no cut
LEAST_SIGNAL = 0.25  # of the scalp's median grey
LEAST_PART = 0.4  # of the patch
EAR_REACH_MM = 30.0


@dataclass(frozen=True, slots=True)
class Fiducial:
    """A landmark of the template head, in MNI mm.

    ``found_mm`` and ``expected_mm`` are standard deviations, mm, where the scalp showed the place
    and where it was only carried from the template.
    """

    name: str
    title: str
    mni_mm: tuple[float, float, float]
    found_mm: float
    expected_mm: float


@lru_cache(maxsize=1)
def fiducials() -> tuple[Fiducial, ...]:
    """Give the landmarks of the template head: Nz, Iz, LPA, RPA.

    Examples
    --------
    >>> [f.name for f in fiducials()]
    ['Nz', 'Iz', 'LPA', 'RPA']
    """
    text = files("tmsguide.head").joinpath("data/fiducials.toml").read_text("utf-8")
    return tuple(
        Fiducial(
            name=row["name"],
            title=row["title"],
            mni_mm=(row["mni_mm"][0], row["mni_mm"][1], row["mni_mm"][2]),
            found_mm=row["found_mm"],
            expected_mm=row["expected_mm"],
        )
        for row in tomllib.loads(text)["fiducial"]
    )


def find_landmarks(
    anatomy: Anatomy, scalp: Surface, t1w_from_mni: Callable[[Points], Points]
) -> Landmarks:
    """Give Nz, Iz, LPA and RPA on the person's scalp, each with what it may be off.

    Template places are carried over and put on the scalp. Where the scalp shows the landmark it
    is taken from there: the deepest point between forehead and nose, the knob of the occiput, the
    front foot of the ear. Where nothing is seen (face removed, scalp filled in, image cut) the
    expected place is given with infinite uncertainty: never register a navigator on it.

    Parameters
    ----------
    anatomy
        As `segment` gives it.
    scalp
        `scalp_surface` of it.
    t1w_from_mni
        Map of points, as `normalise` gives it.

    Raises
    ------
    FrameError
        Anatomy, scalp and map do not share one frame.
    """
    frame = scalp.vertices.frame
    at = t1w_from_mni(Points(np.array([f.mni_mm for f in fiducials()]), MNI))
    for what, other in (("the anatomy", anatomy.t1w.frame), ("the map from MNI", at.frame)):
        if other != frame:
            raise FrameError(
                f"{what} is in {other.name}, the scalp in {frame.name}; give parts of one person"
            )
    expected = dict(zip((f.name for f in fiducials()), at.xyz_mm, strict=True))
    snapped = _snapped(scalp, expected)
    found = _found(scalp, expected, snapped, t1w_from_mni)
    face = _face_seen(anatomy, t1w_from_mni)
    rows, spread = [], []
    for f in fiducials():
        here = found.get(f.name, snapped[f.name])
        shown = face or f.name != "Nz"
        shown &= bool(np.linalg.norm(snapped[f.name] - expected[f.name]) < FAR_MM)
        shown = shown and _has_signal(anatomy, scalp, here)
        rows.append(here if shown else expected[f.name])
        spread.append(f.found_mm if f.name in found else f.expected_mm)
        spread[-1] = spread[-1] if shown else np.inf
    names = tuple(f.name for f in fiducials())
    return Landmarks(names, Points(np.stack(rows), frame), np.array(spread))


def _found(
    scalp: Surface, expected: Places, snapped: Places, t1w_from_mni: Callable[[Points], Points]
) -> Places:
    """Give the landmarks that the scalp's own shape shows."""
    middle = np.stack([expected["Nz"], expected["Iz"], t1w_from_mni(_vertex()).xyz_mm[0]])
    profile = outline(scalp, middle, _head_axes(t1w_from_mni))
    found = {
        "Nz": front_notch(profile, expected["Nz"]),
        "Iz": rear_knob(profile, expected["Iz"]),
    }
    ears = {name: _ear_foot(scalp, snapped, name) for name in ("LPA", "RPA")}
    # one ear alone would turn the head: both are taken from the scalp or none
    if all(foot is not None for foot in ears.values()):
        found |= ears
    return {name: place for name, place in found.items() if place is not None}


def _vertex() -> Points:
    return Points(np.array([[0.0, -10.0, 95.0]]), MNI)


def _head_axes(t1w_from_mni: Callable[[Points], Points]) -> Floats:
    """Give the person's right, front and up (3, 3), as the template's axes fall on them."""
    ends = np.concatenate([30.0 * np.eye(3), -30.0 * np.eye(3)])
    there = t1w_from_mni(Points(ends, MNI)).xyz_mm
    axes = there[:3] - there[3:]
    return np.asarray(axes / np.linalg.norm(axes, axis=1, keepdims=True))


def _snapped(scalp: Surface, expected: Places) -> Places:
    """Give the nearest vertex or triangle middle of the scalp to each place."""
    xyz = scalp.vertices.xyz_mm
    net = np.concatenate([xyz, xyz[scalp.triangles].mean(axis=1)])
    tree = cKDTree(net)
    return {name: net[tree.query(at)[1]] for name, at in expected.items()}


def _ear_foot(scalp: Surface, snapped: Places, name: str) -> Floats | None:
    """Give the front foot of the ear at the expected height, or None where no ear stands out."""
    round_head = tape(scalp, snapped["Nz"], snapped[name], snapped["Iz"])
    ear = np.flatnonzero(round_head.ear)
    if len(ear) == 0:
        return None
    far = np.linalg.norm(round_head.skin_mm[ear] - snapped[name], axis=1)
    nearest = ear[np.argmin(far)]
    if far.min() > EAR_REACH_MM:
        return None
    while nearest > 0 and round_head.ear[nearest - 1]:
        nearest -= 1
    return np.asarray(round_head.skin_mm[max(nearest - 1, 0)])


def _face_seen(anatomy: Anatomy, t1w_from_mni: Callable[[Points], Points]) -> bool:
    """Tell whether skin and bone are where eyes and root of the nose are expected."""
    box = [np.arange(low + 2, high, 4.0) for low, high in FACE_BOX_MNI_MM]
    at = np.stack(np.meshgrid(*box, indexing="ij"), axis=-1).reshape(-1, 3)
    there = t1w_from_mni(Points(at, MNI)).xyz_mm
    return float(_labelled(anatomy, there).mean()) >= FACE_SEEN


def _labelled(anatomy: Anatomy, points: Floats) -> NDArray[np.bool_]:
    """Tell which points (N, 3) carry any tissue."""
    head = (np.asarray(anatomy.labels.data) > 0).astype(np.float32)
    return sampled(head, _voxels(anatomy, points)) > 0.5


def _has_signal(anatomy: Anatomy, scalp: Surface, point: Floats) -> bool:
    """Tell whether the T1w shows tissue just inside the scalp round a point of it."""
    brain = np.argwhere(np.asarray(anatomy.brain_mask.data)[::4, ::4, ::4]) * 4
    m = anatomy.t1w.frame_from_voxel
    middle = m[:3, :3] @ brain.mean(axis=0) + m[:3, 3]
    xyz = scalp.vertices.xyz_mm
    patch = xyz[np.linalg.norm(xyz - point, axis=1) < PATCH_MM]
    if len(patch) == 0:
        return False
    way = (middle - point) / np.linalg.norm(middle - point)
    grey = np.asarray(anatomy.t1w.data, dtype=np.float32)
    shown = np.stack([sampled(grey, _voxels(anatomy, patch + d * way)) for d in SHELL_MM])
    scalp_grey = grey[::2, ::2, ::2][anatomy.labels.data[::2, ::2, ::2] == Tissue.SCALP]
    usual = float(np.median(scalp_grey)) if len(scalp_grey) else 0.0
    return float((shown.max(axis=0) > LEAST_SIGNAL * usual).mean()) > LEAST_PART


def _voxels(anatomy: Anatomy, points: Floats) -> NDArray[np.float32]:
    """Give points (N, 3) as voxel places (3, N)."""
    voxel_from_frame = np.linalg.inv(anatomy.labels.frame_from_voxel)
    at = points @ voxel_from_frame[:3, :3].T + voxel_from_frame[:3, 3]
    return np.asarray(at.T, dtype=np.float32)
