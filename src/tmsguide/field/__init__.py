"""The electric field of a coil in a head: coils, finite elements, reciprocity, sampling."""

from tmsguide.field.coils import (
    circular_90mm,
    coil_named,
    coil_names,
    double_cone_110mm,
    figure8_70mm,
    h1_like,
    lean,
    rising_direction,
    winding_distance_mm,
)
from tmsguide.field.forward import Prepared, prepare, solve
from tmsguide.field.primary import primary_field
from tmsguide.field.reciprocity import Reciprocal, reciprocal, score
from tmsguide.field.sampling import cortex_field, peak, region_mean, roi_around

__all__ = [
    "Prepared",
    "Reciprocal",
    "circular_90mm",
    "coil_named",
    "coil_names",
    "cortex_field",
    "double_cone_110mm",
    "figure8_70mm",
    "h1_like",
    "lean",
    "peak",
    "prepare",
    "primary_field",
    "reciprocal",
    "region_mean",
    "rising_direction",
    "roi_around",
    "score",
    "solve",
    "winding_distance_mm",
]
