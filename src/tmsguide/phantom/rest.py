"""A generated person's resting scan at the level of cleaned signals: no images, a known truth.

What a scan of minutes leaves is made in the cosine domain: every coefficient of the band
0.01-0.1 Hz is drawn, so that a scan of 15 min at 2 mm takes under a second.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tmsguide.errors import InputError
from tmsguide.model import Denoised, Points, Quality, ScanVerdict, native_frame
from tmsguide.phantom.networks import HIGH_HZ, LOW_HZ, NETWORKS, coupling
from tmsguide.phantom.rest_brain import SEED_MNI, RestBrain, draw_brain
from tmsguide.phantom.rest_noise import local_noise, remainder, thermal_noise
from tmsguide.phantom.rest_settings import RestSettings

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from scipy.sparse import csr_array

    Floats = NDArray[np.float64]
    Grid = NDArray[np.float32]

__all__ = ["RestPerson", "generate_rest", "scan_rest"]

_FRAME = native_frame("generated")
_USUAL = RestSettings()


@dataclass(frozen=True, slots=True, eq=False)
class RestPerson:
    """A cleaned scan with the truth behind it.

    ``denoised`` has the global signal removed, ``other_global`` is the same scan with it.
    ``where_mni`` (N) are the places in MNI, ``gm`` (N,) all True, ``seed`` (1, 3) the usual
    subgenual seed and ``truth`` (1, 3) the person's own site, both in the person's frame.
    """

    denoised: Denoised
    other_global: Denoised
    where_mni: Points
    gm: NDArray[np.bool_]
    seed: Points
    truth: Points
    brain: RestBrain


def generate_rest(
    rng: np.random.Generator,
    grey_mni: Points,
    search: NDArray[np.bool_],
    settings: RestSettings = _USUAL,
) -> RestPerson:
    """Draw one person (`draw_brain`) and one scan of theirs (`scan_rest`)."""
    brain = draw_brain(rng, grey_mni, search, settings)
    return scan_rest(rng, brain, settings)


def scan_rest(rng: np.random.Generator, brain: RestBrain, settings: RestSettings) -> RestPerson:
    """Scan a person: several runs where ``minutes`` exceed ``run_minutes``.

    The person lies with the T1w space on MNI. Chance correlation between the planted series is
    left in: that is what a short scan suffers from.

    Raises
    ------
    InputError
        If a run is so short that nuisance regression takes most of its band.
    """
    count = max(1, round(settings.minutes / settings.run_minutes))
    frames = round(settings.minutes * 60 / settings.tr_s / count)
    noise = thermal_noise(brain, settings)
    nearby = local_noise(brain.where_mni.xyz_mm)
    runs = [_run(rng, brain, frames, noise, nearby, settings) for _ in range(count)]
    kept = [_kept(rng, frames, settings.censored) for _ in range(count)]
    without, with_global = (
        np.vstack([_scored(run[k][keep]) for run, keep in zip(runs, kept, strict=True)])
        for k in (0, 1)
    )
    every = np.concatenate(kept)
    run_frames = tuple(int(k.sum()) for k in kept)
    quality = _quality(brain, settings, int(every.sum()), len(every))
    where = Points(brain.where_mni.xyz_mm, _FRAME)

    def cleaned(series: Grid) -> Denoised:
        return Denoised(series, where, settings.tr_s, every, quality, run_frames)

    return RestPerson(
        denoised=cleaned(without),
        other_global=cleaned(with_global),
        where_mni=brain.where_mni,
        gm=np.ones(len(where), dtype=np.bool_),
        seed=Points(np.array([SEED_MNI]), _FRAME),
        truth=Points(brain.truth.xyz_mm, _FRAME),
        brain=brain,
    )


def _run(
    rng: np.random.Generator,
    brain: RestBrain,
    frames: int,
    noise: csr_array,
    local: csr_array,
    settings: RestSettings,
) -> tuple[Grid, Grid]:
    """Give the series (T, N) of one run without and with the global signal."""
    order, hertz = _band(frames, settings)
    left = len(order) - settings.confounds
    if left < len(order) / 4:
        raise InputError(
            f"a run of {frames * settings.tr_s:.0f} s has {len(order)} directions between "
            f"{settings.low_hz:g} and {settings.high_hz:g} Hz, nuisance regression takes "
            f"{settings.confounds}; needed a quarter left. Raise the minutes or lower confounds"
        )
    neural = np.where((hertz >= LOW_HZ) & (hertz <= HIGH_HZ), hertz**-0.5, 0.0)
    width = len(order)
    total = brain.maps @ _latent(rng, brain, _unit(neural))
    total += settings.local_percent * (local @ _drawn(rng, local.shape[1], _unit(np.sqrt(neural))))
    total += noise @ _drawn(rng, noise.shape[1], np.ones(width))
    total += remainder(rng, brain.where_mni.xyz_mm, settings) @ _drawn(rng, 4, np.ones(width))
    total = _regressed(rng, total, left)
    breath = _drawn(rng, 1, _unit(np.where(hertz <= 0.05, 1.0, 0.0)))
    total += settings.breath_percent * breath
    weight = (brain.stands_for / brain.stands_for.sum()).astype(np.float32)
    wave = weight @ total
    without = total - np.outer(total @ wave / (wave @ wave), wave)
    phase = np.pi * (np.arange(frames)[:, None] + 0.5) / frames * order
    basis = (np.sqrt(2 / frames) * np.cos(phase)).astype(np.float32)
    return basis @ without.T, basis @ total.T


def _band(frames: int, settings: RestSettings) -> tuple[NDArray[np.int64], Floats]:
    hertz = np.arange(frames) / (2 * frames * settings.tr_s)
    order = np.flatnonzero((hertz >= settings.low_hz) & (hertz <= settings.high_hz))
    return order, hertz[order]


def _unit(shape: Floats) -> Floats:
    """Scale a spectrum's shape so that its series have variance 1 per coefficient of the band."""
    return np.asarray(shape / np.sqrt(np.mean(shape**2)))


def _drawn(rng: np.random.Generator, count: int, shape: Floats) -> Grid:
    return rng.standard_normal((count, len(shape)), dtype=np.float32) * shape.astype(np.float32)


def _latent(rng: np.random.Generator, brain: RestBrain, shape: Floats) -> Grid:
    """Give coefficients (K, F): networks, then patch and decoys that follow the subgenual one."""
    count = len(NETWORKS)
    free = _drawn(rng, len(brain.coupling), shape)
    ties = coupling(0.0)[:count, :count]
    free[:count] = np.linalg.cholesky(ties).astype(np.float32) @ free[:count]
    subgenual = [n.name for n in NETWORKS].index("subgenual")
    r = brain.coupling[count:, None].astype(np.float32)
    free[count:] = np.sqrt(1 - r * r) * free[count:] - r * free[subgenual]
    return free


def _regressed(rng: np.random.Generator, total: Grid, left: int) -> Grid:
    """Take out random directions until ``left`` remain: what nuisance regression costs a scan."""
    lost, _ = np.linalg.qr(rng.standard_normal((total.shape[1], total.shape[1] - left)))
    out = lost.astype(np.float32)
    return np.asarray(total - (total @ out) @ out.T)


def _kept(rng: np.random.Generator, frames: int, censored: float) -> NDArray[np.bool_]:
    """Cut out ``censored`` of the frames, in bursts of five as movement does."""
    kept = np.ones(frames, dtype=np.bool_)
    while kept.sum() > (1 - censored) * frames:
        start = int(rng.integers(frames))
        kept[start : start + 5] = False
    return kept


def _scored(series: Grid) -> Grid:
    series = series - series.mean(axis=0)
    return np.asarray(series / series.std(axis=0), dtype=np.float32)


def _quality(brain: RestBrain, settings: RestSettings, kept: int, frames: int) -> Quality:
    """Give the figures that such a scan would have got."""
    share = kept / frames
    order, _ = _band(frames, settings)
    others = (
        settings.neural_percent**2 / 4
        + settings.local_percent**2
        + settings.remainder_percent**2 * 4
        + settings.breath_percent**2
    )
    raw = 100 / np.sqrt((100 / brain.tsnr) ** 2 + others)
    return Quality(
        mean_fd_mm=0.12,
        max_fd_mm=0.4,
        usable_s=kept * settings.tr_s,
        total_s=frames * settings.tr_s,
        dof=share * max(1.0, len(order) - float(settings.confounds)),
        median_tsnr=float(np.median(raw)),
        seed_tsnr=float(
            raw[np.linalg.norm(brain.where_mni.xyz_mm - SEED_MNI, axis=1) < 10].mean()
        ),
        seed_coverage=1.0,
        coregistration_cost=0.5,
        verdict=ScanVerdict.GOOD,
        dlpfc_tsnr=float(np.median(raw[brain.search])),
    )
