"""The figure on the scan itself: head motion, signal change, and every voxel over time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tmsguide.report import style

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tmsguide.report.dossier import Dossier

__all__ = ["scan_figure"]


def scan_figure(dossier: Dossier) -> bytes:
    """Draw framewise displacement with its limit and dropped frames, DVARS, and the carpet."""
    minutes = np.arange(len(dossier.fd_mm)) * dossier.tr_s / 60
    end = len(dossier.fd_mm) * dossier.tr_s / 60
    figure = style.canvas(1100, 560)
    motion = figure.add_axes((0.075, 0.755, 0.91, 0.2))
    change = figure.add_axes((0.075, 0.565, 0.91, 0.14))
    carpet = figure.add_axes((0.075, 0.115, 0.91, 0.4))

    top = float(max(1.25 * dossier.fd_limit_mm, np.nanpercentile(dossier.fd_mm, 99.5)))
    for start, stop in _runs(~dossier.kept):
        for axes in (motion, change):
            axes.axvspan(
                start * dossier.tr_s / 60, stop * dossier.tr_s / 60, color="#f3b9a5", linewidth=0
            )
    motion.plot(minutes, np.minimum(dossier.fd_mm, top), color=style.INK, linewidth=0.9)
    motion.axhline(dossier.fd_limit_mm, color="#c2410c", linewidth=1.1, linestyle=(0, (5, 3)))
    motion.text(
        end, dossier.fd_limit_mm, f"limit {dossier.fd_limit_mm:g} mm ", color="#c2410c",
        fontsize=8.5, ha="right", va="bottom",
    )  # fmt: skip
    motion.set_ylim(0, 1.05 * top)
    motion.set_ylabel("head motion\nmm per frame", fontsize=8.5)
    share = 100 * float(np.mean(~dossier.kept))
    motion.set_title(
        f"Head motion over the scan; shaded frames ({share:.0f} %) were left out",
        fontsize=9.5, loc="left", color=style.INK,
    )  # fmt: skip
    change.plot(minutes, dossier.dvars, color="#31688e", linewidth=0.9)
    change.set_ylabel("signal change\n(DVARS)", fontsize=8.5)
    spread = float(np.nanstd(dossier.carpet)) or 1.0
    carpet.imshow(
        dossier.carpet.T, aspect="auto", cmap="gray", vmin=-2 * spread, vmax=2 * spread,
        extent=(0, end, 0, 1), interpolation="none" if dossier.carpet.shape[0] < 900 else "auto",
    )  # fmt: skip
    carpet.set_yticks([])
    carpet.set_ylabel("places in the brain", fontsize=8.5)
    carpet.set_xlabel("minutes", fontsize=8.5)
    for axes in (motion, change):
        axes.set_xticklabels([])
    for axes in (motion, change, carpet):
        _quiet(axes, end)
    return style.png(figure, dossier.subject.label)


def _quiet(axes: Any, end: float) -> None:
    axes.set_xlim(0, end)
    axes.tick_params(labelsize=8, colors=style.INK, length=3)
    for name in ("top", "right"):
        axes.spines[name].set_visible(False)


def _runs(flags: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Give (start, stop) of each run of True."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], flags.astype(np.int8), [0]])))
    return list(zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True))
