"""Cortical meshes as a ground on which connectivity is mapped and a target sought."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tmsguide.errors import FrameError, InputError
from tmsguide.io.surfaces.dense_series import Structure
from tmsguide.io.templates import mni_surfaces
from tmsguide.model import MNI_FRAMES, Points, Surface
from tmsguide.num.mesh_edges import edges_within, mesh_edges, vertex_areas

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from tmsguide.io.surfaces.dense_series import DenseSeries

__all__ = ["SurfaceGround", "fsaverage5", "ground_of_series", "kept_ground", "surface_ground"]

#: Right of the left hemisphere's middle by less than this: swapped, or one hemisphere twice.
_APART_MM = 20.0


@dataclass(frozen=True, slots=True, eq=False)
class SurfaceGround:
    """V cortical vertices, the left hemisphere's before the right's.

    ``where`` places them in ``where.frame``, ``where_mni`` in an MNI space; ``edges`` (E, 2) join
    neighbours (never across hemispheres); ``area_mm2`` (V,) is the cortex each stands for;
    ``hemisphere`` (V,) uint8 is `Structure.LEFT_CORTEX` or ``RIGHT_CORTEX``.
    """

    where: Points
    where_mni: Points
    edges: NDArray[np.int64]
    area_mm2: NDArray[np.float64]
    hemisphere: NDArray[np.uint8]


def fsaverage5() -> SurfaceGround:
    """Give the 20,484 vertices of fsaverage5, midway from white to pial, in MNI152.

    FreeSurfer's surfaces lie in MNI305; they come through its published map to MNI152
    (`mni_surfaces`). An averaged surface: its folds are blunt, so areas are smaller than a
    person's, and no place in one person's head follows from it.

    References
    ----------
    Fischl et al. 1999, doi:10.1002/(SICI)1097-0193(1999)8:4<272::AID-HBM10>3.0.CO;2-4;
    FreeSurfer wiki, CoordinateSystems (MNI305 to MNI152).

    Examples
    --------
    >>> ground = fsaverage5()
    >>> len(ground.where), ground.edges.shape
    (20484, (61440, 2))
    """
    middle = {
        side: Surface(
            Points(
                (sheet.white.vertices.xyz_mm + sheet.pial.vertices.xyz_mm) / 2,
                sheet.pial.vertices.frame,
            ),
            sheet.pial.triangles,
        )
        for side, sheet in mni_surfaces().items()
    }
    return surface_ground(middle["left"], middle["right"])


def surface_ground(
    left: Surface,
    right: Surface,
    *,
    mni_from_where: Callable[[Points], Points] | None = None,
    area_mm2: NDArray[np.floating] | None = None,
) -> SurfaceGround:
    """Give the ground of two hemispheres, of a template or of a person.

    Parameters
    ----------
    left, right
        Midthickness of both sides in one frame: fsLR 32k of `read_own_fslr`, a template's
        (``read_surface_gifti(path, frame=Frame("MNI152NLin6Asym"))``), or native.
    mni_from_where
        Maps that frame to an MNI space; not needed where the surfaces lie in one.
    area_mm2
        What each vertex (V,) stands for, where it is known better than from the surfaces: averaged
        ones are too smooth (their area is 0.6 to 0.75 of a person's).

    Raises
    ------
    FrameError
        Two frames, or no way to MNI.
    InputError
        Left and right swapped, or one given twice, or areas of other vertices.
    """
    frame = left.vertices.frame
    if right.vertices.frame != frame:
        raise FrameError(
            f"the left surface is in {frame.name}, the right in {right.vertices.frame.name}; "
            "give both of one person"
        )
    apart_mm = right.vertices.xyz_mm[:, 0].mean() - left.vertices.xyz_mm[:, 0].mean()
    if apart_mm < _APART_MM:
        raise InputError(
            f"the right surface lies {apart_mm:.0f} mm to the right of the left one; needed over "
            f"{_APART_MM:g} mm: left and right are swapped, or one hemisphere was given twice"
        )
    where = Points(np.concatenate([left.vertices.xyz_mm, right.vertices.xyz_mm]), frame)
    triangles = np.concatenate([left.triangles, right.triangles + len(left.vertices)])
    area = vertex_areas(where.xyz_mm, triangles) if area_mm2 is None else np.asarray(area_mm2)
    if area.shape != (len(where),):
        raise InputError(
            f"areas of shape {area.shape} for {len(where)} vertices; needed one for each, the "
            "left hemisphere's first"
        )
    return SurfaceGround(
        where=where,
        where_mni=_in_mni(where, mni_from_where),
        edges=mesh_edges(triangles),
        area_mm2=area.astype(np.float64),
        hemisphere=np.repeat(
            np.array([Structure.LEFT_CORTEX, Structure.RIGHT_CORTEX], np.uint8),
            [len(left.vertices), len(right.vertices)],
        ),
    )


def kept_ground(ground: SurfaceGround, kept: NDArray[np.bool_]) -> SurfaceGround:
    """Give the ground of the ``kept`` (V,) vertices alone; edges are numbered anew.

    Raises
    ------
    InputError
        Another number of vertices.
    """
    if kept.shape != ground.hemisphere.shape:
        raise InputError(
            f"{kept.size} vertices are said to be kept or not, the ground has "
            f"{len(ground.hemisphere)}; needed one word for each vertex of both hemispheres"
        )
    return SurfaceGround(
        where=Points(ground.where.xyz_mm[kept], ground.where.frame),
        where_mni=Points(ground.where_mni.xyz_mm[kept], ground.where_mni.frame),
        edges=edges_within(ground.edges, kept),
        area_mm2=ground.area_mm2[kept],
        hemisphere=ground.hemisphere[kept],
    )


def ground_of_series(
    dense: DenseSeries, ground: SurfaceGround
) -> tuple[NDArray[np.float32], SurfaceGround]:
    """Give the cortical columns (T, N) of a series and the ground of just these N vertices.

    Vertices without a signal (medial wall) and subcortical voxels are left out.

    Raises
    ------
    InputError
        The series live on another mesh.
    """
    sizes = tuple(int((ground.hemisphere == side).sum()) for side in (0, 1))
    if dense.vertices != sizes:
        raise InputError(
            f"the series live on meshes of {dense.vertices[0]} and {dense.vertices[1]} vertices, "
            f"the ground has {sizes[0]} and {sizes[1]}; needed both of one mesh (10,242 "
            "fsaverage5, 32,492 fsLR 32k)"
        )
    start = np.array([0, sizes[0]])
    cortex = np.flatnonzero(dense.structure != Structure.SUBCORTEX)
    vertex = dense.index[cortex, 0] + start[dense.structure[cortex]]
    order = np.argsort(vertex)
    kept = np.zeros(len(ground.hemisphere), np.bool_)
    kept[vertex] = True
    return dense.series[:, cortex[order]], kept_ground(ground, kept)


def _in_mni(where: Points, mni_from_where: Callable[[Points], Points] | None) -> Points:
    if where.frame in MNI_FRAMES:
        return where
    if mni_from_where is None:
        raise FrameError(
            f"the surfaces are in {where.frame.name}; give mni_from_where, the map from there to "
            "an MNI space"
        )
    mapped = mni_from_where(where)
    if mapped.frame not in MNI_FRAMES:
        raise FrameError(
            f"mni_from_where leads to {mapped.frame.name}; needed an MNI space: "
            f"{', '.join(f.name for f in MNI_FRAMES)}"
        )
    return mapped
