"""The electric field of a coil in a head: coils, finite elements, reciprocity, sampling."""

from tmsguide.field.coils import figure8_70mm, lean
from tmsguide.field.forward import Prepared, prepare, solve
from tmsguide.field.primary import primary_field
from tmsguide.field.reciprocity import Reciprocal, reciprocal, score
from tmsguide.field.sampling import cortex_field, peak, region_mean, roi_around

__all__ = [
    "Prepared",
    "Reciprocal",
    "cortex_field",
    "figure8_70mm",
    "lean",
    "peak",
    "prepare",
    "primary_field",
    "reciprocal",
    "region_mean",
    "roi_around",
    "score",
    "solve",
]
