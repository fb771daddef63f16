"""Closed forms on the ellipsoid (x/a)^2 + (y/b)^2 + (z/c)^2 = 1."""

import numpy as np


def outward_normals(points, semi_axes):
    """Unit gradient of the defining function at points (N, 3) on the ellipsoid."""
    gradient = np.asarray(points) / np.asarray(semi_axes) ** 2
    return gradient / np.linalg.norm(gradient, axis=-1, keepdims=True)


def nearest_point(inside, semi_axes):
    """Nearest surface point to a point inside, by Lagrange's condition p = q a^2 / (a^2 + t).

    Bisection on t in (-min a^2, 0); every coordinate of ``inside`` along the shortest semi-axis
    must differ from 0.
    """
    q, squares = np.asarray(inside, float), np.asarray(semi_axes, float) ** 2
    low, high = -squares.min(), 0.0
    for _ in range(200):
        middle = 0.5 * (low + high)
        excess = (squares * q**2 / (squares + middle) ** 2).sum() - 1
        low, high = (middle, high) if excess > 0 else (low, middle)
    return q * squares / (squares + high)
