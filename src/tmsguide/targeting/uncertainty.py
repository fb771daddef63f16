"""How far resampled targets scatter, as a radius that a clinician can read."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

__all__ = ["region_radius"]


def region_radius(point: Floats, samples: Floats, *, confidence: float, step_mm: float) -> float:
    """Radius in mm round ``point`` (3,) that holds ``confidence`` of the samples (B, 3).

    Samples and point sit on a lattice of ``step_mm``, a place in the brain does not: half the
    diagonal of a voxel, the largest distance from a place to its voxel's centre, is added.

    Examples
    --------
    >>> region_radius(np.zeros(3), np.zeros((20, 3)), confidence=0.95, step_mm=2.0)
    1.7320508075688772
    """
    distance = np.linalg.norm(samples - point, axis=1)
    return float(np.quantile(distance, confidence, method="higher") + step_mm * np.sqrt(3) / 2)
