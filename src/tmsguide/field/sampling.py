"""What a field is at chosen places: regions, cortex points, the peak."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.spatial import cKDTree

from tmsguide.errors import GeometryError
from tmsguide.field.forward import require_frame
from tmsguide.model import Points, Tissue
from tmsguide.num.tetrahedra import barycentres, volumes

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tmsguide.model import Field, HeadModel

    Floats = NDArray[np.float64]
    Bools = NDArray[np.bool_]

__all__ = ["cortex_field", "peak", "region_mean", "roi_around"]

_FAR_MM = 10.0  # a cortex point further than this from grey matter belongs to another head


def roi_around(
    head: HeadModel, point: Points, radius_mm: float, *, tissue: Tissue = Tissue.GM
) -> Bools:
    """Mark the cells (M,) of a tissue with barycentres within ``radius_mm`` of a point (1, 3).

    Raises
    ------
    FrameError
        The point is not in the head's frame.
    GeometryError
        No cell of that tissue is so near.
    """
    require_frame(point.frame, head)
    if len(point) != 1:
        raise GeometryError(f"a region is drawn round one point, given {len(point)}")
    centre = barycentres(head.nodes.xyz_mm, head.cells)
    away = np.linalg.norm(centre - point.xyz_mm, axis=1)
    of_tissue = head.tissue == tissue
    roi = of_tissue & (away <= radius_mm)
    if not roi.any():
        near = float(away[of_tissue].min()) if of_tissue.any() else np.inf
        raise GeometryError(
            f"no {tissue.name} element within {radius_mm:g} mm of {point.xyz_mm[0].round(1)}; the "
            f"nearest is {near:.1f} mm away. Give a larger radius or a point on the cortex"
        )
    return np.asarray(roi)


def cortex_field(head: HeadModel, field: Field, at: Points) -> Floats:
    """Give the recovered grey-matter E (N, 3), V/m, at points (N, 3) on or near the cortex.

    Weights the four nearest grey-matter barycentres by inverse square distance, so a point on the
    pial surface is never mixed with cerebrospinal fluid.

    Raises
    ------
    FrameError
        The points are not in the head's frame.
    GeometryError
        A point lies over 10 mm from any grey matter.
    """
    require_frame(at.frame, head)
    grey = np.flatnonzero(head.tissue == Tissue.GM)
    if len(grey) < 4:
        raise GeometryError(f"the head has {len(grey)} grey-matter elements; needed a cortex")
    centre = barycentres(head.nodes.xyz_mm, head.cells[grey])
    away, near = cKDTree(centre).query(at.xyz_mm, k=4)
    far = float(away[:, 0].max(initial=0.0))
    if far > _FAR_MM:
        raise GeometryError(
            f"a point lies {far:.1f} mm from any grey matter, at most {_FAR_MM:g} mm is meant as "
            "cortex; check that points and head are of one person"
        )
    weight = 1.0 / (away**2 + 1e-6)
    weight /= weight.sum(axis=1, keepdims=True)
    return np.asarray((weight[:, :, None] * field.recovered_v_per_m[grey[near]]).sum(axis=1))


def region_mean(head: HeadModel, field: Field, roi: Bools) -> Floats:
    """Give the volume-weighted mean recovered E vector (3,), V/m, over marked cells (M,)."""
    share = volumes(head.nodes.xyz_mm, head.cells[roi])
    return np.asarray(share @ field.recovered_v_per_m[roi] / share.sum())


def peak(
    head: HeadModel, field: Field, *, tissue: Tissue = Tissue.GM, percentile: float = 99.9
) -> tuple[Points, float]:
    """Give where a tissue's recovered |E| peaks, (1, 3), and how strong it is there, V/m.

    Strength is the volume-weighted ``percentile`` of |E|, which single odd elements cannot set;
    the place is the |E|-weighted middle of the elements above it that lie within 10 mm of their
    strongest.
    """
    cells = np.flatnonzero(head.tissue == tissue)
    if len(cells) == 0:
        raise GeometryError(f"the head has no {tissue.name}")
    strength = np.linalg.norm(field.recovered_v_per_m[cells], axis=1)
    share = volumes(head.nodes.xyz_mm, head.cells[cells])
    order = np.argsort(strength)
    part = np.cumsum(share[order]) / share.sum()
    limit = float(strength[order][np.searchsorted(part, percentile / 100)])
    top = strength >= limit
    centre = barycentres(head.nodes.xyz_mm, head.cells[cells[top]])
    best = centre[np.argmax(strength[top])]
    near = np.linalg.norm(centre - best, axis=1) <= _FAR_MM
    weight = strength[top][near]
    place = weight @ centre[near] / weight.sum()
    return Points(place[None], head.nodes.frame), limit
