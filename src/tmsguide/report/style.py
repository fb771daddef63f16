"""The look of every figure: colours safe for colour-blind readers, sizes, and the way out."""

from __future__ import annotations

import io
import textwrap
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

__all__ = [
    "ALTERNATIVE",
    "BONE_GREY",
    "DISTANCE",
    "DPI",
    "FIELD",
    "FOOTER",
    "INK",
    "SKIN",
    "TARGET",
    "TISSUE_COLOURS",
    "TRUTH",
    "WEAK_INK",
    "Z",
    "canvas",
    "colour",
    "colour_bar",
    "folded",
    "paragraph",
    "plain",
    "png",
    "png_named",
    "ruler",
    "shortened",
]

DPI = 110
#: Type size of a figure's key, and the height of its lines in pixels.
KEY_POINTS = 8.5
LINE_PX = 20.0
INK = "#1c2733"
WEAK_INK = "#5b6875"
FOOTER = "Research use only. Not a medical device."
TARGET = "#d6006c"  # magenta: in no colour map used here
ALTERNATIVE = "#ffffff"
TRUTH = "#00a36c"
BONE_GREY = (0.80, 0.79, 0.77)  # cortex without a map
SKIN = (0.88, 0.74, 0.64)
#: Okabe & Ito 2008, by tissue label 1 to 5.
TISSUE_COLOURS = {
    1: "#f0e442", 2: "#cc79a7", 3: "#56b4e9", 4: "#e69f00", 5: "#009e73",
    6: "#0072b2", 7: "#e69f00", 8: "#d55e00", 9: "#a6192e", 10: "#7a9e00",
}  # fmt: skip

#: Stops of a diverging map, blue to orange through the grey of the cortex.
Z = ((0.03, 0.19, 0.45), (0.13, 0.44, 0.78), (0.55, 0.76, 0.92), BONE_GREY,
     (0.98, 0.75, 0.40), (0.88, 0.42, 0.06), (0.50, 0.16, 0.02))  # fmt: skip
#: Stops of a sequential map, grey of the cortex to yellow, red and near black.
FIELD = (BONE_GREY, (0.99, 0.88, 0.45), (0.97, 0.62, 0.18), (0.83, 0.27, 0.17),
         (0.55, 0.08, 0.28), (0.24, 0.02, 0.27))  # fmt: skip

#: Stops of a map of distances, deep green where two places are one to white where they are far.
DISTANCE = ((0.00, 0.29, 0.25), (0.08, 0.48, 0.42), (0.38, 0.68, 0.60), (0.70, 0.86, 0.80),
            (0.89, 0.95, 0.92), (1.0, 1.0, 1.0))  # fmt: skip


def colour(
    values: NDArray[np.float64],
    stops: tuple[tuple[float, float, float], ...],
    low: float,
    high: float,
) -> NDArray[np.float64]:
    """Give RGB (..., 3) of values on evenly spaced stops; NaN takes the grey of the cortex."""
    at = (np.nan_to_num(values, nan=0.0) - low) / (high - low) * (len(stops) - 1)
    table = np.asarray(stops)
    rgb = np.stack([np.interp(at, np.arange(len(stops)), table[:, k]) for k in range(3)], -1)
    return np.where(np.isfinite(values)[..., None], rgb, np.asarray(BONE_GREY))


def canvas(width_px: int, height_px: int) -> Any:
    """Give an empty matplotlib figure of a size in pixels, with no global state behind it."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width_px / DPI, height_px / DPI), dpi=DPI, facecolor="white")
    FigureCanvasAgg(figure)
    return figure


def plain(text: str) -> str:
    """Give text that matplotlib draws as it stands: a dollar sign starts no formula."""
    return text.replace("$", r"\$")


def paragraph(figure: Any, text: str, *, left_px: float, top_px: float) -> Any:
    """Write lines of a key at pixels from the figure's left and top; gives the text drawn."""
    width, height = figure.get_size_inches() * DPI
    return figure.text(
        left_px / width, 1 - top_px / height, plain(text), fontsize=KEY_POINTS, va="top",
        color=INK, linespacing=1.5,
    )  # fmt: skip


def folded(text: str, *, width_px: float, indent: str, points: float = KEY_POINTS) -> str:
    """Give a key's text in lines no wider than ``width_px``; later ones start with ``indent``."""
    wide = ruler(points)
    per_letter = wide(text) / max(len(text), 1)
    start = max(9, min(120, int(1.3 * width_px / per_letter))) if per_letter > 0 else 9
    for most in range(start, 8, -1):  # no line is 1.3 times narrower than the whole text
        lines = textwrap.wrap(text, most, subsequent_indent=indent)
        if all(wide(line) <= width_px for line in lines):
            break
    return "\n".join(lines)


def shortened(text: str, *, width_px: float, lines: int, points: float = KEY_POINTS) -> str:
    """Give a label in at most ``lines`` lines of ``width_px``, ended by … where it was cut."""
    said = folded(text, width_px=width_px, indent="", points=points).split("\n")
    if len(said) <= lines:
        return "\n".join(said)
    wide, last = ruler(points), said[lines - 1]
    while last and wide(last + "…") > width_px:
        last = last[:-1]
    return "\n".join([*said[: lines - 1], last.rstrip() + "…"])


def ruler(points: float) -> Callable[[str], float]:
    """Give a function that tells how many pixels wide a line of text is drawn."""
    from matplotlib.text import Text

    figure = canvas(10, 10)
    text = Text(fontsize=points, figure=figure)
    renderer = figure.canvas.get_renderer()

    def wide(line: str) -> float:
        text.set_text(plain(line))
        return float(text.get_window_extent(renderer).width)

    return wide


def colour_bar(
    figure: Any,
    box: tuple[float, float, float, float],
    stops: tuple[tuple[float, float, float], ...],
    *,
    low: float,
    high: float,
    label: str,
) -> None:
    """Draw a horizontal colour bar in ``box`` (figure fractions: left, bottom, width, height)."""
    axes = figure.add_axes(box)
    ramp = colour(np.linspace(low, high, 256)[None, :], stops, low, high)
    axes.imshow(ramp, aspect="auto", extent=(low, high, 0, 1))
    axes.set_yticks([])
    axes.set_xticks(np.linspace(low, high, 5))
    axes.tick_params(labelsize=8, colors=INK, length=2)
    axes.set_xlabel(label, fontsize=8.5, color=INK)
    for spine in axes.spines.values():
        spine.set_visible(False)


def png(figure: Any, subject: str) -> bytes:
    """Give the figure as PNG bytes, subject and research line in its corner."""
    return png_named(figure, f"sub-{subject}")


def png_named(figure: Any, name: str) -> bytes:
    """Give the figure as PNG bytes, any name before the research line; same figure, same bytes."""
    figure.text(
        0.995, 0.006, plain(f"{name} · {FOOTER}"), ha="right", va="bottom", fontsize=7,
        color=WEAK_INK,
    )  # fmt: skip
    out = io.BytesIO()
    figure.savefig(
        out, format="png", dpi=DPI, metadata={"Software": None}, pil_kwargs={"compress_level": 6}
    )
    return out.getvalue()
