"""The plan of resamples: which frames each one draws, and where it takes the seed to lie."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tmsguide.errors import InputError, QualityError
from tmsguide.num.bootstrap import stratified_block_counts

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from tmsguide.model import Denoised

__all__ = ["Resamples", "plan_resamples"]


@dataclass(frozen=True, slots=True, eq=False)
class Resamples:
    """B resamples of one scan.

    ``counts`` (B, T) float32: how often each frame is drawn; ``seed_shift_mm`` (B, 3): how far
    the seed is moved; ``minutes``: the scan time that each resample stands for.
    """

    counts: NDArray[np.float32]
    seed_shift_mm: NDArray[np.float64]
    minutes: float


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
    two blocks is cut into blocks of half its length. The seed is shifted by a normal deviate of
    ``seed_shift_mm`` per axis, the error of the registration that placed it. With ``share`` below
    1 a resample stands for a scan of that share of the time.

    Raises
    ------
    QualityError
        If the scan is shorter than two blocks: its resamples would all be the same.
    InputError
        If ``run_frames`` do not add up to the series, or the share is not within (0, 1].

    References
    ----------
    Politis & Romano 1992, in Exploring the Limits of Bootstrap, Wiley, 263-270; Bellec et al.
    2010, 10.1016/j.neuroimage.2010.02.082 (for fMRI).
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
    counts = stratified_block_counts(runs, block, resamples, rng=rng, share=share)
    return Resamples(
        counts=counts,
        seed_shift_mm=rng.normal(0.0, seed_shift_mm, (resamples, 3)),
        minutes=float(counts[:1].sum() * tr_s / 60),
    )
