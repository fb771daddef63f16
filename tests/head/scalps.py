"""Scalps of known shape for the landmark tests."""

import numpy as np

from tests.placement.heads import icosphere
from tmsguide.model import Landmarks, Points, Surface, native_frame

FRAME = native_frame("ball")


def ball(semi_axes_mm=(90.0, 90.0, 90.0), *, subdivisions=5, shape=None):
    """An ellipsoid, or ``shape(unit vectors)`` times its semi-axes."""
    v, triangles = icosphere(subdivisions)
    factor = 1.0 if shape is None else shape(v)[:, None]
    return Surface(Points(v * factor * semi_axes_mm, FRAME), triangles)


def equator(semi_axes_mm=(90.0, 90.0, 90.0), uncertainty_mm=0.0):
    """Nz, Iz, LPA and RPA on the equator of an ellipsoid: front, back, left, right."""
    x, y, _ = semi_axes_mm
    at = np.array([[0, y, 0], [0, -y, 0], [-x, 0, 0], [x, 0, 0]], dtype=float)
    return Landmarks(
        ("Nz", "Iz", "LPA", "RPA"), Points(at, FRAME), np.full(4, float(uncertainty_mm))
    )
