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
from tmsguide.field.conductivity_basis import (
    ConductivityBasis,
    Exposure,
    conductivity_basis,
    strengths,
)
from tmsguide.field.cortex import CortexSheet, cortex_points, cortex_sheet
from tmsguide.field.forward import Prepared, potentials, prepare, solve
from tmsguide.field.hotspots import Hotspot, hotspot, tissue_hotspot, vertex_areas
from tmsguide.field.live import LiveField, Poses, build_live_field, direct_field, live_field
from tmsguide.field.primary import Gauge, magnetic_rate, primary_field
from tmsguide.field.readings import Reading, mean_along, mean_vector
from tmsguide.field.reciprocity import Reciprocal, reciprocal, score
from tmsguide.field.sampling import (
    Places,
    at_places,
    cortex_field,
    peak,
    places,
    region_mean,
    roi_around,
)
from tmsguide.field.sheet_field import SheetField, on_sheet, on_surface
from tmsguide.field.stimulators import (
    Stimulator,
    Waveform,
    didt_from_mso,
    induced_direction,
    mso_from_didt,
    stimulator_named,
    stimulator_names,
)
from tmsguide.field.uncertainty import (
    Draws,
    Spread,
    draw_strengths,
    ratio_spread,
    strength_spread,
)
from tmsguide.field.voxel_field import on_voxels

__all__ = [
    "ConductivityBasis",
    "CortexSheet",
    "Draws",
    "Exposure",
    "Gauge",
    "Hotspot",
    "LiveField",
    "Places",
    "Poses",
    "Prepared",
    "Reading",
    "Reciprocal",
    "SheetField",
    "Spread",
    "Stimulator",
    "Waveform",
    "at_places",
    "build_live_field",
    "circular_90mm",
    "coil_named",
    "coil_names",
    "conductivity_basis",
    "cortex_field",
    "cortex_points",
    "cortex_sheet",
    "didt_from_mso",
    "direct_field",
    "double_cone_110mm",
    "draw_strengths",
    "figure8_70mm",
    "h1_like",
    "hotspot",
    "induced_direction",
    "lean",
    "live_field",
    "magnetic_rate",
    "mean_along",
    "mean_vector",
    "mso_from_didt",
    "on_sheet",
    "on_surface",
    "on_voxels",
    "peak",
    "places",
    "potentials",
    "prepare",
    "primary_field",
    "ratio_spread",
    "reciprocal",
    "region_mean",
    "rising_direction",
    "roi_around",
    "score",
    "solve",
    "stimulator_named",
    "stimulator_names",
    "strength_spread",
    "strengths",
    "tissue_hotspot",
    "vertex_areas",
    "winding_distance_mm",
]
