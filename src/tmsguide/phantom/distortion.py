"""Echo-planar images of a known head in a known field, line by line through k-space."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

__all__ = ["epi_magnitude", "phase_difference", "sinus_field_hz"]

#: Air above the nose and in the ears, in head millimetres (RAS, near MNI): centre, radius of the
#: source, and its share of the peak. Places and sizes are our choice.
_SOURCES = (
    ((0.0, 48.0, -22.0), 14.0, 1.0),
    ((48.0, -22.0, -30.0), 11.0, 0.6),
    ((-48.0, -22.0, -30.0), 11.0, 0.6),
)


def sinus_field_hz(xyz_mm: Floats, *, peak_hz: float) -> Floats:
    """Give the off-resonance (N,) of air pockets at places (N, 3) of a head; |f| < ``peak_hz``.

    Dipoles along z, harmonic outside their spheres and softened inside, over a slow slope that
    shimming left behind.
    """
    out = 0.12 * np.sin(xyz_mm[:, 1] / 45 + xyz_mm[:, 2] / 60)
    for center, radius, share in _SOURCES:
        way = xyz_mm - np.array(center)
        square = (way**2).sum(axis=1) + radius**2
        out += share * radius**3 * (3 * way[:, 2] ** 2 - square) / square**2.5
    return np.asarray(0.9 * peak_hz * out)


def epi_magnitude(
    density: Floats, field_hz: Floats, *, direction: str, readout_s: float, voxels: int
) -> Floats:
    """Give the EPI magnitude (X, Y, Z) of ``density`` in ``field_hz``, both finer along one axis.

    Along the phase-encoding axis (``direction`` i, j or k, with - for falling) the given grids
    hold a whole multiple of ``voxels`` samples, the others are as in the image. Each sample
    precesses at its field's frequency while the line is read: S(k) = sum of
    density exp(-2 pi i (k y + f t)), t from 0 to ``readout_s`` between the first and last line,
    k rising with time for a direction without sign. No model of shifts enters.
    """
    axis = "ijk".index(direction[0])
    rows = np.moveaxis(density, axis, -1).reshape(-1, density.shape[axis])
    field = np.moveaxis(field_hz, axis, -1).reshape(rows.shape)
    fine = rows.shape[1]
    order = np.arange(voxels) - voxels // 2
    time = np.arange(voxels) * readout_s / (voxels - 1)
    if direction.endswith("-"):
        order = -order
    at = (np.arange(fine) + 0.5) * voxels / fine - 0.5  # in voxels of the image
    encode = np.exp(-2j * np.pi * np.outer(order, at) / voxels)
    decode = np.exp(2j * np.pi * np.outer(np.arange(voxels), order) / voxels) / voxels
    out = np.empty((len(rows), voxels))
    # the phase grows by the same factor from line to line
    turn = np.exp(-2j * np.pi * field * (time[1] - time[0]))
    spin = rows * voxels / fine + 0j
    signal = np.empty((len(rows), voxels), complex)
    for line in range(voxels):
        signal[:, line] = spin @ encode[line]
        spin *= turn
    out = np.abs(signal @ decode.T)
    shape = [n for a, n in enumerate(density.shape) if a != axis]
    return np.moveaxis(out.reshape(*shape, voxels), -1, axis)


def phase_difference(
    field_hz: Floats,
    magnitude: Floats,
    *,
    echo_gap_s: float,
    noise: float,
    rng: np.random.Generator,
) -> Floats:
    """Give the wrapped phase (rad, -pi to pi) gained between two echoes, with noise.

    ``noise`` is the standard deviation of each complex channel, in units of ``magnitude``.
    """
    first = magnitude + noise * _complex(rng, magnitude.shape)
    second = magnitude * np.exp(2j * np.pi * field_hz * echo_gap_s)
    second = second + noise * _complex(rng, magnitude.shape)
    return np.asarray(np.angle(second * np.conj(first)))


def _complex(rng: np.random.Generator, shape: tuple[int, ...]) -> NDArray[np.complex128]:
    return np.asarray(rng.standard_normal(shape) + 1j * rng.standard_normal(shape))
