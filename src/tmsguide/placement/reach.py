"""Candidate poses all over the scalp that a coil can reach."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.spatial import cKDTree

from tmsguide.errors import GeometryError
from tmsguide.placement.candidates import Candidates, target_inside
from tmsguide.placement.patches import outermost_mm
from tmsguide.placement.poses import MAX_STANDOFF_MM, Seat, rest
from tmsguide.placement.sense import turns_deg
from tmsguide.placement.skin import nearest, same_frame, skin, smooth_normals

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tmsguide.model import Coil, Points, Surface
    from tmsguide.placement.skin import Skin

    Floats = NDArray[np.float64]

__all__ = ["reachable"]

#: Points are thinned from a net over the scalp this much finer than the step.
FINER = 6


def reachable(
    scalp: Surface,
    above: Points,
    *,
    standoff_mm: float,
    coil: Coil,
    step_mm: float = 2.0,
    angle_deg: float = 5.0,
    near: Points | None = None,
    radius_mm: float = np.inf,
    full_turn: bool = False,
    max_standoff_mm: float = MAX_STANDOFF_MM,
) -> Candidates:
    """Give coil poses all over the scalp on the upper side of the plane through ``above``.

    ``above`` are three points of that plane, such as nasion and both ears. With ``near`` only the
    scalp within ``radius_mm`` of that target's scalp point is covered. No open scalp there lies
    farther than ``step_mm`` from a pose's scalp point, however it slopes, and two of those points
    are at least 5/6 of that apart; scalp under other scalp, as in ears, is left out. Poses rest on
    their points as in `candidates`, and turn in the same half turn.

    Raises
    ------
    FrameError
        If points and scalp are in different frames.
    GeometryError
        If the plane is none, the target outside the head, a size not positive, or no pose clears.
    """
    for name, value in (("step_mm", step_mm), ("angle_deg", angle_deg), ("radius_mm", radius_mm)):
        if not value > 0:
            raise GeometryError(f"{name} must be above 0, given {value:g}")
    on = skin(scalp)
    same_frame(on, above, what="the plane")
    up = _upward(above.xyz_mm)
    height = (on.corners - above.xyz_mm[0]) @ up
    kept = (height > 0).any(axis=1)
    start = on.vertices[np.argmax((on.vertices - above.xyz_mm[0]) @ up)]
    if near is not None:
        start = nearest(on, target_inside(on, near))
        kept &= np.linalg.norm(on.centroids - start, axis=1) <= radius_mm + on.reach_mm
    net = _net(on.corners[kept], step_mm / FINER)
    kept_net = (net - above.xyz_mm[0]) @ up > 0
    kept_net &= np.linalg.norm(net - start, axis=1) <= radius_mm
    points = _open(on, _thinned(net[kept_net], start, (1 - 1 / FINER) * step_mm))
    seat = Seat.of(coil, standoff_mm=standoff_mm, max_standoff_mm=max_standoff_mm)
    turns = turns_deg(on, points, step_deg=angle_deg, full_turn=full_turn)
    poses, gaps, angles = rest(on, points, angles_deg=turns, seat=seat)
    if len(poses) == 0:
        raise GeometryError(
            f"none of {turns.size} poses above the plane through "
            f"{above.xyz_mm[0].round(1).tolist()} mm clears the head with a gap of "
            f"{standoff_mm:g} to {max_standoff_mm:g} mm; check plane and scalp, or allow more gap"
        )
    return Candidates(poses, gaps, angles, on.frame)


def _upward(plane: Floats) -> Floats:
    """Give the unit normal (3,) of the plane through three points, on its upper side."""
    if len(plane) != 3:
        raise GeometryError(f"a plane is given by three points, given {len(plane)}")
    normal = np.cross(plane[1] - plane[0], plane[2] - plane[0])
    size = np.linalg.norm(normal)
    if not size > 1.0 or abs(normal[2]) < 0.1 * size:
        raise GeometryError(
            f"three points {plane.round(1).tolist()} mm make no plane with an upper side; give "
            "points well apart, such as nasion and both ears"
        )
    return np.asarray(np.sign(normal[2]) * normal / size)


def _net(corners: Floats, spacing_mm: float) -> Floats:
    """Points on triangles (F, 3, 3), no place on them farther than ``spacing_mm`` from one."""
    longest = np.linalg.norm(corners - np.roll(corners, 1, axis=1), axis=2).max(axis=1)
    parts = np.maximum(1, np.ceil(longest / spacing_mm)).astype(int)
    out = [np.empty((0, 3))]
    for n in np.unique(parts):
        i, j = (a.ravel() for a in np.meshgrid(np.arange(n + 1), np.arange(n + 1), indexing="ij"))
        weights = np.stack([i, j, n - i - j], axis=1)[i + j <= n] / n
        out.append(np.einsum("wc,fcx->fwx", weights, corners[parts == n]).reshape(-1, 3))
    return np.concatenate(out)


def _thinned(net: Floats, start: Floats, apart_mm: float) -> Floats:
    """Points at least ``apart_mm`` from one another, and all of ``net`` nearer than that to one.

    Taken in rings outward from ``start``, which packs them evenly.
    """
    net = net[np.argsort(((net - start) ** 2).sum(axis=1), kind="stable")]
    if len(net) == 0:
        return net
    tree = cKDTree(net)
    free = np.ones(len(net), dtype=bool)
    chosen = []
    for i in range(len(net)):
        if free[i]:
            chosen.append(i)
            free[tree.query_ball_point(net[i], apart_mm)] = False
    return net[chosen]


def _open(on: Skin, points: Floats) -> Floats:
    """Keep the points with no other scalp above them within a coil's reach."""
    if len(points) == 0:
        return points
    normals = smooth_normals(on, points)
    far = outermost_mm(on.patches, points, normals, within_mm=MAX_STANDOFF_MM)
    return points[~(far > 0.5)]  # more than half a millimetre is not the point's own triangle
