"""The figure a treater works from: the head with the coil on it, handle and current shown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tmsguide.report import head_views, orientation, scene, solids, style

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tmsguide.model import Coil, Placement
    from tmsguide.report.dossier import Dossier
    from tmsguide.report.scene import Layer

    Floats = NDArray[np.float64]

__all__ = ["coil_figure", "coil_layers"]

COPPER = np.array([0.78, 0.42, 0.16])
CASING = np.array([0.45, 0.62, 0.80])
HANDLE = np.array([0.27, 0.31, 0.37])
CURRENT = np.array([0.84, 0.0, 0.43])
HANDLE_MM = 85.0


def coil_figure(dossier: Dossier, head_from_t1w: Floats) -> bytes:
    """Draw scalp, cortex and coil from the front, on the target's side, and from above."""
    scalp = dossier.scalp.vertices.xyz_mm
    cortex = dossier.cortex.vertices.xyz_mm
    shade = scene.relief(cortex, dossier.cortex.triangles)
    coil = coil_layers(dossier.coil, dossier.placement)
    layers = (
        scene.Layer(cortex, dossier.cortex.triangles, shade[:, None] * np.array(style.BONE_GREY)),
        scene.Layer(
            scalp, dossier.scalp.triangles, np.array(style.SKIN), opacity=0.62, ambient=0.25
        ),
        *coil,
    )
    floor = (cortex @ head_from_t1w[2]).min() - 25
    shown = np.concatenate(
        [scalp[scalp @ head_from_t1w[2] > floor], *(layer.vertices for layer in coil)]
    )
    figure = style.canvas(660, 1010)
    side = head_views.side(dossier, head_from_t1w)
    across = 0.75 if side == "right" else -0.75
    views = (
        ((across, 0.72, 0.38), (0.0, 0.0, 1.0), (490, 640), f"From the {side} and the front", 26),
        ((0.0, 0.0, 1.0), (0.0, 1.0, 0.0), (380, 640), "From above, nose up", 548),
    )
    for toward, up, size, title, y in views:
        view = head_views.camera(toward, up, head_from_t1w, size).fitted(shown)
        picture = scene.draw(layers, view)
        axes = head_views.frame(figure, picture, 10, y, title)
        head_views.mark(axes, picture, dossier.target.point.xyz_mm[0], style.TARGET)
        _name_handle(axes, picture, dossier)
        _name_nose(axes, picture, dossier, head_from_t1w)
        if toward[2] == 1.0:
            head_views.letters(axes, picture, "L", "R")
    figure.text(
        0.5, 0.026, "Magenta arrow: current induced in the brain as the coil current rises.\n"
        "Magenta ring or dot: target (ring: hidden from here). The handle is a symbol.",
        ha="center", fontsize=8.5, color=style.INK, linespacing=1.4,
    )  # fmt: skip
    return style.png(figure, dossier.subject.label)


def coil_layers(coil: Coil, pose: Placement) -> tuple[Layer, ...]:
    """Give windings, casing, handle and current arrow as layers in the pose's millimetres.

    Of a coil of dipoles, which has no windings to show, casing and handle only.
    """
    half_x, half_y, half_z = (1e3 * h for h in coil.casing_half_size_m)
    half = 500 * coil.element_m
    middle = 1e3 * coil.position_m
    windings = solids.tubes(middle - half, middle + half, 1.3)
    casing = solids.casing(half_x, half_y, 2 * half_z)
    grip = np.array([[0.0, -half_y + 4, -half_z], [0.0, -half_y - HANDLE_MM, -half_z]])
    handle = solids.merge(
        solids.tubes(grip[:1], grip[1:], 11.0, sides=24),
        solids.tubes(
            grip[1:], grip[1:] - np.array([0.0, 0.01, 0.0]), np.array([11.0, 0.0]), sides=24
        ),
    )
    turn = pose.matsimnibs[:3, :3]
    flow = turn.T @ orientation.induced_direction(coil, pose)
    over = np.array([0.0, 0.0, -2 * half_z - 4])
    current = solids.arrow(over - 32 * flow, over + 32 * flow, 2.6)

    def placed(mesh: solids.Mesh, colour: Floats, opacity: float = 1.0) -> Layer:
        return scene.Layer(
            mesh[0] @ turn.T + pose.center_mm, mesh[1], colour, opacity, ambient=0.4
        )

    hull = (placed(handle, HANDLE), placed(casing, CASING, opacity=0.4))
    if len(coil.element_m) == 0:
        return hull
    return (placed(windings, COPPER), hull[0], placed(current, CURRENT), hull[1])


def _name_handle(axes: Any, picture: scene.Picture, dossier: Dossier) -> None:
    half_y = 1e3 * dossier.coil.casing_half_size_m[1]
    back = orientation.handle_direction(dossier.placement)
    end = dossier.placement.center_mm + (half_y + 0.62 * HANDLE_MM) * back
    x, y, _ = picture.view.pixels(end[None])[0]
    axes.text(
        x, y, "handle", fontsize=9, color="white", fontweight="bold", ha="center", va="center",
        zorder=7, bbox={"boxstyle": "round,pad=0.2", "facecolor": "#454f5e", "edgecolor": "none"},
    )  # fmt: skip


def _name_nose(axes: Any, picture: scene.Picture, dossier: Dossier, head_from_t1w: Floats) -> None:
    """Write where the nose is: a defaced scan has none to see."""
    scalp = dossier.scalp.vertices.xyz_mm @ head_from_t1w.T
    cortex = dossier.cortex.vertices.xyz_mm @ head_from_t1w.T
    at = np.array([np.median(scalp[:, 0]), scalp[:, 1].max() + 9, cortex[:, 2].min() + 15])
    x, y, _ = picture.view.pixels((at @ head_from_t1w)[None])[0]
    rows, columns = picture.view.size
    axes.text(
        np.clip(x, 20, columns - 20), np.clip(y, 10, rows - 10), "nose", fontsize=9,
        color=style.WEAK_INK, ha="center", va="center", fontweight="bold", zorder=7,
    )  # fmt: skip
