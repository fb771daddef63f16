"""Scalps and coils built for the placement tests."""

from dataclasses import replace

import numpy as np

from tmsguide.model import Coil, Points, Surface, native_frame

FRAME = native_frame("ball")
SEMI_AXES_MM = (76.0, 97.0, 88.0)  # unequal, so that an axis mix-up shows
HALF_X_MM, HALF_Y_MM = 90.0, 50.0


def icosphere(subdivisions):
    """Vertices (N, 3) on the unit sphere and outward triangles (F, 3)."""
    golden = (1 + 5**0.5) / 2
    vertices = [(s, t * golden, 0.0) for s in (-1.0, 1.0) for t in (-1.0, 1.0)]
    vertices = (
        vertices + [(0.0, x, y) for x, y, _ in vertices] + [(y, 0.0, x) for x, y, _ in vertices]
    )
    v = np.array(vertices) / np.hypot(1, golden)
    gap = np.linalg.norm(v[:, None] - v[None], axis=2)
    touch = (gap > 0) & (gap < 1.1 * gap[gap > 0].min())
    triangles = np.array(
        [
            (i, j, k)
            for i in range(12)
            for j in range(i + 1, 12)
            for k in range(j + 1, 12)
            if touch[i, j] and touch[j, k] and touch[i, k]
        ]
    )
    for _ in range(subdivisions):
        v, triangles = _split(v, triangles)
    a, b, c = (v[triangles[:, i]] for i in range(3))
    inward = np.einsum("ij,ij->i", a, np.cross(b, c)) < 0
    triangles[inward] = triangles[inward][:, ::-1]
    return v, triangles


def _split(v, triangles):
    edges = np.sort(np.concatenate([triangles[:, [i, (i + 1) % 3]] for i in range(3)]), axis=1)
    unique, inverse = np.unique(edges, axis=0, return_inverse=True)
    middle = v[unique].mean(axis=1)
    middle /= np.linalg.norm(middle, axis=1, keepdims=True)
    ab, bc, ca = inverse.reshape(3, -1) + len(v)
    a, b, c = triangles.T
    split = [(a, ab, ca), (ab, b, bc), (ca, bc, c), (ab, bc, ca)]
    return np.concatenate([v, middle]), np.concatenate([np.stack(t, axis=1) for t in split])


def ellipsoid(*, subdivisions=5, frame=FRAME, centre=(0.0, 0.0, 0.0)):
    v, triangles = icosphere(subdivisions)
    return Surface(Points(v * SEMI_AXES_MM + np.asarray(centre), frame), triangles)


def with_bump(scalp, at, *, height_mm, width_mm):
    """The same scalp with a smooth bump (a brow, an ear) raised along the radius at ``at``."""
    xyz = scalp.vertices.xyz_mm
    far = np.linalg.norm(xyz - at, axis=1)
    radial = xyz / np.linalg.norm(xyz, axis=1, keepdims=True)
    raised = xyz + (height_mm * np.exp(-0.5 * (far / width_mm) ** 2))[:, None] * radial
    return replace(scalp, vertices=Points(raised, scalp.vertices.frame))


def mirrored(scalp):
    """The scalp mirrored left to right, its triangles still facing outward."""
    flip = np.array([-1.0, 1.0, 1.0])
    return Surface(
        Points(scalp.vertices.xyz_mm * flip, scalp.vertices.frame), scalp.triangles[:, ::-1]
    )


def coil(half_x_mm=HALF_X_MM, half_y_mm=HALF_Y_MM):
    """A casing is all that a placement asks of a coil."""
    one = np.zeros((1, 3))
    half = (half_x_mm / 1e3, half_y_mm / 1e3, 0.01)
    return Coil("test", one, one, 1e8, half, "built in the test")


def point(*xyz, frame=FRAME):
    return Points(np.array([xyz], dtype=float), frame)
