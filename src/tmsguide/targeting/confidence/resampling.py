"""The plan of resamples: which frames each one draws, and where it takes the seed to lie."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tmsguide.errors import InputError, QualityError
from tmsguide.num.bootstrap import stratified_block_counts

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tmsguide.model import Denoised, Quality

__all__ = ["Resamples", "honest_share", "plan_resamples"]

#: Twice the usual band of 0.01-0.1 Hz: independent samples per second before regression.
_PER_S = 0.18
#: Variance of z over resamples that draw every frame, per variance over repeated scans, once the
#: freedom lost to regression is allowed for: blocks cut slow waves, and what is left of movement
#: differs from scan to scan. Over repeated scans of generated people 0.5 to 0.7; with this value
#: the region of 95 % held the planted site in 95.4 % of 500 (seeds from 13,000).
_BLOCK_LOSS = 0.55
#: Freedom left where a scan does not tell: 34 series regressed out of 15 min.
_USUAL_LEFT = 0.8
_LEAST = 0.15


@dataclass(frozen=True, slots=True, eq=False)
class Resamples:
    """B resamples of one scan.

    ``counts`` (B, T) float32: how often each frame is drawn, each row of one sum (not T);
    ``seed_shift_mm`` (B, 3): how far the seed is moved; ``minutes``: the usable time of the scans
    whose scatter the resamples show.
    """

    counts: NDArray[np.float32]
    seed_shift_mm: NDArray[np.float64]
    minutes: float


def honest_share(quality: Quality) -> float:
    """Share of the frames a resample must draw to scatter as much as whole scans would.

    Cleaned series have as many frames as before, but nuisance regression took part of their
    freedom: drawing them all would pretend to have it back. The share is that of the freedom left
    in the band, times what blocks lose.
    """
    known = np.isfinite(quality.dof) and quality.dof > 0 and quality.usable_s > 0
    left = quality.dof / (_PER_S * quality.usable_s) if known else _USUAL_LEFT
    return float(max(_BLOCK_LOSS * min(left, 1.0), _LEAST))


def plan_resamples(
    denoised: Denoised,
    *,
    resamples: int,
    block_s: float,
    seed_shift_mm: float,
    rng: np.random.Generator,
    share: float = 1.0,
) -> Resamples:
    """Draw circular blocks of time within each run, and a shift of the seed, for each resample.

    Blocks of ``block_s`` keep the series' slowness; none joins two runs, and a run shorter than
    two blocks is cut into blocks of half its length. As many frames are drawn as make resamples
    scatter like scans (`honest_share`, m out of n), times ``share``: with 0.5 the resamples stand
    for scans of half the time. The seed is shifted by a normal deviate of ``seed_shift_mm`` per
    axis, the error of the registration that placed it.

    Raises
    ------
    QualityError
        If the scan is shorter than two blocks: its resamples would all be the same.
    InputError
        If ``run_frames`` do not add up to the series, or the share is not within (0, 1].

    References
    ----------
    Politis & Romano 1992, in Exploring the Limits of Bootstrap, Wiley, 263-270; Bellec et al.
    2010, 10.1016/j.neuroimage.2010.02.082 (for fMRI); Bickel, Götze & van Zwet 1997, Statistica
    Sinica 7:1-31 (m out of n).
    """
    frames, tr_s = len(denoised.series), denoised.tr_s
    runs = denoised.run_frames or (frames,)
    if sum(runs) != frames or min(runs) < 1:
        raise InputError(
            f"runs of {', '.join(map(str, runs))} frames, the series have {frames}; needed runs "
            "of at least one frame that add up to the series"
        )
    if not 0 < share <= 1:
        raise InputError(f"a share of {share:g} of the scan; needed more than 0 and at most 1")
    block = max(1, round(block_s / tr_s))
    if frames < 2 * block:
        raise QualityError(
            f"{frames * tr_s:.0f} s of usable scan; needed at least two blocks of "
            f"{block_s:g} s to tell how sure a target is. Scan longer, or use a group target"
        )
    drawn = share * honest_share(denoised.quality)
    return Resamples(
        counts=stratified_block_counts(runs, block, resamples, rng=rng, share=drawn),
        seed_shift_mm=rng.normal(0.0, seed_shift_mm, (resamples, 3)),
        minutes=share * frames * tr_s / 60,
    )
