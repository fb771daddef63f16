"""Figures on the person's cortex: connectivity with the targets, and the electric field."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tmsguide.report import head_views, scene, style
from tmsguide.report.slice_figures import z_limit

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tmsguide.model import Points
    from tmsguide.report.dossier import Dossier
    from tmsguide.report.scene import Picture

    Floats = NDArray[np.float64]

__all__ = ["cortex_figure", "field_figure", "field_limit"]

#: By the side of the target: where the camera stands, its upward, the picture's left and right.
SIDES = {
    "left": ((-1.0, 0.0, 0.0), (0.0, 0.0, 1.0), "front", "back"),
    "right": ((1.0, 0.0, 0.0), (0.0, 0.0, 1.0), "back", "front"),
}
FRONT = ((0.0, 1.0, 0.0), (0.0, 0.0, 1.0))
TOP = ((0.0, 0.0, 1.0), (0.0, 1.0, 0.0))

#: Layout of the cortex figure in pixels: its width, and where its key stands.
WIDE_PX = 1150
KEY_TOP_PX = 545
KEY_LEFT_PX = 410
KEY_COLUMN_PX = 367
#: How much of the map's colour the target's region hides.
REGION_VEIL = 0.35


def field_limit(e_v_per_m: Floats) -> float:
    """Give the end of the field's colour scale: its 99.8th percentile to two digits, upward."""
    top = float(np.nanpercentile(e_v_per_m, 99.8))
    if not top > 0:
        return 1.0
    unit = 10.0 ** (np.floor(np.log10(top)) - 1)
    return float(np.ceil(top / unit) * unit)


def cortex_figure(dossier: Dossier, head_from_t1w: Floats) -> bytes:
    """Draw Fisher z on the cortex from the target's side and the front, with all targets."""
    limit = z_limit(dossier.cmap.z)
    colours = style.colour(dossier.cortex_z, style.Z, -limit, limit)
    held = _region_share(dossier)
    magenta = np.array([int(style.TARGET[k : k + 2], 16) / 255 for k in (1, 3, 5)])
    veil = REGION_VEIL * held[:, None]
    colours = (1 - veil) * colours + veil * magenta
    names = _target_key(dossier)
    lines = max(text.count("\n") + 1 for text in names)
    height = KEY_TOP_PX + max(140, 40 + round(lines * style.LINE_PX))
    figure = style.canvas(WIDE_PX, height)
    side = head_views.side(dossier, head_from_t1w)
    beside, front = _pair(
        figure, dossier, colours, head_from_t1w,
        views=((*SIDES[side][:2], (480, 640), f"Seen from the {side}"),
               (*FRONT, (480, 470), "Seen from the front: the person's left is on the RIGHT")),
    )  # fmt: skip
    head_views.letters(*beside, *SIDES[side][2:])
    head_views.letters(*front, "R", "L")
    inside = _search_share(dossier)
    for axes, picture in (beside, front):
        _outline(axes, picture, dossier, inside, code=style.INK, dashed=True)
        _outline(axes, picture, dossier, held, code=style.TARGET, dashed=False)
        _targets(axes, picture, dossier)
    style.colour_bar(
        figure, (0.06, 1 - (KEY_TOP_PX + 14) / height, 0.25, 14 / height), style.Z,
        low=-limit, high=limit,
        label="Fisher z with the seed (blue: moves against it)",
    )  # fmt: skip
    _key(figure, dossier, names)
    return style.png(figure, dossier.subject.label)


def field_figure(dossier: Dossier, head_from_t1w: Floats) -> bytes:
    """Draw |E| on the cortex from the target's side and from above, with the target."""
    e = dossier.cortex_e_v_per_m
    limit = field_limit(e)
    figure = style.canvas(1150, 640)
    side = head_views.side(dossier, head_from_t1w)
    beside, top = _pair(
        figure, dossier, style.colour(e, style.FIELD, 0.0, limit), head_from_t1w,
        views=((*SIDES[side][:2], (480, 640), f"Seen from the {side}"),
               (*TOP, (480, 400), "Seen from above, nose up")),
    )  # fmt: skip
    head_views.letters(*beside, *SIDES[side][2:])
    head_views.letters(*top, "L", "R")
    for axes, picture in (beside, top):
        head_views.mark(axes, picture, dossier.target.point.xyz_mm[0], style.TARGET)
    didt = dossier.placement.didt_a_per_s / 1e6
    style.colour_bar(
        figure, (0.3, 0.105, 0.4, 0.02), style.FIELD, low=0.0, high=limit,
        label=f"Strength of the electric field, V/m, at {didt:g} A/µs. Magenta dot: target",
    )  # fmt: skip
    return style.png(figure, dossier.subject.label)


def _pair(
    figure: Any, dossier: Dossier, colours: Floats, head_from_t1w: Floats, *, views: Any
) -> list[tuple[Any, Picture]]:
    """Draw the coloured cortex from several sides, side by side."""
    vertices, triangles = dossier.cortex.vertices.xyz_mm, dossier.cortex.triangles
    shade = scene.relief(vertices, triangles)
    layer = scene.Layer(vertices, triangles, colours * shade[:, None])
    total = sum(size[1] for _, _, size, _ in views)
    width = float(figure.get_size_inches()[0] * style.DPI)
    x, out = (width - total) / (len(views) + 1), []
    for toward, up, size, title in views:
        view = head_views.camera(toward, up, head_from_t1w, size).fitted(vertices)
        picture = scene.draw((layer,), view)
        out.append((head_views.frame(figure, picture, x, 30, title), picture))
        x += size[1] + (width - total) / (len(views) + 1)
    return out


def _targets(axes: Any, picture: Picture, dossier: Dossier) -> None:
    target = dossier.target
    points = [target.point.xyz_mm[0], *(a.point.xyz_mm[0] for a in dossier.alternatives)]
    names = ["target", *(str(k + 1) for k in range(len(dossier.alternatives)))]
    if dossier.truth is not None:
        points.append(dossier.truth.xyz_mm[0])
        names.append("planted")
    for point in points[1 : 1 + len(dossier.alternatives)]:
        head_views.mark(axes, picture, point, style.INK, size=5.5)
    if dossier.truth is not None:
        head_views.mark(axes, picture, points[-1], style.TRUTH)
    head_views.mark(axes, picture, points[0], style.TARGET, size=8)
    if target.region_radius_mm is not None:
        head_views.ring(axes, picture, points[0], target.region_radius_mm, style.TARGET)
    head_views.callouts(axes, picture, np.asarray(points), tuple(names))


def _search_share(dossier: Dossier) -> Floats:
    """Give 1 on cortex inside the search region, 0 outside, smoothed over a few millimetres."""
    return _near_share(dossier, dossier.search)


def _region_share(dossier: Dossier) -> Floats:
    """Give 1 on cortex inside the target's region of places, 0 outside or without one."""
    region = dossier.target.region
    if region is None:
        return np.zeros(len(dossier.cortex.vertices))
    return _near_share(dossier, region.places)


def _near_share(dossier: Dossier, places: Points) -> Floats:
    from scipy.spatial import cKDTree

    if len(places) == 0:
        return np.zeros(len(dossier.cortex.vertices))
    vertices = dossier.cortex.vertices.xyz_mm
    distance, _ = cKDTree(places.xyz_mm).query(
        vertices, distance_upper_bound=4 * dossier.cmap_grid_mm
    )
    share = np.clip(2.0 - distance / (1.5 * dossier.cmap_grid_mm), 0, 1)
    return np.asarray(share, dtype=np.float64)


def _outline(
    axes: Any, picture: Picture, dossier: Dossier, inside: Floats, *, code: str, dashed: bool
) -> None:
    from scipy.ndimage import gaussian_filter

    if not inside.any():
        return
    share = scene.paint_scalar(
        dossier.cortex.vertices.xyz_mm, dossier.cortex.triangles, inside, picture.view
    )
    smooth = gaussian_filter(np.nan_to_num(share), 2.0 * picture.view.pixels_per_mm)
    if smooth.max() <= 0.5:
        return
    rows, columns = smooth.shape
    axes.contour(
        np.arange(columns) + 0.5, np.arange(rows) + 0.5, smooth, levels=[0.5],
        colors=[code], linewidths=1.1, linestyles="dashed" if dashed else "solid",
    )  # fmt: skip


def _key(figure: Any, dossier: Dossier, names: tuple[str, str]) -> None:
    """Write the key under the pictures: lines and ring below the colour bar, targets beside it."""
    lines = ["dashed line: where the target was sought"]
    if dossier.target.region_radius_mm is not None:
        share = round(100 * (dossier.target.confidence or 0))
        lines.append(f"magenta ring: {share} % region of the target, as a ball")
    if dossier.target.region is not None:
        share = round(100 * dossier.target.region.confidence)
        lines.append(f"magenta shade: {share} % region, place by place")
    style.paragraph(figure, "\n".join(lines), left_px=70, top_px=KEY_TOP_PX + 62)
    for column, text in enumerate(names):
        left = KEY_LEFT_PX + column * KEY_COLUMN_PX
        style.paragraph(figure, text, left_px=left, top_px=KEY_TOP_PX)


def _target_key(dossier: Dossier) -> tuple[str, str]:
    """Give number and name of every other target in two columns of about the same length."""
    wide = KEY_COLUMN_PX - 14
    names = [
        style.folded(f"{k}:  {target.method}", width_px=wide, indent="     ")
        for k, target in enumerate(dossier.alternatives, start=1)
    ]
    heights = np.cumsum([0, *(name.count("\n") + 1 for name in names)])
    split = int(np.argmin(np.maximum(heights, heights[-1] - heights)))
    return "\n".join(names[:split]), "\n".join(names[split:])
