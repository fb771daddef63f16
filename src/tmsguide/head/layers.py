"""Where the skull begins and ends over the vault.

On T1w images compact bone, fat-suppressed fat and air are equally dark and marrow is as bright as
flesh, so the grey of one voxel cannot tell. What can is the order along a ray from the brain
outward: fluid, dark table, marrow or none, dark table, flesh, skin. The two borders of the skull
are those of greatest posterior chance under that order, with the greys of every layer learnt from
the person's own image, what neighbouring rays see put together, and published thicknesses
(`shells`) as the prior.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

from tmsguide.head.prior import below_face_line
from tmsguide.head.rays import blur, radius_at, rays_from, seen
from tmsguide.head.shells import scalp_mm, skull_mm

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from scipy.sparse import csr_array

    from tmsguide.head.rays import Rays

    Floats = NDArray[np.float32]
    Index = NDArray[np.intp]
    Mask = NDArray[np.bool_]

__all__ = ["Vault", "vault_bone", "vault_borders"]

# behind the mastoids the skull stays a shell down to the floor of the posterior fossa
OCCIPUT_MNI_MM = (-62.0, -58.0)  # y, z
CENTRE_MNI_MM = (0.0, -20.0, 10.0)
SHARE_SD = 0.12  # of the split, from SDs near 20 % of both thicknesses (sources in `shells`)
THICKEST = 1.7  # in parts of the mean skull; beyond it thick flesh, not bone
TABLE_MM = 1.5  # compact bone on either side of the marrow (Lynnerup 2005, 10.1186/1746-160X-1-13)
SKIN_MM = 2.0
INNER_SD_MM = 3.0  # what the voxelwise labels leave open of the inner border
PIA_SHADE_MM = 1.5  # over the brain, where voxels hold cortex too
PIA_MM = 1.0  # least fluid and dura over the brain
WITHIN_MM, BEYOND_MM = 8.0, 40.0  # how far about the first inner border the rays are read
PATCH_MM = 3.0  # rays this near see the same skull
# neighbours and samples repeat each other and the layers vary more than histograms tell, so a
# whole patch counts for a few voxels per mm of depth only
EVIDENCE = 8.0
SMOOTH_MM = 2.0
DARK_MM = 6.0  # compact bone lies within this of the first inner border
DOUBT = 0.05  # share of any layer that may look like any other
PURE = 0.8  # share of free fluid that holds no vessel, web or dura
USUAL_MM = 75.0  # radius of a vault
BINS = 64
ROUNDS = 6


@dataclass(frozen=True, slots=True, eq=False)
class Vault:
    """Inner and outer border of the skull (N, 2), mm from the centre, on ``rays`` where ``sure``.

    ``sure`` (N,) tells which rays meet the vault; ``table_grey`` is how bright compact bone is.
    """

    rays: Rays
    border_mm: Floats
    sure: Mask
    table_grey: float


@dataclass(frozen=True, slots=True, eq=False)
class _Profiles:
    """Greys (N, D) read from `WITHIN_MM` inside the first inner border on, and places in them.

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


def vault_borders(
    grey: Floats,
    inner: Mask,
    tissue: Mask,
    head: Mask,
    *,
    missing: Mask,
    fluid_grey: tuple[float, float],
    mni: Floats,
    voxel_mm: float,
) -> Vault:
    """Give both borders of the skull over the vault.

    Parameters
    ----------
    grey
        (X, Y, Z) bias-corrected image.
    inner, tissue, head
        (X, Y, Z) inside of the skull and brain tissue as first found, and the whole head.
    missing
        (X, Y, Z) where the head is known to be but not seen.
    fluid_grey
        Mean and SD of pure cerebrospinal fluid.
    mni
        (3, X, Y, Z) template position of each voxel, mm.
    voxel_mm
        Edge of the cubic voxels.
    """
    rays = _upward(rays_from(_nearest(mni, CENTRE_MNI_MM), voxel_mm), mni)
    within = seen(rays, inner, order=0) > 0.5
    last = np.asarray(within.shape[1] - 1 - np.argmax(within[:, ::-1], axis=1))
    patch = blur(rays, USUAL_MM, PATCH_MM)
    place = _template_places(rays, last, mni)
    in_head = seen(rays, head, order=0) > 0.5
    skin = _first_exit(in_head, last)
    sure = within.any(1) & _shell_like(place) & ((skin - last) * rays.step_mm > 3.0)
    last = np.where(sure, np.rint(_pooled(patch, last.astype(np.float32), sure)), last)
    first = np.maximum(last.astype(np.intp) - round(WITHIN_MM / rays.step_mm), 0)
    top = float(np.percentile(grey[inner], 99))
    read = _read(rays, grey / top, tissue, ~missing, first=first)
    brain = read[1].shape[1] - 1 - np.argmax(read[1][:, ::-1] > 0.5, axis=1)
    skin = np.clip(skin - first, 0, read[0].shape[1] - 1)
    between = (brain + PIA_MM / rays.step_mm, skin - SKIN_MM / rays.step_mm)
    near = last - first + DARK_MM / rays.step_mm
    pooled = _pooled(patch, read[0], sure)
    darkest = _darkest(pooled, between[0], np.minimum(between[1], near))
    profiles = _Profiles(
        bins=np.clip(read[0] * (BINS / 1.6), 0, BINS - 1).astype(np.intp),
        known=read[2],
        inner=last.astype(np.intp) - first,
        skin=skin,
        brain=brain,
        darkest=darkest,
        skull=np.asarray(skull_mm(place) / rays.step_mm, dtype=np.float32),
        scalp=np.asarray(scalp_mm(place) / rays.step_mm, dtype=np.float32),
        fluid=_density(fluid_grey[0] / top, fluid_grey[1] / top),
        step_mm=rays.step_mm,
    )
    inner_at, outer_at = _fit(profiles, patch, sure)
    smooth = blur(rays, USUAL_MM, SMOOTH_MM)
    both = np.stack([_pooled(smooth, b, sure) for b in (inner_at, outer_at)], axis=-1)
    border = (first[:, None] + both - 0.5) * rays.step_mm + rays.radius_mm[0]
    table = np.median(np.take_along_axis(pooled, darkest[:, None], axis=1)[sure]) * top
    return Vault(rays, np.asarray(border, dtype=np.float32), sure, float(table))


def vault_bone(vault: Vault, where: Mask) -> tuple[Floats, Floats]:
    """Give the depth in mm under the inner and the outer border of the skull, inside positive.

    Parameters
    ----------
    vault
        As `vault_borders` gives it.
    where
        (X, Y, Z) the voxels to look at; elsewhere the depth is not-a-number.

    Returns
    -------
    tuple
        Two (X, Y, Z) arrays; not-a-number where no ray of the vault is near.
    """
    voxels = np.argwhere(where)
    border = np.where(vault.sure[:, None], vault.border_mm, np.nan)
    radius, near = radius_at(vault.rays, voxels, border)
    out = np.full((2, *where.shape), np.nan, dtype=np.float32)
    for k in range(2):
        out[k][where] = near[:, k] - radius
    return out[0], out[1]


def _nearest(mni: Floats, place: tuple[float, float, float]) -> NDArray[np.int64]:
    some = mni[:, ::3, ::3, ::3]
    away = ((some - np.asarray(place, dtype=np.float32)[:, None, None, None]) ** 2).sum(0)
    return np.asarray(np.unravel_index(np.argmin(away), away.shape)) * 3


def _upward(rays: Rays, mni: Floats) -> Rays:
    """Give the rays that may meet the vault."""
    index = np.searchsorted(rays.radius_mm, USUAL_MM)
    place = _template_places(rays, np.full(len(rays.way), index), mni)
    return replace(rays, way=rays.way[_shell_like(place)])


def _shell_like(place: Floats) -> Mask:
    """Tell which template positions (..., 3) lie where the skull is met once by a ray."""
    y, z = OCCIPUT_MNI_MM
    occiput = (place[..., 1] < y) & (place[..., 2] > z)
    return np.asarray(~below_face_line(place) | occiput)


def _template_places(rays: Rays, index: NDArray[np.integer], mni: Floats) -> Floats:
    """Give the template position (N, 3) of one sample of each ray."""
    radius = rays.radius_mm[index]
    at = (rays.way * radius[:, None] + rays.centre).T / rays.voxel_mm
    return np.stack(
        [ndimage.map_coordinates(m, at, order=1, mode="nearest") for m in mni], axis=-1
    )


def _first_exit(inside: Mask, start: NDArray[np.integer]) -> Index:
    """Give the first sample past ``start`` that lies outside."""
    index = np.arange(inside.shape[1])
    out = ~inside & (index > start[:, None])
    return np.asarray(np.where(out.any(1), np.argmax(out, axis=1), inside.shape[1] - 1))


def _read(
    rays: Rays, grey: Floats, tissue: Mask, known: Mask, *, first: Index
) -> tuple[Floats, ...]:
    """Give grey, tissue and whether it is known from sample ``first`` of each ray on, (N, D)."""
    length = round((WITHIN_MM + BEYOND_MM) / rays.step_mm)
    index = np.minimum(first[:, None] + np.arange(length), len(rays.radius_mm) - 1)
    grids = ((grey, 1), (tissue, 0), (known, 0))
    return tuple(np.take_along_axis(seen(rays, g, order=k), index, axis=1) for g, k in grids)


def _density(mean: float, spread: float) -> NDArray[np.float64]:
    """Give the normal density over the bins."""
    grey = (np.arange(BINS) + 0.5) * 1.6 / BINS
    density = np.exp(-0.5 * ((grey - mean) / max(spread, 0.03)) ** 2)
    return np.asarray(density / density.sum())


def _darkest(grey: Floats, low: NDArray[np.floating], high: NDArray[np.floating]) -> Index:
    """Give the sample of least grey, over a compact table's thickness, between two others."""
    mean = ndimage.uniform_filter1d(grey, 3, axis=1)
    index = np.arange(grey.shape[1])
    allowed = (index > low[:, None]) & (index < high[:, None])
    return np.asarray(np.argmin(np.where(allowed, mean, np.inf), axis=1))


def _pooled(weights: csr_array, values: Floats, sure: Mask) -> Floats:
    """Give what sure rays nearby see on average."""
    kept = sure.astype(np.float32)
    shape = (-1,) + (1,) * (values.ndim - 1)
    total = np.maximum(weights @ kept, 1e-6).reshape(shape)
    return np.asarray(weights @ (values * kept.reshape(shape)) / total, dtype=np.float32)


def _fit(p: _Profiles, patch: csr_array, sure: Mask) -> tuple[Floats, Floats]:
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


def _expected_outer(p: _Profiles, inner: Floats) -> tuple[Floats, Floats]:
    """Give mean and SD of the sample where published thicknesses expect the end of the skull."""
    whole = np.maximum(p.skin - inner, 1)
    share = p.skull / (p.skull + p.scalp)
    mean = inner + np.minimum(share * whole, THICKEST * p.skull)
    return mean, np.maximum(SHARE_SD * whole, 1.0 / p.step_mm)


def _log_sums(p: _Profiles, inner: Floats, outer: Floats, sure: Mask) -> Floats:
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


def _outer_logs(p: _Profiles, sums: Floats, inner: Floats) -> Floats:
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


def _inner_logs(p: _Profiles, sums: Floats, outer: Floats) -> Floats:
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
    p: _Profiles, patch: csr_array, sure: Mask, log: Floats, expected: tuple[Floats, Floats]
) -> Floats:
    """Give the best sample of each ray from its patch and the prior, to parts of a sample."""
    allowed = log > -1e8
    best = np.where(allowed, log, -np.inf).max(1, keepdims=True)
    # a place that one ray rules out is only unlikely for its neighbours
    relative = np.maximum(np.where(np.isfinite(best), log - best, 0), -30.0 / EVIDENCE)
    index = np.arange(log.shape[1], dtype=np.float32)
    mean, spread = (e[:, None] for e in expected)
    total = EVIDENCE * p.step_mm * _pooled(patch, relative.astype(np.float32), sure)
    total = total - 0.5 * ((index - mean) / spread) ** 2
    peak = np.argmax(total, axis=1)
    near = np.abs(index - peak[:, None]) * p.step_mm <= 0.5
    chance = np.where(near, np.exp(total - total.max(1, keepdims=True)), 0)
    return np.asarray((chance * index).sum(1) / chance.sum(1), dtype=np.float32)
