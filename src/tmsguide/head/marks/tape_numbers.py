"""Where a scalp point lies in the numbers of a measuring tape, for work without a navigator."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tmsguide.errors import FrameError, GeometryError
from tmsguide.head.marks.tape import Tape, tape
from tmsguide.head.marks.ten_twenty import ten_twenty

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tmsguide.model import Landmarks, Points, Surface

    Floats = NDArray[np.float64]

__all__ = ["TapeNumbers", "tape_numbers"]

OFF_SCALP_MM = 20.0
AT_VERTEX_MM = 5.0  # nearer to Cz a direction cannot be told by tape


@dataclass(frozen=True, slots=True)
class TapeNumbers:
    """What to measure, in mm along the scalp.

    ``nasion_inion_mm``, ``ear_to_ear_mm`` and ``circumference_mm`` (through Fpz, T7, Oz and T8)
    are the head's own measures. Go ``along_mm`` along the circumference from Fpz towards the
    ``side`` ("left" or "right"), mark it; the point lies on the line from Cz to that mark,
    ``from_vertex_mm`` from Cz.
    """

    nasion_inion_mm: float
    ear_to_ear_mm: float
    circumference_mm: float
    side: str
    along_mm: float
    from_vertex_mm: float


def tape_numbers(scalp: Surface, landmarks: Landmarks, point: Points) -> TapeNumbers:
    """Give the tape measures that lead to a point of the scalp above the circumference.

    The scheme of Beam 2009 for F3, here measured on the person's own scalp for any point instead
    of computed from three head measures.

    Parameters
    ----------
    scalp
        Closed surface.
    landmarks
        Nz, Iz, LPA and RPA.
    point
        (1, 3) on the scalp or within 20 mm of it.

    Raises
    ------
    FrameError
        The point is in another frame.
    GeometryError
        The point is off the scalp, at the vertex or below the circumference.

    References
    ----------
    Beam 2009, DOI 10.1016/j.brs.2008.09.006.
    """
    if point.frame != scalp.vertices.frame:
        raise FrameError(
            f"the point is in {point.frame.name}, the scalp in {scalp.vertices.frame.name}; map "
            "it to the scalp's frame first"
        )
    grid = ten_twenty(scalp, landmarks)
    fpz, oz, cz = grid.at("Fpz"), grid.at("Oz"), grid.at("Cz")
    rings = {
        "left": tape(scalp, fpz, grid.at("T7"), oz),
        "right": tape(scalp, fpz, grid.at("T8"), oz),
    }
    here = point.xyz_mm[0]
    side, mark, along, far_mark = _marks(rings, cz, here)
    meridian = tape(scalp, mark, cz, far_mark)
    if np.linalg.norm(meridian.skin_mm - here, axis=1).min() > OFF_SCALP_MM:
        raise GeometryError(
            f"{here.round(1).tolist()} mm is over {OFF_SCALP_MM:g} mm off the scalp; give a "
            "point on the scalp of the same scan"
        )
    at = meridian.fraction(here)
    top = meridian.fraction(cz)
    if not 0 < at < top:
        raise GeometryError(
            f"{here.round(1).tolist()} mm lies below the circumference through Fpz, T7 and Oz; "
            "tape numbers reach points above it only"
        )
    return TapeNumbers(
        nasion_inion_mm=tape(scalp, landmarks.at("Nz"), cz, landmarks.at("Iz")).length_mm,
        ear_to_ear_mm=tape(scalp, landmarks.at("LPA"), cz, landmarks.at("RPA")).length_mm,
        circumference_mm=sum(ring.length_mm for ring in rings.values()),
        side=side,
        along_mm=along,
        from_vertex_mm=(top - at) * meridian.length_mm,
    )


def _marks(rings: dict[str, Tape], cz: Floats, here: Floats) -> tuple[str, Floats, float, Floats]:
    """Give the side, the mark (3,) on the circumference, its way from Fpz, and the mark opposite.

    Both lie in the plane of Cz, the point and the middle of the circumference.
    """
    middle = np.mean([ring.line_mm[[0, -1]].mean(axis=0) for ring in rings.values()], axis=0)
    up = (cz - middle) / np.linalg.norm(cz - middle)
    out = (here - middle) - ((here - middle) @ up) * up
    if not np.linalg.norm(out) > AT_VERTEX_MM:
        raise GeometryError(
            f"{here.round(1).tolist()} mm is at the vertex (Cz); tape numbers need a direction"
        )
    normal = np.cross(up, out)
    found = []
    for side, ring in rings.items():
        off = (ring.line_mm - middle) @ normal
        for i in np.flatnonzero((off[:-1] <= 0) != (off[1:] <= 0)):
            part = off[i] / (off[i] - off[i + 1])
            mark = ring.line_mm[i] + part * (ring.line_mm[i + 1] - ring.line_mm[i])
            way = ring.arc_mm[i] + part * (ring.arc_mm[i + 1] - ring.arc_mm[i])
            found.append(((mark - middle) @ out > 0, side, mark, float(way)))
    near = [entry for entry in found if entry[0]]
    far = [entry for entry in found if not entry[0]]
    if not near or not far:
        raise GeometryError(
            f"no tape from Cz over {here.round(1).tolist()} mm meets the circumference; check the "
            "landmarks"
        )
    # on the midline both tapes meet the plane: either says the same
    _, side, mark, way = near[0]
    return side, mark, way, far[0][2]
