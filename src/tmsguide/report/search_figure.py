"""The figure of a search on any head: field on the brain, the coil over it, two views."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tmsguide.report import head_views, scene, style
from tmsguide.report.coil_figure import coil_layers
from tmsguide.report.cortex_figures import field_limit

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tmsguide.model import Coil, Placement, Points, Surface

    Floats = NDArray[np.float64]

__all__ = ["HeadPicture", "search_figure"]

_SIZE = (480, 520)


@dataclass(frozen=True, slots=True, eq=False)
class HeadPicture:
    """What the figure shows: ``e_v_per_m`` (V,) strength on the vertices of ``brain``."""

    name: str
    brain: Surface
    e_v_per_m: Floats
    scalp: Surface
    coil: Coil
    placement: Placement
    target: Points


def search_figure(shown: HeadPicture) -> bytes:
    """Draw the field on the brain under a clear scalp, from the coil's side and from above.

    The head is taken to stand as its RAS axes say: right, front, up.
    """
    limit = field_limit(shown.e_v_per_m)
    brain, scalp = shown.brain.vertices.xyz_mm, shown.scalp.vertices.xyz_mm
    shade = scene.relief(brain, shown.brain.triangles)
    colours = style.colour(shown.e_v_per_m, style.FIELD, 0.0, limit) * shade[:, None]
    coil = coil_layers(shown.coil, shown.placement)
    layers = (
        scene.Layer(brain, shown.brain.triangles, colours),
        scene.Layer(
            scalp, shown.scalp.triangles, np.array(style.SKIN), opacity=0.22, ambient=0.25
        ),
        *(scene.Layer(part.vertices, part.triangles, part.colours, 0.3) for part in coil),
    )
    low = brain[:, 2].min() - 20
    extent = np.concatenate([brain, scalp[scalp[:, 2] > low], coil[-1].vertices])
    figure = style.canvas(1120, 640)
    left = shown.placement.center_mm[0] < scalp[:, 0].mean()
    aside = (-1.0, 0.0, 0.0) if left else (1.0, 0.0, 0.0)
    ends = ("front", "back") if left else ("back", "front")
    views = (
        (aside, (0.0, 0.0, 1.0), f"From the {'left' if left else 'right'}", ends, 30),
        ((0.0, 0.0, 1.0), (0.0, 1.0, 0.0), "From above, nose up", ("L", "R"), 570),
    )
    for toward, up, title, letters, x in views:
        view = head_views.camera(toward, up, np.eye(3), _SIZE).fitted(extent)
        picture = scene.draw(layers, view)
        axes = head_views.frame(figure, picture, x, 34, title)
        head_views.mark(axes, picture, shown.target.xyz_mm[0], style.TARGET)
        head_views.letters(axes, picture, *letters)
    style.colour_bar(
        figure, (0.3, 0.105, 0.4, 0.02), style.FIELD, low=0.0, high=limit,
        label=f"Strength of the electric field in the cortex, V/m, at "
        f"{shown.placement.didt_a_per_s / 1e6:g} A/µs. Magenta dot: target; arrow: current in the "
        "brain as the coil current rises",
    )  # fmt: skip
    return style.png_named(figure, shown.name)
