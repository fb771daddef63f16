"""How a generated head moves in the scanner."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tmsguide.phantom.pose import rotation

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tmsguide.phantom.settings import PhantomSettings

    Floats = NDArray[np.float64]

__all__ = ["draw_motion", "head_moves"]

_RADIUS_MM = 50.0  # head radius that turns rotations into millimetres (Power 2012)


def draw_motion(rng: np.random.Generator, settings: PhantomSettings) -> Floats:
    """Give head motion (T, 6): x, y, z in mm, then rotations about x, y, z in radians.

    Slow drift, a little breathing along z and about x, and ``settings.jerks`` sudden moves of 0.3
    to 1 mm (half of them snap back within three volumes). Every column has zero mean, so that the
    mean volume lies where the head lies on average.
    """
    count = settings.n_volumes
    t = np.arange(count) / count
    out = np.zeros((count, 6))
    scale = np.array([1, 1, 1, 1, 0.7, 0.7]) * settings.drift_mm
    for k in range(1, 4):
        phase = rng.uniform(0, 2 * np.pi, 6)
        out += scale / k * rng.normal(0, 0.5, 6) * np.sin(2 * np.pi * k * t[:, None] / 2 + phase)
    breath = 0.06 * np.sin(2 * np.pi * 0.27 * settings.tr_s * np.arange(count))
    out[:, 2] += breath
    out[:, 3] += breath / 2
    out += rng.normal(0, 0.012, (count, 6))
    for start in rng.choice(np.arange(5, count - 5), settings.jerks, replace=False):
        way = rng.standard_normal(6)
        size = rng.uniform(0.3, 1.0) * way / np.abs(way).sum()
        length = int(rng.integers(1, 4)) if rng.random() < 0.5 else count
        out[start : start + length] += size
    out[:, 3:] /= _RADIUS_MM
    return np.asarray(out - out.mean(axis=0))


def head_moves(motion: Floats, centre_mm: Floats) -> Floats:
    """Give the rigid moves (T, 4, 4), head now from head at rest, in the scanner's frame.

    x' = R (x - centre) + centre + t with R = Rx Ry Rz.
    """
    out = np.tile(np.eye(4), (len(motion), 1, 1))
    for move, row in zip(out, motion, strict=True):
        move[:3, :3] = rotation(row[3:])
        move[:3, 3] = centre_mm + row[:3] - move[:3, :3] @ centre_mm
    return out
