"""The picture that shows whether the functional scan lies on the T1w: lines of one on it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tmsguide.model import Tissue, Volume
from tmsguide.report import slices, style
from tmsguide.report.slices import Plane

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tmsguide.report.dossier import Dossier

    Floats = NDArray[np.float64]

__all__ = ["alignment_figure", "alignment_planes"]

STEP_MM = 0.7
MARGIN_MM = 12.0
BRAIN, WHITE = "#ffb000", "#56d4ff"
#: Where the slices lie, as parts of the brain's extent: cortex, ventricles and temporal lobes.
AXIAL, CORONAL = (0.26, 0.44, 0.62, 0.80), (0.36, 0.68)


def alignment_figure(dossier: Dossier) -> bytes:
    """Draw the functional image in three planes with the T1w's white matter and brain as lines.

    Of several slices in each plane, one sagittal through the seed. The functional image is the
    one as acquired where the dossier has it, so that a shift shows at the brain's edge too.
    """
    planes = alignment_planes(dossier)
    labels = dossier.anatomy.labels
    white = Volume(labels.data == Tissue.WM, labels.frame_from_voxel, labels.frame)
    shown = dossier.bold_reference or dossier.mean_bold
    top = _white_level(shown, dossier)
    figure = style.canvas(1100, 690)
    rows = [
        slices.panels(figure, planes[:4], top=0.95, bottom=0.53),
        slices.panels(figure, planes[4:], top=0.485, bottom=0.105),
    ]
    for axes, plane in zip([*rows[0], *rows[1]], planes, strict=True):
        grid = plane.grid(STEP_MM)
        grey = np.clip(slices.sample(shown, grid) / top, 0, 1)
        axes.imshow(
            grey, cmap="gray", vmin=0, vmax=1, extent=(0, plane.width_mm, plane.height_mm, 0),
            interpolation="bilinear", aspect="auto",
        )  # fmt: skip
        _edge(axes, plane, slices.sample(dossier.anatomy.brain_mask, grid), BRAIN)
        _edge(axes, plane, slices.sample(white, grid), WHITE)
        if plane.axis == 0 and abs(plane.at_mm - dossier.seed.xyz_mm[0, 0]) < 0.01:
            _seed(axes, plane, dossier)
    figure.text(
        0.5, 0.05, "Grey: mean functional image. Lines from the T1w: brain (orange), white matter "
        "(blue). White ring: seed region.", ha="center", fontsize=8.5, color=style.INK,
    )  # fmt: skip
    figure.text(0.005, 0.006, slices.SIDES, fontsize=7, color=style.WEAK_INK)
    return style.png(figure, dossier.subject.label)


def alignment_planes(dossier: Dossier) -> tuple[Plane, ...]:
    """Give four axial, two coronal and two sagittal planes, the last through the seed."""
    inner, outer = slices.bounds(dossier.anatomy.brain_mask, 0)
    low, high = inner - MARGIN_MM, outer + MARGIN_MM
    size = outer - inner
    left = float(inner[0] + 0.27 * size[0])
    return (
        *(Plane(2, float(inner[2] + part * size[2]), low, high) for part in AXIAL),
        *(Plane(1, float(inner[1] + part * size[1]), low, high) for part in CORONAL),
        Plane(0, left, low, high),
        Plane(0, float(dossier.seed.xyz_mm[0, 0]), low, high),
    )


def _white_level(shown: Volume, dossier: Dossier) -> float:
    """Give the signal drawn white: little of the brain is brighter, fat and vessels may be."""
    brain = dossier.anatomy.brain_mask
    index = np.argwhere(np.asarray(brain.data) > 0)[::37]
    m = brain.frame_from_voxel
    inside = slices.sample(shown, index @ m[:3, :3].T + m[:3, 3])
    inside = inside[np.isfinite(inside) & (inside > 0)]
    return float(np.percentile(inside, 99)) if inside.size else 1.0


def _edge(axes: Any, plane: Plane, share: Floats, code: str) -> None:
    if not (share.max() > 0.5 > share.min()):
        return
    rows, columns = share.shape
    axes.contour(
        (np.arange(columns) + 0.5) * plane.width_mm / columns,
        (np.arange(rows) + 0.5) * plane.height_mm / rows,
        share, levels=[0.5], colors=[code], linewidths=0.8,
    )  # fmt: skip


def _seed(axes: Any, plane: Plane, dossier: Dossier) -> None:
    from matplotlib.patches import Circle

    x, y = plane.locate(dossier.seed.xyz_mm[:1])[0]
    axes.add_patch(
        Circle((x, y), dossier.seed_radius_mm, fill=False, edgecolor="white", linewidth=1.4)
    )
