"""An H-coil as described in words in the open literature."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tmsguide.field.coils.turns import join
from tmsguide.field.tables import table
from tmsguide.model import Coil

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

__all__ = ["h1_like"]

_PIECE_M = 3e-3
_CASING_STEP_M = 5e-3


def h1_like() -> Coil:
    """Give a coil like the H1: ten strips over the target, half of them returning far off.

    A sketch, not the product: ten strips of 11 cm, 8 mm apart, bent to a ball of 95 mm about the
    head; five return 8 cm away on the head, five 8 cm up in the air. We know of no published
    drawing: each strip may lie 10 mm elsewhere. Good for how deep and how wide such a coil
    reaches, not for a dose. A rising current drives E along +y under the strips' middle.

    References
    ----------
    Zangen et al. 2005, Clin. Neurophysiol. 116:775, doi:10.1016/j.clinph.2004.11.008;
    Roth et al. 2007, J. Clin. Neurophysiol. 24:31, doi:10.1097/WNP.0b013e31802fa393.
    """
    row = table("h1_like.toml")
    position, element = join(_closed(np.array(loop)) for loop in row["loops"])
    casing = _casing(position, np.array(row["head_centre_m"]), row["head_radius_m"])
    x, y = np.abs(position[:, :2]).max(axis=0)
    return Coil(
        name=row["name"],
        position_m=position,
        element_m=element,
        max_didt_a_per_s=float("nan"),
        casing_half_size_m=(float(x), float(y), -0.5 * float(position[:, 2].min())),
        source=f"{row['source']}. Error: {row['stated']}",
        casing_m=casing,
    )


def _closed(corner: Floats) -> tuple[Floats, Floats]:
    """Cut a closed polygon (K, 3) into elements of at most 3 mm."""
    parts = []
    for start, side in zip(corner, np.roll(corner, -1, axis=0) - corner, strict=True):
        n = int(np.ceil(np.linalg.norm(side) / _PIECE_M))
        share = (np.arange(n)[:, None] + 0.5) / n
        parts.append((start + share * side, np.tile(side / n, (n, 1))))
    return join(parts)


def _casing(position: Floats, centre: Floats, radius: float) -> Floats:
    """Points (V, 3) of the ball that is the helmet's inside, under the conductors near it."""
    arm = position - centre
    distance = np.linalg.norm(arm, axis=1)
    low = arm[distance < 1.2 * radius] / distance[distance < 1.2 * radius][:, None]
    on_ball: Floats = centre + radius * low
    _, first = np.unique((on_ball / _CASING_STEP_M).round(), axis=0, return_index=True)
    kept: Floats = on_ball[np.sort(first)]
    return kept
