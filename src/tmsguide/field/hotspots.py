"""How strong a field is and how much tissue it holds: percentiles and hotspot sizes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tmsguide.errors import GeometryError
from tmsguide.model import Tissue
from tmsguide.num.tetrahedra import volumes

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tmsguide.model import Field, HeadModel, Surface

    Floats = NDArray[np.float64]

__all__ = ["Hotspot", "hotspot", "tissue_hotspot", "vertex_areas", "weighted_percentile"]


@dataclass(frozen=True, slots=True)
class Hotspot:
    """Strength and size of a hotspot: mm³ where it was taken over cells, mm² over a sheet.

    ``e_999``, ``e_99`` and ``e_95`` in V/m are exceeded in .1, 1 and 5 % of the tissue;
    ``above_75`` and ``above_50`` are how much of it has at least 75 and 50 % of ``e_999``: the
    smaller, the more focal. ``total`` is all of it.
    """

    e_999_v_per_m: float
    e_99_v_per_m: float
    e_95_v_per_m: float
    above_75: float
    above_50: float
    total: float


def hotspot(strength_v_per_m: Floats, share: Floats) -> Hotspot:
    """Measure |E| (N,) over pieces of ``share`` (N,), mm² or mm³.

    Raises
    ------
    GeometryError
        No tissue, values that are NaN, or a field of zero.
    """
    if not (np.isfinite(strength_v_per_m).all() and float(np.sum(share)) > 0):
        raise GeometryError(
            "a hotspot is measured on finite values over some tissue; given "
            f"{int((~np.isfinite(strength_v_per_m)).sum())} values that are none and a total of "
            f"{float(np.sum(share)):g}. Sample the field where the head has tissue"
        )
    top, e_99, e_95 = (weighted_percentile(strength_v_per_m, share, p) for p in (99.9, 99, 95))
    if top <= 0:
        raise GeometryError("the field is zero everywhere; a hotspot needs one that is not")
    return Hotspot(
        e_999_v_per_m=top,
        e_99_v_per_m=e_99,
        e_95_v_per_m=e_95,
        above_75=float(share[strength_v_per_m >= 0.75 * top].sum()),
        above_50=float(share[strength_v_per_m >= 0.5 * top].sum()),
        total=float(share.sum()),
    )


def tissue_hotspot(head: HeadModel, field: Field, *, tissue: Tissue = Tissue.GM) -> Hotspot:
    """Measure the recovered |E| of a tissue by volume, mm³."""
    cells = head.tissue == tissue
    strength = np.linalg.norm(field.recovered_v_per_m[cells], axis=1)
    return hotspot(strength, volumes(head.nodes.xyz_mm, head.cells[cells]))


def weighted_percentile(values: Floats, share: Floats, percentile: float) -> float:
    """Give the least of ``values`` (N,) that no more than the rest of all ``share`` exceeds.

    Examples
    --------
    >>> weighted_percentile(np.array([3.0, 1.0, 2.0]), np.array([1.0, 8.0, 1.0]), 80)
    1.0
    """
    order = np.argsort(values, kind="stable")
    part = np.cumsum(share[order])
    rank = np.searchsorted(part, (1 - 1e-12) * percentile / 100 * part[-1])
    return float(values[order][min(int(rank), len(values) - 1)])


def vertex_areas(surface: Surface) -> Floats:
    """Give each vertex (V,) a third of its triangles' areas, mm²."""
    xyz = surface.vertices.xyz_mm
    a, b, c = (xyz[surface.triangles[:, k]] for k in range(3))
    area = 0.5 * np.linalg.norm(np.cross(b - a, c - a), axis=1)
    return np.bincount(
        surface.triangles.ravel(), np.repeat(area / 3.0, 3), minlength=len(xyz)
    ).astype(np.float64)
