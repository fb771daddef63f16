"""The smooth shift along one axis that makes two oppositely distorted images alike."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numba import njit
from scipy import ndimage

from tmsguide.preprocess.distortion.cosine_fit import bending, penalised, smooth_solution

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Grid = NDArray[np.float32]

__all__ = ["opposite_shift", "undone"]


@dataclass(frozen=True, slots=True)
class _Level:
    """Blur of the images, wavelength at which the penalty balances the data, Newton steps."""

    blur_mm: float
    wavelength_mm: float
    steps: int


#: Coarse to fine, on one grid. Fields of air pockets have little detail below a centimetre.
_LEVELS = (_Level(10.0, 60.0, 5), _Level(5.0, 30.0, 5), _Level(2.5, 18.0, 4), _Level(1.0, 12.0, 3))
#: Signal may not be squeezed or stretched beyond this share of a voxel per voxel.
_MOST_SLOPE = 0.9
#: Typical squared change of the images' difference per squared voxel of shift.
_DATA_WEIGHT = np.float32(0.3)


def opposite_shift(
    pair: tuple[Grid, Grid], shares: Floats, voxel_mm: Floats, *, gain: Grid
) -> Grid:
    """Give the shift (X, Y, Z) in voxels along the last axis at which the ``pair`` agrees.

    Image k of the pair, of typical brightness 1, shows the signal of place x at
    ``x + shares[k] * shift(x)``, squeezed or stretched accordingly; ``voxel_mm`` (3,).
    ``gain`` (X, Y, Z) is how much brighter the first shows a place than the second. Gauss–Newton
    on the difference of the images, coarse to fine, under a bending penalty.
    """
    shift = np.zeros(pair[0].shape, np.float32)
    for level in _LEVELS:
        blurred = [_splines_along(_blurred(image, level.blur_mm, voxel_mm)) for image in pair]
        modes = bending(shift.shape, voxel_mm, wavelength_mm=level.wavelength_mm)
        penalty = modes * _DATA_WEIGHT
        for _ in range(level.steps):
            shift = shift + _newton_step(blurred, shares, shift, penalty=penalty, gain=gain)
    return shift


def undone(image: Grid, shift: Grid, share: float) -> Grid:
    """Give ``image`` (X, Y, Z) without its distortion of ``share * shift`` voxels."""
    value, change = np.empty_like(shift), np.empty_like(shift)
    _read_along(_splines_along(image), shift, np.float32(share), value, change)
    return value * (1 + np.float32(share) * _along(shift))


def _newton_step(
    images: list[Grid], shares: Floats, shift: Grid, *, penalty: Grid, gain: Grid
) -> Grid:
    """Give the Gauss–Newton step of the images' difference and the penalty, held in bounds."""
    slope = _along(shift)
    seen = []
    for image, share in zip(images, shares, strict=True):
        value, change = np.empty_like(shift), np.empty_like(shift)
        _read_along(image, shift, np.float32(share), value, change)
        stretch = 1 + np.float32(share) * slope
        seen.append((value * stretch, change * stretch * np.float32(share), value * share))
    root = np.sqrt(gain)
    difference, a, c = (one / root - other * root for one, other in zip(*seen, strict=True))

    def normal(x: Grid) -> Grid:
        change = a * x + c * _along(x)
        return np.asarray(a * change + _along_transposed(c * change), np.float32)

    right = -(a * difference + _along_transposed(c * difference)) - penalised(shift, penalty)
    ripple = np.sin(np.pi * np.arange(shift.shape[-1]) / shift.shape[-1]) ** 2
    typical = (a**2).mean() + (c**2).mean() * ripple + 1e-6
    step = smooth_solution(
        normal,
        right,
        penalty,
        typical=typical.astype(np.float32)[None, None, :],
        start=np.zeros_like(shift),
        tolerance=0.05,
        most_steps=30,
    )
    worst = float(np.abs(_along(shift + step)).max()) * float(np.abs(shares).max())
    shortened = np.float32(min(1.0, _MOST_SLOPE / worst) if worst > 0 else 1.0)
    return np.asarray(step * shortened, np.float32)


def _blurred(image: Grid, blur_mm: float, voxel_mm: Floats) -> Grid:
    if blur_mm == 0:
        return image
    sigma = blur_mm / 2.3548 / voxel_mm
    return np.asarray(ndimage.gaussian_filter(image, sigma, mode="nearest"), np.float32)


def _splines_along(image: Grid) -> Grid:
    filtered = ndimage.spline_filter1d(image, order=3, axis=-1, output=np.float32, mode="mirror")
    return np.ascontiguousarray(filtered)


def _along(x: Grid) -> Grid:
    """Give the central difference along the last axis, one-sided halves at its ends."""
    out = np.empty_like(x)
    out[..., 1:-1] = (x[..., 2:] - x[..., :-2]) * np.float32(0.5)
    out[..., 0] = (x[..., 1] - x[..., 0]) * np.float32(0.5)
    out[..., -1] = (x[..., -1] - x[..., -2]) * np.float32(0.5)
    return out


def _along_transposed(x: Grid) -> Grid:
    out = np.zeros_like(x)
    half = x * np.float32(0.5)
    out[..., 2:] += half[..., 1:-1]
    out[..., :-2] -= half[..., 1:-1]
    out[..., 1] += half[..., 0]
    out[..., 0] -= half[..., 0]
    out[..., -1] += half[..., -1]
    out[..., -2] -= half[..., -1]
    return out


@njit(cache=True, nogil=True)
def _read_along(c: Any, shift: Any, share: Any, value: Any, change: Any) -> None:
    # Cubic B-spline and its derivative along the last axis; beyond the ends the edge value holds.
    nx, ny, nz = c.shape
    for i in range(nx):
        for j in range(ny):
            line = c[i, j]
            for k in range(nz):
                at = k + share * shift[i, j, k]
                outside = at < 0 or at > nz - 1
                at = min(max(at, 0.0), nz - 1.0)
                base = min(int(at), nz - 2)
                t = at - base
                s = 1.0 - t
                before = line[abs(base - 1)]
                after = line[base + 2 if base + 2 < nz else 2 * (nz - 1) - base - 2]
                here, there = line[base], line[base + 1]
                value[i, j, k] = (
                    s * s * s / 6 * before
                    + (2.0 / 3 - 0.5 * t * t * (2 - t)) * here
                    + (2.0 / 3 - 0.5 * s * s * (2 - s)) * there
                    + t * t * t / 6 * after
                )
                change[i, j, k] = (
                    -0.5 * s * s * before
                    + (1.5 * t * t - 2 * t) * here
                    + (2 * s - 1.5 * s * s) * there
                    + 0.5 * t * t * after
                )
                if outside:
                    change[i, j, k] = 0.0
