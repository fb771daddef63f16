"""Coils we ship, built from published dimensions, and what can be done to any coil."""

from tmsguide.field.coils.catalogue import coil_named, coil_names
from tmsguide.field.coils.geometry import rising_direction, winding_distance_mm
from tmsguide.field.coils.h1_like import h1_like
from tmsguide.field.coils.lean import lean
from tmsguide.field.coils.winged import circular_90mm, double_cone_110mm, figure8_70mm

__all__ = [
    "circular_90mm",
    "coil_named",
    "coil_names",
    "double_cone_110mm",
    "figure8_70mm",
    "h1_like",
    "lean",
    "rising_direction",
    "winding_distance_mm",
]
