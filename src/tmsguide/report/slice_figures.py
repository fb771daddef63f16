"""Figures on the person's own slices: tissues and connectivity."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tmsguide.model import Tissue, Volume
from tmsguide.report import quantities, slices, style

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tmsguide.model import Anatomy
    from tmsguide.report.dossier import Dossier
    from tmsguide.report.slices import Plane

    Floats = NDArray[np.float64]

__all__ = ["connectivity_figure", "labels_figure", "tissue_figure", "z_limit"]

STEP_MM = 0.7

TISSUE_NAMES = {
    Tissue.WM: "white matter",
    Tissue.GM: "grey matter",
    Tissue.CSF: "fluid",
    Tissue.BONE: "bone",
    Tissue.SCALP: "scalp and other soft tissue",
    Tissue.EYE: "eye",
    Tissue.COMPACT_BONE: "compact bone",
    Tissue.SPONGY_BONE: "spongy bone",
    Tissue.BLOOD: "blood",
    Tissue.MUSCLE: "muscle",
}


def z_limit(z: Floats) -> float:
    """Give the end of the colour scale: the 99th percentile of |z|, up to the next 0.1."""
    return float(max(0.1, np.ceil(10 * np.nanpercentile(np.abs(z), 99)) / 10))


def tissue_figure(dossier: Dossier) -> bytes:
    """Draw the tissue labels on the T1w, three planes through the target."""
    at = dossier.target.point.xyz_mm[0]
    return labels_figure(dossier.anatomy, at, dossier.subject.label)


def labels_figure(anatomy: Anatomy, at_mm: Floats, label: str) -> bytes:
    """Draw the tissue labels on the T1w, three planes through a place (3,) of the T1w frame."""
    from matplotlib.patches import Patch

    low, high = slices.bounds(_mask(anatomy.labels), 4)
    planes = _through(at_mm, low, high)
    figure, top = style.canvas(1100, 480), _white_level(anatomy)
    held = set(np.unique(anatomy.labels.data).tolist())
    for axes, plane in zip(slices.panels(figure, planes), planes, strict=True):
        _image(axes, _grey(anatomy.t1w, plane, top), plane)
        labels = slices.nearest(anatomy.labels, plane.grid(STEP_MM))
        overlay = np.zeros((*labels.shape, 4))
        for tissue, code in style.TISSUE_COLOURS.items():
            overlay[labels == tissue] = _rgba(code, 0.42)
        _image(axes, overlay, plane)
    figure.legend(
        handles=[
            Patch(color=style.TISSUE_COLOURS[t], label=n)
            for t, n in TISSUE_NAMES.items()
            if int(t) in held
        ],
        loc="lower center", ncol=6, frameon=False, fontsize=8.5, bbox_to_anchor=(0.5, 0.03),
    )  # fmt: skip
    _sides(figure)
    return style.png(figure, label)


def connectivity_figure(dossier: Dossier) -> bytes:
    """Draw Fisher z with the seed on the T1w: three planes through the target, one at the seed."""
    low, high = slices.bounds(dossier.anatomy.brain_mask, 8)
    here, seed = dossier.target.point.xyz_mm[0], dossier.seed.xyz_mm[0]
    planes = (*_through(here, low, high), slices.Plane(0, float(seed[0]), low, high))
    limit = z_limit(dossier.cmap.z)
    grid = slices.lattice(dossier.cmap.where, dossier.cmap.z, dossier.cmap_grid_mm)
    figure, top = style.canvas(1100, 400), _white_level(dossier.anatomy)
    drawn = slices.panels(figure, planes, top=0.92, bottom=0.2)
    for number, (axes, plane) in enumerate(zip(drawn, planes, strict=True)):
        _image(axes, _grey(dossier.anatomy.t1w, plane, top), plane)
        z = slices.sample(grid, plane.grid(STEP_MM))
        rgb = style.colour(z, style.Z, -limit, limit)
        strength = np.clip(np.abs(np.nan_to_num(z)) / (0.35 * limit), 0, 1) * 0.9
        _image(axes, np.concatenate([rgb, strength[..., None]], axis=-1), plane)
        if number < 3:
            _region(axes, plane, dossier)
            _cross(axes, plane, here, dossier.target.region_radius_mm)
        else:
            _ring(axes, plane, seed, dossier.seed_radius_mm, "white")
            axes.set_title(f"Seed, x = {quantities.coordinates(seed[:1])} mm", fontsize=9, pad=4)
    style.colour_bar(
        figure, (0.36, 0.13, 0.28, 0.028), style.Z, low=-limit, high=limit,
        label="Fisher z with the seed (blue: moves against it)",
    )  # fmt: skip
    _sides(figure)
    return style.png(figure, dossier.subject.label)


def _mask(labels: Volume) -> Volume:
    return Volume(labels.data > 0, labels.frame_from_voxel, labels.frame)


def _through(point: Floats, low: Floats, high: Floats) -> tuple[Plane, Plane, Plane]:
    sagittal, coronal, axial = (slices.Plane(k, float(point[k]), low, high) for k in range(3))
    return sagittal, coronal, axial


def _white_level(anatomy: Anatomy) -> float:
    inside = anatomy.t1w.data[anatomy.brain_mask.data > 0]
    top = 1.15 * float(np.percentile(inside, 99)) if inside.size else 0.0
    return top if top > 0 else float(max(anatomy.t1w.data.max(), 1.0))


def _grey(volume: Volume, plane: Plane, top: float) -> Floats:
    grey = np.clip(slices.sample(volume, plane.grid(STEP_MM)) / top, 0, 1)
    return np.repeat(grey[..., None], 3, axis=-1)


def _image(axes: Any, picture: Floats, plane: Plane) -> None:
    axes.imshow(
        picture, extent=(0, plane.width_mm, plane.height_mm, 0), interpolation="bilinear",
        aspect="auto",
    )  # fmt: skip


def _cross(axes: Any, plane: Plane, point: Floats, radius_mm: float | None) -> None:
    """Draw hair lines that stop short of the point, and the ring of the region round it."""
    x, y = plane.locate(point[None])[0]
    gap = max(5.0, radius_mm or 0)
    line = {"color": "white", "linewidth": 0.7, "alpha": 0.8}
    axes.plot([0, x - gap], [y, y], **line)
    axes.plot([x + gap, plane.width_mm], [y, y], **line)
    axes.plot([x, x], [0, y - gap], **line)
    axes.plot([x, x], [y + gap, plane.height_mm], **line)
    axes.plot([x], [y], marker="o", markersize=4, color=style.TARGET, markeredgecolor="white")
    if radius_mm is not None:
        _ring(axes, plane, point, radius_mm, style.TARGET)


def _region(axes: Any, plane: Plane, dossier: Dossier) -> None:
    """Outline the part of the target's region, place by place, that the slice cuts."""
    from scipy.spatial import cKDTree

    region, reach = dossier.target.region, 0.75 * dossier.cmap_grid_mm
    if region is None or len(region.places) == 0:
        return
    at = plane.grid(STEP_MM)
    away, _ = cKDTree(region.places.xyz_mm).query(
        at.reshape(-1, 3), distance_upper_bound=4 * reach
    )
    away = np.minimum(away, 4 * reach).reshape(at.shape[:2])
    if away.min() >= reach:
        return
    rows, columns = away.shape
    axes.contour(
        (np.arange(columns) + 0.5) * plane.width_mm / columns,
        (np.arange(rows) + 0.5) * plane.height_mm / rows,
        away, levels=[reach], colors=[style.TARGET], linewidths=1.1, zorder=7,
    )  # fmt: skip


def _ring(axes: Any, plane: Plane, point: Floats, radius_mm: float, code: str) -> None:
    from matplotlib.patches import Circle

    x, y = plane.locate(point[None])[0]
    axes.add_patch(Circle((x, y), radius_mm, fill=False, edgecolor=code, linewidth=1.4, zorder=8))


def _rgba(code: str, alpha: float) -> tuple[float, float, float, float]:
    red, green, blue = (int(code[k : k + 2], 16) / 255 for k in (1, 3, 5))
    return red, green, blue, alpha


def _sides(figure: Any) -> None:
    figure.text(0.005, 0.006, slices.SIDES, fontsize=7, color=style.WEAK_INK)
