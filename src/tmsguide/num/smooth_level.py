"""A smooth level for a set of voxels: no stair steps, yet every voxel's centre on its side."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numba import njit
from scipy import ndimage
from scipy.special import ndtr

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats32 = NDArray[np.float32]
    Bools = NDArray[np.bool_]
    Sides = NDArray[np.int8]

__all__ = ["smooth_level"]

_COARSEST = 2  # smooths over 1, 2 and 4 voxels; 4 removes the widest steps on a head's curvature
_SLACK = 0.2  # of a voxel: how far a smoother surface may miss a voxel's centre
_THIN = 0.35  # of a voxel: centres of sheets one voxel thin are so far inside, which keeps them
_BIAS = 0.15  # of a voxel: mean shift from the next finer surface that tells of thin sheets
_LEAST = 0.02  # of a voxel: every other centre beside the surface is at least so far on its side
_REACH = 1.5  # smoothing lengths within which the smoothed set tells the distance


def smooth_level(member: Bools) -> Floats32:
    """Give a level (X, Y, Z), in voxels, positive inside ``member`` and negative outside.

    Its trilinear zero surface is smooth, and near it the value is close to the signed distance.
    Each place takes the widest of three smoothings (over 1, 2 and 4 voxels) whose surface keeps
    the voxels' centres on their side within a fifth of a voxel: wide where a smooth surface was
    cut into steps, narrow in folds. At last every centre is put on its side, and sheets one voxel
    thin keep about their thickness. Curved surfaces do not shrink. Voxels on the volume's rim are
    taken as outside or inside as they are, but not put on their side: leave a rim of one voxel.

    References
    ----------
    Whitaker 2000, IEEE Symp. Volume Visualization, doi:10.1109/VV.2000.10008 (the constraint).

    Examples
    --------
    >>> ball = np.linalg.norm(np.indices((24, 24, 24)) - 11.4, axis=0) < 8.3
    >>> level = smooth_level(ball)
    >>> bool(((level > 0) == ball).all())
    True
    """
    side = np.zeros(member.shape, dtype=np.int8)
    _mark_sides(np.ascontiguousarray(member), side)
    level = _spread(_distance(member, _COARSEST), 1 << _COARSEST, member.shape)
    for k in range(_COARSEST - 1, -1, -1):
        finer = _spread(_distance(member, k), 1 << k, member.shape)
        level += _where_poor(level, finer, side, 2 << k) * (finer - level)
    _put_on_side(level.ravel(), side.ravel())
    return level


def _distance(member: Bools, k: int) -> Floats32:
    """Signed distance, in voxels, to the set smoothed over 2^k, on a grid 2^k times coarser.

    Two Gaussian widths s, t = sqrt(2) s weighted t/(t - s) and -s/(t - s) leave the half level of
    a curved surface in place to second order in s times the curvature.
    """
    f = 1 << k
    padded = np.pad(member, [(0, -n % f) for n in member.shape], mode="edge")
    blocks = padded.reshape([v for n in padded.shape for v in (n // f, f)])
    mean = blocks.mean(axis=(1, 3, 5), dtype=np.float32)
    spread = (1 - 0.25**k) / 12  # variance of the blocks themselves
    s, t = np.sqrt(1 + spread), np.sqrt(2 + spread)
    once = ndimage.gaussian_filter(mean, 1.0, truncate=4.0, mode="nearest")
    twice = ndimage.gaussian_filter(once, 1.0, truncate=4.0, mode="nearest")
    distance = np.linspace(-_REACH, _REACH, 301)
    share = (t * ndtr(distance / s) - s * ndtr(distance / t)) / (t - s)
    out: Floats32 = np.empty_like(mean)
    smooth = np.float32(t / (t - s)) * once - np.float32(s / (t - s)) * twice
    _look_up(smooth.ravel(), share.astype(np.float32), (distance * f).astype(np.float32), out)
    return out


def _where_poor(level: Floats32, finer: Floats32, side: Sides, f: int) -> Floats32:
    """Weight (X, Y, Z), 0 to 1, of places where ``level`` misses what the voxels say.

    Single centres on the wrong side tell of narrow features; a mean difference from the next finer
    level along the surface tells of sheets made thicker or thinner.
    """
    blocks = [-(-n // f) for n in level.shape]
    poor, count, total = (np.zeros(blocks, dtype=np.float32) for _ in range(3))
    _gather(level, finer, side, f, poor, count, total)
    smooth = [ndimage.gaussian_filter(x, 1.0, truncate=2.0) for x in (total, count)]
    biased = np.abs(smooth[0]) > _BIAS * np.maximum(smooth[1], 1e-3)
    poor = np.maximum(ndimage.maximum_filter(poor, 3), biased)
    weight: Floats32 = ndimage.gaussian_filter(poor, 0.7, truncate=2.0)
    return _spread(weight, f, level.shape)


def _spread(coarse: Floats32, f: int, shape: tuple[int, ...]) -> Floats32:
    """Trilinear values of a grid ``f`` times coarser at every voxel of ``shape``."""
    if f == 1:
        return coarse
    out = np.empty(shape, dtype=np.float32)
    _interpolate(coarse, f, out)
    return out


@njit(cache=True, nogil=True)
def _look_up(value: Any, share: Any, distance: Any, out: Any) -> None:
    flat = out.ravel()
    last = len(share) - 1
    for i in range(value.size):
        v = value[i]
        if v <= share[0]:
            flat[i] = distance[0]
        elif v >= share[last]:
            flat[i] = distance[last]
        else:
            low, high = 0, last
            while high - low > 1:
                middle = (low + high) // 2
                if share[middle] <= v:
                    low = middle
                else:
                    high = middle
            part = (v - share[low]) / (share[high] - share[low])
            flat[i] = distance[low] + part * (distance[high] - distance[low])


@njit(cache=True, nogil=True)
def _place(i: int, f: int, n: int) -> Any:
    u = (i + 0.5) / f - 0.5
    low = int(np.floor(u))
    return max(low, 0), min(low + 1, n - 1), np.float32(u - low)


@njit(cache=True, nogil=True)
def _interpolate(c: Any, f: int, out: Any) -> None:
    for i in range(out.shape[0]):
        a, b, u = _place(i, f, c.shape[0])
        for j in range(out.shape[1]):
            d, e, v = _place(j, f, c.shape[1])
            for k in range(out.shape[2]):
                g, h, w = _place(k, f, c.shape[2])
                low = (c[a, d, g] * (1 - u) + c[b, d, g] * u) * (1 - v)
                low += (c[a, e, g] * (1 - u) + c[b, e, g] * u) * v
                top = (c[a, d, h] * (1 - u) + c[b, d, h] * u) * (1 - v)
                top += (c[a, e, h] * (1 - u) + c[b, e, h] * u) * v
                out[i, j, k] = low * (1 - w) + top * w


@njit(cache=True, nogil=True)
def _mark_sides(m: Any, side: Any) -> None:
    # 1 inside and -1 outside, beside the surface only; 2 and -2 in sheets one voxel thin
    for i in range(1, m.shape[0] - 1):
        for j in range(1, m.shape[1] - 1):
            for k in range(1, m.shape[2] - 1):
                s = m[i, j, k]
                x = (m[i - 1, j, k] != s) + (m[i + 1, j, k] != s)
                y = (m[i, j - 1, k] != s) + (m[i, j + 1, k] != s)
                z = (m[i, j, k - 1] != s) + (m[i, j, k + 1] != s)
                most = max(x, y, z)
                if most > 0:
                    side[i, j, k] = most if s else -most


@njit(cache=True, nogil=True)
def _gather(level: Any, finer: Any, side: Any, f: int, poor: Any, count: Any, total: Any) -> None:
    for i in range(level.shape[0]):
        for j in range(level.shape[1]):
            for k in range(level.shape[2]):
                s = side[i, j, k]
                if s != 0:
                    a, b, c = i // f, j // f, k // f
                    depth = level[i, j, k] if s > 0 else -level[i, j, k]
                    if depth < (_THIN - 0.1 if abs(s) == 2 else -_SLACK):
                        poor[a, b, c] = 1
                    count[a, b, c] += 1
                    total[a, b, c] += level[i, j, k] - finer[i, j, k]


@njit(cache=True, nogil=True)
def _put_on_side(level: Any, side: Any) -> None:
    for i in range(level.size):
        s = side[i]
        least = np.float32(_THIN if abs(s) == 2 else _LEAST)
        if s > 0:
            level[i] = max(level[i], least)
        elif s < 0:
            level[i] = min(level[i], -least)
