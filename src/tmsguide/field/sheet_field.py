"""A field on cortical sheets: its strength, and its parts along and into the cortex."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tmsguide.errors import GeometryError
from tmsguide.field.sampling import at_places, places
from tmsguide.num.raster import vertex_normals

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tmsguide.model import Field, HeadModel, Points, Surface

    Floats = NDArray[np.float64]

__all__ = ["SheetField", "on_sheet", "on_surface"]


@dataclass(frozen=True, slots=True, eq=False)
class SheetField:
    """E on a cortical sheet: ``e_v_per_m`` (P, 3) and ``outward`` unit normals (P, 3)."""

    e_v_per_m: Floats
    outward: Floats

    @property
    def strength_v_per_m(self) -> Floats:
        """|E| (P,)."""
        return np.asarray(np.linalg.norm(self.e_v_per_m, axis=1))

    @property
    def into_cortex_v_per_m(self) -> Floats:
        """Normal part (P,): positive into the cortex (from pia to white matter), as in SimNIBS."""
        return np.asarray(-np.einsum("pk,pk->p", self.e_v_per_m, self.outward))

    @property
    def along_cortex_v_per_m(self) -> Floats:
        """Size (P,) of the part along the sheet."""
        along = self.e_v_per_m + self.into_cortex_v_per_m[:, None] * self.outward
        return np.asarray(np.linalg.norm(along, axis=1))


def on_sheet(
    head: HeadModel, field: Field, points: Points, outward: Floats, *, reach_mm: float = 10.0
) -> SheetField:
    """Give the recovered grey-matter field at points (P, 3) with outward unit normals (P, 3).

    Points outside grey matter take the value of the nearest place in it within ``reach_mm``.

    Raises
    ------
    FrameError
        The points are not in the head's frame.
    GeometryError
        A point too far from grey matter, or normals that are not of length one.
    """
    size = np.linalg.norm(outward, axis=1)
    if outward.shape != (len(points), 3) or not np.allclose(size, 1.0, atol=1e-6):
        raise GeometryError(
            f"{len(points)} points with normals of shape {outward.shape} and lengths "
            f"{size.min(initial=1):g} to {size.max(initial=1):g}; needed one of length 1 per point"
        )
    where = places(head, points, reach_mm=reach_mm)
    return SheetField(at_places(head, field.e_v_per_m, where), outward)


def on_surface(
    head: HeadModel, field: Field, surface: Surface, *, reach_mm: float = 10.0
) -> SheetField:
    """Give the recovered grey-matter field on a surface's vertices, such as the middle cortex.

    Any surface in the head's frame with outward triangles: our own sheet, or fsaverage or fsLR
    vertices brought to the person. Errors as `on_sheet`; a vertex of no triangle has no normal
    and is refused.
    """
    outward = vertex_normals(surface.vertices.xyz_mm, surface.triangles)
    lonely = int((np.linalg.norm(outward, axis=1) < 0.5).sum())
    if lonely:
        raise GeometryError(
            f"{lonely} vertices have no triangle, so no normal; leave them out of the surface"
        )
    return on_sheet(head, field, surface.vertices, outward, reach_mm=reach_mm)
