"""The placements worth choosing, in words: what each is best at, and what it costs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tmsguide.report import orientation, quantities, words

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tmsguide.report.dossier import Dossier
    from tmsguide.report.entries import OptionEntry

    Floats = NDArray[np.float64]

__all__ = ["OptionRow", "option_rows"]


@dataclass(frozen=True, slots=True)
class OptionRow:
    """One placement in words; ``held`` is the field when the coil is held a little off."""

    number: int
    reason: str
    field: str
    held: str
    area: str
    scalp: str
    output: str
    shift: str
    handle: str


def option_rows(dossier: Dossier, head_from_t1w: Floats) -> tuple[OptionRow, ...]:
    """Give the planned placement first and then the others, each against the planned one."""
    if not dossier.options:
        return ()
    middle = dossier.scalp.vertices.xyz_mm.mean(axis=0)
    first = dossier.options[0].placement.center_mm
    return tuple(
        _row(number, entry, first, head_from_t1w, middle)
        for number, entry in enumerate(dossier.options, start=1)
    )


def _row(
    number: int, entry: OptionEntry, first_mm: Floats, head_from_t1w: Floats, middle_mm: Floats
) -> OptionRow:
    pose = entry.placement
    low, expected = (
        quantities.significant(v, 3) for v in (entry.low_v_per_m, entry.expected_v_per_m)
    )
    shift = float(np.linalg.norm(pose.center_mm - first_mm))
    turn = orientation.turn_outwards_deg(pose.matsimnibs, head_from_t1w, middle_mm)
    return OptionRow(
        number=number,
        reason=entry.reason[:1].upper() + entry.reason[1:],
        field=quantities.significant(entry.target_v_per_m, 3),
        held=f"{expected} (seldom under {low})",
        area=f"{quantities.significant(entry.focal_mm2 / 100)} cm²",
        scalp=f"{quantities.significant(entry.scalp_per_target)} times",
        output=f"{entry.dose_percent:.0f} %",
        shift=quantities.millimetres(shift) if number > 1 else "–",
        handle=words.handle_turn(turn),
    )
