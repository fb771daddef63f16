"""Published thicknesses of skull and scalp as smooth functions of the direction from mid-brain.

Skull: Li, Ruan 2007 (3000 living adults, CT; frontal 6.6 and 7.5, parietal 5.4 and 5.6, occipital
7.6 and 8.2 mm in men and women), Moreira-Gonzalez 2006 (281 skulls, 5.3 to 7.5 mm, thickest at the
back of the parietal bones, DOI 10.1097/01.prs.0000209933.78532.a7), temporal squama 4.7 mm
(Morphometric measurement of cranial vault thickness, Nepal, 100 CTs). Scalp: Stephan 2008 (pooled
soft-tissue depths: glabella, vertex, back of the head; DOI 10.1111/j.1556-4029.2008.00852.x),
rounded; the temple adds the temporal muscle and the nape the neck muscles. These are only where
the search starts: the person's own image moves every border.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["SHELL_SOURCES", "scalp_mm", "skull_mm"]

SHELL_SOURCES = (
    "Li, Ruan 2007, Int J Vehicle Safety 2(4)",
    "Moreira-Gonzalez 2006, DOI 10.1097/01.prs.0000209933.78532.a7",
    "Stephan 2008, DOI 10.1111/j.1556-4029.2008.00852.x",
)

CENTRE_MNI_MM = (0.0, -20.0, 5.0)
SPREAD_DEG = 28.0

# place, MNI position on the surface (mm), skull mm, scalp mm; |x| > 0 stands for both sides
REGIONS: tuple[tuple[str, tuple[float, float, float], float, float], ...] = (
    ("forehead", (0, 72, 25), 7.0, 5.5),
    ("frontal", (45, 50, 35), 6.5, 6.0),
    ("vertex", (0, -15, 90), 6.5, 6.5),
    ("parietal", (50, -45, 60), 5.5, 6.5),
    ("parietal back", (30, -80, 55), 7.0, 6.5),
    ("occipital", (0, -108, 10), 8.0, 7.0),
    ("temple", (70, 5, 0), 4.5, 11.0),
    ("above ear", (74, -35, 5), 4.7, 8.0),
    ("nape", (0, -95, -50), 7.0, 18.0),
    ("base", (0, -20, -65), 4.0, 25.0),
)


def skull_mm(mni_mm: NDArray[np.floating]) -> NDArray[np.float64]:
    """Give the mean thickness of the skull seen from mid-brain through each place (..., 3)."""
    return _blend(mni_mm, [row[2] for row in REGIONS])


def scalp_mm(mni_mm: NDArray[np.floating]) -> NDArray[np.float64]:
    """Give the mean thickness of all soft tissue over the skull, seen likewise (..., 3)."""
    return _blend(mni_mm, [row[3] for row in REGIONS])


def _blend(mni_mm: NDArray[np.floating], values: list[float]) -> NDArray[np.float64]:
    ray = np.asarray(mni_mm, dtype=np.float32) - np.asarray(CENTRE_MNI_MM, dtype=np.float32)
    ray /= np.maximum(np.linalg.norm(ray, axis=-1, keepdims=True), 1e-6)
    total = np.zeros(ray.shape[:-1], dtype=np.float32)
    weighted = np.zeros_like(total)
    sharpness = 1 / np.deg2rad(SPREAD_DEG) ** 2
    for (_, place, _, _), value in zip(REGIONS, values, strict=True):
        for side in (1.0, -1.0) if place[0] else (1.0,):
            axis = np.asarray(place, dtype=np.float64) * (side, 1, 1) - CENTRE_MNI_MM
            axis /= np.linalg.norm(axis)
            weight = np.exp(sharpness * (ray @ axis.astype(np.float32) - 1))
            total += weight
            weighted += weight * value
    return np.asarray(weighted / total, dtype=np.float64)
