"""From the mesh of a template to the person's cortex, through their registered spheres."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.spatial import cKDTree

from tmsguide.errors import FrameError, InputError
from tmsguide.model import Points, Surface

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["carried_by_sphere"]

#: A native mesh leaves no gap this wide, in degrees, to any vertex of a template.
_WIDEST_DEG = 6.0


def carried_by_sphere(sheet: Surface, sphere: Surface, template: Surface) -> Surface:
    """Give the template's mesh laid on the person's cortex.

    Each template vertex takes the place of the person's vertex nearest to it on the sphere (native
    vertices stand .7 to 1 mm apart, so about half of that is the error of place).

    Parameters
    ----------
    sheet
        The person's cortex, midthickness for instance, in a native frame.
    sphere
        ``sphere.reg`` of the same hemisphere, vertex for vertex with ``sheet``.
    template
        The template's sphere: fsaverage5, or the fsLR sphere laid on fsaverage's.

    Raises
    ------
    InputError
        Sheet and sphere of different meshes, or spheres that do not cover each other.
    FrameError
        Spheres in different frames.

    References
    ----------
    Fischl et al. 1999, Human Brain Mapping 8:272,
    doi:10.1002/(SICI)1097-0193(1999)8:4<272::AID-HBM10>3.0.CO;2-4
    """
    if sphere.vertices.frame != template.vertices.frame:
        raise FrameError(
            f"the person's sphere is in {sphere.vertices.frame.name}, the template's in "
            f"{template.vertices.frame.name}; needed the sphere registered to that template"
        )
    if len(sheet.vertices) != len(sphere.vertices):
        raise InputError(
            f"the cortex has {len(sheet.vertices)} vertices and its sphere "
            f"{len(sphere.vertices)}; needed both of one hemisphere of one run"
        )
    native, wanted = (_unit(s.vertices.xyz_mm) for s in (sphere, template))
    distance, nearest = cKDTree(native).query(wanted)
    gap_deg = float(np.degrees(2 * np.arcsin(distance.max() / 2)))
    if gap_deg > _WIDEST_DEG:
        raise InputError(
            f"the person's sphere leaves {gap_deg:.0f} degrees of the template uncovered; needed "
            "a whole registered sphere (sphere.reg)"
        )
    places = sheet.vertices.xyz_mm[np.asarray(nearest)]
    return Surface(Points(places, sheet.vertices.frame), template.triangles)


def _unit(xyz: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(xyz / np.linalg.norm(xyz, axis=1, keepdims=True))
