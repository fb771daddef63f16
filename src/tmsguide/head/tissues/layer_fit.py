"""The greatest posterior chance of both borders of the skull along rays.

The greys of every layer are learnt from the person's own image, what neighbouring rays see is put
together, and published thicknesses (`shells`) are the prior.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from scipy.sparse import csr_array

    Floats = NDArray[np.float32]
    Index = NDArray[np.intp]
    Mask = NDArray[np.bool_]

__all__ = [
    "PIA_MM",
    "SKIN_MM",
    "Profiles",
    "fitted_borders",
    "grey_bins",
    "normal_density",
    "pooled_over",
]

SHARE_SD = 0.12  # of the split, from SDs near 20 % of both thicknesses (sources in `shells`)
THICKEST = 1.7  # in parts of the mean skull; beyond it thick flesh, not bone
TABLE_MM = 1.5  # compact bone on either side of the marrow (Lynnerup 2005, unverified)
SKIN_MM = 2.0
INNER_SD_MM = 3.0  # what the voxelwise labels leave open of the inner border
PIA_SHADE_MM = 1.5  # over the brain, where voxels hold cortex too
PIA_MM = 1.0  # least fluid and dura over the brain
# neighbours and samples repeat each other and the layers vary more than histograms tell, so a
# whole patch counts for a few voxels per mm of depth only
EVIDENCE = 8.0
DOUBT = 0.05  # share of any layer that may look like any other
PURE = 0.8  # share of free fluid that holds no vessel, web or dura
BINS = 64
ROUNDS = 6
BRIGHTEST = 1.6  # of the greys that are told apart, in parts of the brain's brightest


@dataclass(frozen=True, slots=True, eq=False)
class Profiles:
    """Greys (N, D), `BINS` of them, read from inside the skull outward, and places in them.

    ``inner`` (as first found), ``skin`` and ``brain`` (N,) count samples, as do the published
    thicknesses ``skull`` and ``scalp``; ``known`` (N, D) is 0 where the image shows nothing.
    ``darkest`` (N,) lies in what is surely compact bone, or as dark; ``fluid`` (`BINS`,) is the
    density of pure fluid.
    """

    bins: Index
    known: Floats
    inner: Index
    skin: Index
    brain: Index
    darkest: Index
    skull: Floats
    scalp: Floats
    fluid: NDArray[np.float64]
    step_mm: float


def pooled_over(weights: csr_array, values: Floats, sure: Mask) -> Floats:
    """Give what sure rays nearby see on average."""
    kept = sure.astype(np.float32)
    shape = (-1,) + (1,) * (values.ndim - 1)
    total = np.maximum(weights @ kept, 1e-6).reshape(shape)
    return np.asarray(weights @ (values * kept.reshape(shape)) / total, dtype=np.float32)


def grey_bins(grey: Floats) -> Index:
    """Give the bin of each grey, 1 being the brain's brightest."""
    return np.asarray(np.clip(grey * (BINS / BRIGHTEST), 0, BINS - 1), dtype=np.intp)


def normal_density(mean: float, spread: float) -> NDArray[np.float64]:
    """Give the normal density over the bins."""
    grey = (np.arange(BINS) + 0.5) * BRIGHTEST / BINS
    density = np.exp(-0.5 * ((grey - mean) / max(spread, 0.03)) ** 2)
    return np.asarray(density / density.sum())


def fitted_borders(p: Profiles, patch: csr_array, sure: Mask) -> tuple[Floats, Floats]:
    """Give the samples at which the skull begins and ends, by turns with the greys of layers."""
    inner = p.inner.astype(np.float32)
    outer = _expected_outer(p, inner)[0]
    for _ in range(ROUNDS):
        sums = _log_sums(p, inner, outer, sure)
        outer = _most_likely(
            p, patch, sure, _outer_logs(p, sums, inner), _expected_outer(p, inner)
        )
        expected = (p.inner.astype(np.float32), np.full(len(inner), INNER_SD_MM / p.step_mm))
        inner = _most_likely(p, patch, sure, _inner_logs(p, sums, outer), expected)
    return inner, outer


def _expected_outer(p: Profiles, inner: Floats) -> tuple[Floats, Floats]:
    """Give mean and SD of the sample where published thicknesses expect the end of the skull."""
    whole = np.maximum(p.skin - inner, 1)
    share = p.skull / (p.skull + p.scalp)
    mean = inner + np.minimum(share * whole, THICKEST * p.skull)
    return mean, np.maximum(SHARE_SD * whole, 1.0 / p.step_mm)


def _log_sums(p: Profiles, inner: Floats, outer: Floats, sure: Mask) -> Floats:
    """Give running sums along the rays (6, N, D + 1) of each layer's log chance of what is seen.

    Layers: fluid that shares voxels with cortex, free fluid, table, marrow, flesh, skin.
    """
    index = np.arange(p.bins.shape[1])
    a, b = np.rint(inner)[:, None], np.rint(outer)[:, None]
    depth, skin = TABLE_MM / p.step_mm, p.skin[:, None] - SKIN_MM / p.step_mm
    core = (index >= a + depth) & (index < b - depth)
    flesh = (index >= b) & (index < p.skin[:, None])
    near = p.brain[:, None] + PIA_SHADE_MM / p.step_mm
    gap = (index < a) & (index > p.brain[:, None])
    # compact bone is known by being the darkest, not by borders that are still to be found
    table = np.abs(index - p.darkest[:, None]) * p.step_mm <= 0.5
    layers = (
        gap & (index <= near),
        gap & (index > near),
        table,
        core,
        flesh & (index < skin),
        flesh & (index >= skin),
    )
    seen_here = (p.known > 0.5) & sure[:, None]
    out = np.zeros((len(layers), *p.bins.shape), dtype=np.float32)
    counts = [np.bincount(p.bins[layer & seen_here], minlength=BINS) for layer in layers]
    share = [ndimage.gaussian_filter1d(c / max(c.sum(), 1), 1.0) for c in counts]
    share[1] = PURE * p.fluid + (1 - PURE) * share[1]
    anything = np.mean(share, axis=0) + 1e-3 / BINS
    for k, known in enumerate(share):
        out[k] = np.log((1 - DOUBT) * known + DOUBT * anything)[p.bins] * p.known
    return np.concatenate([np.zeros_like(out[..., :1]), np.cumsum(out, axis=2)], axis=2)


def _outer_logs(p: Profiles, sums: Floats, inner: Floats) -> Floats:
    """Give the log chance (N, D) of each sample being the first of the flesh."""
    n = p.bins.shape[1]
    b = np.broadcast_to(np.arange(n), p.bins.shape)
    a = np.rint(inner).astype(np.intp)[:, None]
    w, k = round(TABLE_MM / p.step_mm), round(SKIN_MM / p.step_mm)
    s = p.skin[:, None]
    first = np.minimum(a + w, b)
    second = np.maximum(a + w, b - w)
    skin = np.clip(s - k, b, None)
    log = _between(sums[2], a, first) + _between(sums[3], a + w, second)
    log += np.where(b > a + w, _between(sums[2], second, b), 0)
    log += _between(sums[4], b, skin) + _between(sums[5], skin, np.maximum(s, skin))
    return np.where((b >= a + w) & (b <= s - k), log, -1e9)


def _inner_logs(p: Profiles, sums: Floats, outer: Floats) -> Floats:
    """Give the log chance (N, D) of each sample being the first of the skull."""
    n = p.bins.shape[1]
    a = np.broadcast_to(np.arange(n), p.bins.shape)
    b = np.rint(outer).astype(np.intp)[:, None]
    w = round(TABLE_MM / p.step_mm)
    low = p.brain[:, None] + round(PIA_MM / p.step_mm)
    free = p.brain[:, None] + round(PIA_SHADE_MM / p.step_mm)
    mid = np.minimum(a + w, b)
    log = _between(sums[0], np.minimum(low, a), np.minimum(free, a))
    log += _between(sums[1], np.minimum(free, a), a) + _between(sums[2], a, mid)
    log += _between(sums[3], mid, np.maximum(b - w, mid))
    return np.where((a >= low) & (a <= b - w), log, -1e9)


def _between(sums: Floats, start: Index, stop: Index) -> Floats:
    n = sums.shape[1] - 1
    start, stop = np.broadcast_arrays(np.clip(start, 0, n), np.clip(stop, 0, n))
    width = (len(sums), max(start.shape[1], stop.shape[1]))
    take = [np.broadcast_to(np.asarray(i, dtype=np.intp), width) for i in (start, stop)]
    return np.asarray(
        np.take_along_axis(sums, take[1], axis=1) - np.take_along_axis(sums, take[0], axis=1)
    )


def _most_likely(
    p: Profiles, patch: csr_array, sure: Mask, log: Floats, expected: tuple[Floats, Floats]
) -> Floats:
    """Give the best sample of each ray from its patch and the prior, to parts of a sample."""
    allowed = log > -1e8
    best = np.where(allowed, log, -np.inf).max(1, keepdims=True)
    # a place that one ray rules out is only unlikely for its neighbours
    relative = np.maximum(np.where(np.isfinite(best), log - best, 0), -30.0 / EVIDENCE)
    index = np.arange(log.shape[1], dtype=np.float32)
    mean, spread = (e[:, None] for e in expected)
    total = EVIDENCE * p.step_mm * pooled_over(patch, relative.astype(np.float32), sure)
    total = total - 0.5 * ((index - mean) / spread) ** 2
    peak = np.argmax(total, axis=1)
    near = np.abs(index - peak[:, None]) * p.step_mm <= 0.5
    chance = np.where(near, np.exp(total - total.max(1, keepdims=True)), 0)
    return np.asarray((chance * index).sum(1) / chance.sum(1), dtype=np.float32)
