"""The scalp as a coil meets it: nearest point, inside or out, smooth normals, projections."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.spatial import cKDTree

from tmsguide.errors import FrameError, GeometryError
from tmsguide.placement.patches import mean_normals, outermost_mm, patches

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tmsguide.model import Frame, Points, Surface
    from tmsguide.placement.patches import Patches

    Floats = NDArray[np.float64]

__all__ = [
    "NORMAL_RADIUS_MM",
    "Skin",
    "is_inside",
    "nearest",
    "plane_axes",
    "project",
    "same_frame",
    "skin",
    "smooth_normals",
]

#: Patch over which the scalp normal is averaged. A coil casing is stiff: it rests on this much
#: scalp and does not follow smaller bumps.
NORMAL_RADIUS_MM = 15.0


@dataclass(frozen=True, slots=True, eq=False)
class Skin:
    """A scalp surface with the search trees that every placement needs, lengths in mm.

    ``corners`` (F, 3, 3) are triangle corners, ``centroids`` (F, 3), ``area_vectors`` (F, 3) the
    outward normals times area, ``reach_mm`` the largest distance from centroid to corner.
    """

    vertices: Floats
    triangles: NDArray[np.int64]
    corners: Floats
    centroids: Floats
    area_vectors: Floats
    reach_mm: float
    tree: cKDTree
    patches: Patches
    frame: Frame


def skin(scalp: Surface) -> Skin:
    """Prepare a closed, outward-facing scalp surface for placing coils on it.

    Raises
    ------
    GeometryError
        If the surface is empty or its triangles face inward.
    """
    vertices, triangles = scalp.vertices.xyz_mm, np.asarray(scalp.triangles, dtype=np.int64)
    if len(triangles) < 4:
        raise GeometryError(f"a scalp needs at least 4 triangles, given {len(triangles)}")
    corners = vertices[triangles]
    centroids = corners.mean(axis=1)
    area_vectors = 0.5 * np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    middle = vertices.mean(axis=0)
    if np.einsum("ij,ij->", centroids - middle, area_vectors) <= 0:
        raise GeometryError(
            "the scalp's triangles face inward; reverse their corner order so normals point out"
        )
    reach = float(np.linalg.norm(corners - centroids[:, None], axis=2).max())
    tree = cKDTree(centroids)
    return Skin(
        vertices,
        triangles,
        corners,
        centroids,
        area_vectors,
        reach,
        tree,
        patches(corners, tree.indices),  # the tree's leaves keep neighbours together
        scalp.vertices.frame,
    )


def same_frame(on: Skin, points: Points, *, what: str) -> None:
    """Refuse points that do not live in the scalp's frame."""
    if points.frame != on.frame:
        raise FrameError(
            f"{what} is in {points.frame.name}, the scalp in {on.frame.name}; "
            "map it to the scalp's frame first"
        )


def is_inside(on: Skin, point: Floats) -> bool:
    """Tell whether a point (3,) lies inside the closed scalp, by its winding number.

    References
    ----------
    Van Oosterom & Strackee 1983, 10.1109/TBME.1983.325207: solid angle of a triangle.
    """
    a, b, c = (on.corners[:, i] - point for i in range(3))
    la, lb, lc = (np.linalg.norm(v, axis=1) for v in (a, b, c))
    triple = np.einsum("ij,ij->i", a, np.cross(b, c))
    ab, bc, ca = (np.einsum("ij,ij->i", u, v) for u, v in ((a, b), (b, c), (c, a)))
    solid = 2 * np.arctan2(triple, la * lb * lc + ab * lc + bc * la + ca * lb)
    return bool(solid.sum() > 2 * np.pi)


def nearest(on: Skin, point: Floats) -> Floats:
    """Give the point of the scalp (anywhere on its triangles) nearest to ``point``, (3,)."""
    upper_mm, _ = on.tree.query(point)
    near = on.tree.query_ball_point(point, upper_mm + on.reach_mm)
    found = _nearest_on_triangles(on.corners[near], point)
    best = int(np.argmin(np.linalg.norm(found - point, axis=1)))
    return np.asarray(found[best])


def smooth_normals(on: Skin, points: Floats, *, radius_mm: float = NORMAL_RADIUS_MM) -> Floats:
    """Give the outward normals (N, 3) of the planes the scalp makes round each point.

    The plane's normal is the mean triangle normal weighted by area and by a smooth window of
    ``radius_mm``. Inside the window bumps cancel (the vector area of a patch depends on its rim
    alone), so voxel stairs and mesh size hardly show, and the sign is never in doubt.

    Raises
    ------
    GeometryError
        If no triangle lies within ``radius_mm`` of a point.
    """
    total = mean_normals(on.patches, points, radius_mm=radius_mm)
    length = np.linalg.norm(total, axis=1, keepdims=True)
    if (length < 1e-9).any():
        lost = points[np.argmin(length)]
        if on.tree.query(lost)[0] > radius_mm:
            raise GeometryError(
                f"no scalp within {radius_mm:g} mm of {lost.round(1).tolist()} mm; "
                "give points on the scalp"
            )
        raise GeometryError("the scalp folds back on itself here; no coil can rest on it")
    return np.asarray(total / length)


def project(on: Skin, points: Floats, along: Floats, *, within_mm: float) -> Floats:
    """Give the outermost scalp point on the line through each point along ``along``.

    ``points`` (N, 3), ``along`` (3,) unit for all or (N, 3), pointing outward; scalp farther than
    ``within_mm`` from the point is not considered. Returns (N, 3), NaN rows where the line meets
    no scalp.
    """
    lines = np.broadcast_to(along, points.shape)
    far = outermost_mm(on.patches, points, lines, within_mm=within_mm)
    return np.asarray(points + far[:, None] * lines)


def plane_axes(normal: Floats, towards: Floats | None = None) -> Floats:
    """Give two unit axes (..., 2, 3) across each ``normal`` (..., 3).

    The second lies along ``towards`` (default +y); (first, second, normal) is right-handed: seen
    from outside, first is to the right of second. Where ``towards`` is within 6 degrees of the
    normal, the vertical stands in for it: down on the forehead and up on the back of the head, as
    forward runs on the head just above them.
    """
    given = np.array([0.0, 1.0, 0.0]) if towards is None else towards
    ahead = given / np.linalg.norm(given, axis=-1, keepdims=True)
    along = (ahead * normal).sum(axis=-1, keepdims=True)
    steep = np.linalg.norm(ahead - along * normal, axis=-1, keepdims=True) < 0.1
    ahead = np.where(steep, -np.sign(along) * [0.0, 0.0, 1.0], ahead)
    second = ahead - (ahead * normal).sum(axis=-1, keepdims=True) * normal
    second = second / np.linalg.norm(second, axis=-1, keepdims=True)
    return np.stack([np.cross(second, normal), second], axis=-2)


def _nearest_on_triangles(corners: Floats, point: Floats) -> Floats:
    """Nearest point (F, 3) of each triangle: the foot on its plane if inside, else on an edge."""
    a, u, v = corners[:, 0], corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
    uu, uv, vv = ((x * y).sum(axis=1) for x, y in ((u, u), (u, v), (v, v)))
    pu, pv = ((x * (point - a)).sum(axis=1) for x in (u, v))
    twice = uu * vv - uv**2
    safe = np.where(twice > 0, twice, 1.0)
    s, t = (vv * pu - uv * pv) / safe, (uu * pv - uv * pu) / safe
    inside = (twice > 0) & (s >= 0) & (t >= 0) & (s + t <= 1)
    options = [np.where(inside[:, None], a + s[:, None] * u + t[:, None] * v, np.inf)]
    for i in range(3):
        start, edge = corners[:, i], corners[:, (i + 1) % 3] - corners[:, i]
        length = np.maximum((edge**2).sum(axis=1), 1e-30)
        part = np.clip(((point - start) * edge).sum(axis=1) / length, 0, 1)
        options.append(start + part[:, None] * edge)
    stacked = np.stack(options)
    best = np.argmin(((stacked - point) ** 2).sum(axis=2), axis=0)
    return np.asarray(stacked[best, np.arange(len(corners))])
