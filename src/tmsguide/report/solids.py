"""Simple solids to draw a coil with: tubes along wires, a rounded casing, arrows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Mesh = tuple[Floats, NDArray[np.int64]]

__all__ = ["arrow", "casing", "merge", "tubes"]


def merge(*meshes: Mesh) -> Mesh:
    """Give several meshes as one (vertices, triangles)."""
    starts = np.cumsum([0] + [len(v) for v, _ in meshes[:-1]])
    return (
        np.concatenate([v for v, _ in meshes]),
        np.concatenate([t + s for (_, t), s in zip(meshes, starts, strict=True)]),
    )


def tubes(start: Floats, end: Floats, radius: float | Floats, sides: int = 6) -> Mesh:
    """Give open tubes from ``start`` to ``end``, both (N, 3), as one mesh.

    ``radius`` is one number, or (2,) for the start and the end: a cone when they differ.
    """
    axis = end - start
    axis = axis / np.maximum(np.linalg.norm(axis, axis=1, keepdims=True), 1e-12)
    aside = np.eye(3)[np.argmin(np.abs(axis), axis=1)]
    first = np.cross(axis, aside)
    first /= np.linalg.norm(first, axis=1, keepdims=True)
    second = np.cross(axis, first)
    angle = 2 * np.pi * np.arange(sides) / sides
    ring = first[:, None] * np.cos(angle)[:, None] + second[:, None] * np.sin(angle)[:, None]
    radii = np.broadcast_to(np.asarray(radius, dtype=np.float64), (2,))
    vertices = np.stack([start[:, None] + radii[0] * ring, end[:, None] + radii[1] * ring], axis=1)
    here = np.arange(sides)
    after = (here + 1) % sides
    one = np.concatenate(
        [
            np.column_stack([here, after, here + sides]),
            np.column_stack([after, after + sides, here + sides]),
        ]
    )
    triangles = (2 * sides * np.arange(len(start)))[:, None, None] + one
    return vertices.reshape(-1, 3), triangles.reshape(-1, 3)


def arrow(start: Floats, end: Floats, radius: float) -> Mesh:
    """Give an arrow from ``start`` to ``end``, each (3,); its head takes the last third."""
    neck = start + (end - start) * 0.62
    return merge(
        tubes(start[None], neck[None], radius, sides=16),
        tubes(neck[None], end[None], np.array([2.6 * radius, 0.05 * radius]), sides=24),
        tubes(neck[None], neck[None] + 1e-3 * (end - start), np.array([0.0, 2.6 * radius]), 24),
    )


def casing(half_x: float, half_y: float, thickness: float, corners: int = 24) -> Mesh:
    """Give a flat stadium-shaped box, z from −thickness to 0, that fills ±half_x by ±half_y."""
    radius = min(half_x, half_y)
    quarter = np.linspace(0, np.pi / 2, corners)
    angle = np.concatenate([quarter + k * np.pi / 2 for k in range(4)])
    middle_x = np.repeat([1, -1, -1, 1], corners) * (half_x - radius)
    middle_y = np.repeat([1, 1, -1, -1], corners) * (half_y - radius)
    rim = np.column_stack([middle_x + radius * np.cos(angle), middle_y + radius * np.sin(angle)])
    n = len(rim)
    low = np.column_stack([rim, np.full(n, -thickness)])
    high = np.column_stack([rim, np.zeros(n)])
    # each face has its own copy of the rim, so that edges stay sharp when normals are averaged
    vertices = np.concatenate([low, high, low, high, [[0, 0, -thickness], [0, 0, 0]]])
    here, after = np.arange(n), (np.arange(n) + 1) % n
    triangles = np.concatenate(
        [
            np.column_stack([here, after, here + n]),
            np.column_stack([after, after + n, here + n]),
            np.column_stack([np.full(n, 4 * n), after + 2 * n, here + 2 * n]),
            np.column_stack([np.full(n, 4 * n + 1), here + 3 * n, after + 3 * n]),
        ]
    )
    return vertices, triangles
