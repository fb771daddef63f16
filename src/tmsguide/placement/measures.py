"""Plain numbers for the chair: where on the scalp, how deep, how far by tape."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import dijkstra
from scipy.spatial import cKDTree

from tmsguide.errors import GeometryError
from tmsguide.model import Points
from tmsguide.placement.candidates import target_inside
from tmsguide.placement.skin import nearest, plane_axes, same_frame, skin

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tmsguide.model import Placement, Surface
    from tmsguide.placement.skin import Skin

    Floats = NDArray[np.float64]

__all__ = ["handle_angle_deg", "scalp_depth", "scalp_distances", "scalp_entry"]


def scalp_entry(scalp: Surface, target: Points) -> Points:
    """Give the scalp point nearest to a target inside the head, (1, 3)."""
    on = skin(scalp)
    return Points(nearest(on, target_inside(on, target))[None], on.frame)


def scalp_depth(scalp: Surface, target: Points) -> float:
    """Give the distance in mm from a target inside the head to the nearest scalp."""
    entry = scalp_entry(scalp, target)
    return float(np.linalg.norm(entry.xyz_mm[0] - target.xyz_mm[0]))


def handle_angle_deg(placement: Placement) -> float:
    """Give how far the handle is turned from straight back, in degrees (-180, 180].

    Seen from outside the head, positive means that the handle is turned to the viewer's right
    (counter-clockwise). On the left scalp a handle pointing back and to the left, the usual 45
    degrees for the left prefrontal cortex, is -45.
    """
    rotation = placement.matsimnibs[:3, :3]
    right, ahead = plane_axes(-rotation[:, 2]) @ rotation[:, 1]
    return float(np.rad2deg(np.arctan2(-right, ahead)))


def scalp_distances(scalp: Surface, from_points: Points, to_point: Points) -> Floats:
    """Give the tape-measure distances (L,) in mm along the scalp from each landmark to a point.

    Shortest paths over a net that ties every vertex to all others within three edge lengths, so
    the tape may cut corners and lie taut over small hollows.

    Raises
    ------
    FrameError
        If the points are not in the scalp's frame.
    GeometryError
        If a point lies over 20 mm off the scalp or on a piece of it that is not connected.
    """
    on = skin(scalp)
    same_frame(on, from_points, what="a landmark")
    same_frame(on, to_point, what="the point to measure to")
    if len(to_point) != 1:
        raise GeometryError(f"distances go to one point, given {len(to_point)}")
    asked = np.concatenate([to_point.xyz_mm, from_points.xyz_mm])
    ends = np.stack([nearest(on, p) for p in asked])
    off = np.linalg.norm(ends - asked, axis=1)
    if off.max() > 20.0:
        raise GeometryError(
            f"{asked[off.argmax()].round(1).tolist()} mm is {off.max():.0f} mm off the scalp; "
            "give landmarks on the scalp of the same scan"
        )
    from_first = _taut(on, ends)
    if not np.isfinite(from_first).all():
        raise GeometryError("the scalp surface falls into pieces; give one connected surface")
    return from_first


def _taut(on: Skin, ends: Floats) -> Floats:
    """Shortest path lengths from ``ends[0]`` to the others over the net of near vertices."""
    nodes = np.concatenate([ends, on.vertices])
    edges = on.corners - np.roll(on.corners, 1, axis=1)
    reach = 3.0 * float(np.median(np.linalg.norm(edges, axis=2)))
    pairs = cKDTree(nodes).query_pairs(reach, output_type="ndarray")
    rim = np.concatenate([on.triangles[:, [i, (i + 1) % 3]] for i in range(3)]) + len(ends)
    first, second = np.concatenate([pairs, np.sort(rim, axis=1)]).T
    key = np.unique(first * len(nodes) + second)
    first, second = key // len(nodes), key % len(nodes)
    # a zero weight would mean "no edge" to a sparse graph
    length = np.maximum(np.linalg.norm(nodes[first] - nodes[second], axis=1), 1e-9)
    net = coo_array((length, (first, second)), shape=(len(nodes), len(nodes))).tocsr()
    return np.asarray(dijkstra(net, directed=False, indices=0)[1 : len(ends)])
