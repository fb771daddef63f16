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
from tmsguide.field.stimulators import (
    Stimulator,
    Waveform,
    didt_from_mso,
    induced_direction,
    mso_from_didt,
    stimulator_named,
    stimulator_names,
)

__all__ = [
    "Prepared",
    "Reciprocal",
    "Stimulator",
    "Waveform",
    "circular_90mm",
    "coil_named",
    "coil_names",
    "cortex_field",
    "didt_from_mso",
    "double_cone_110mm",
    "figure8_70mm",
    "h1_like",
    "induced_direction",
    "lean",
    "mso_from_didt",
    "peak",
    "prepare",
    "primary_field",
    "reciprocal",
    "region_mean",
    "rising_direction",
    "roi_around",
    "score",
    "solve",
    "stimulator_named",
    "stimulator_names",
    "winding_distance_mm",
]
