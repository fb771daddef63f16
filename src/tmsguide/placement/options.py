"""A short list for people to choose from: the best in each wish, and the best in all together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tmsguide.errors import InputError
from tmsguide.model import Placement
from tmsguide.placement.pareto import Goal, compromise, pareto_front
from tmsguide.placement.ranking import unlike

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from tmsguide.placement.candidates import Candidates

    Floats = NDArray[np.float64]

__all__ = ["Option", "Wish", "shortlist"]


@dataclass(frozen=True, slots=True, eq=False)
class Wish:
    """One objective over all K candidates: ``values`` (K,), and which way is better.

    ``weight`` says how much the loss of its whole range on the front counts beside the others'.
    """

    values: Floats
    goal: Goal = Goal.LARGER
    weight: float = 1.0


@dataclass(frozen=True, slots=True, eq=False)
class Option:
    """A placement on the Pareto front: its value in every wish, and why it is on the list."""

    placement: Placement
    values: Mapping[str, float]
    reason: str


def shortlist(
    among: Candidates,
    wishes: Mapping[str, Wish],
    *,
    apart_mm: float = 8.0,
    apart_deg: float = 30.0,
    didt_a_per_s: float = 1e6,
) -> tuple[Option, ...]:
    """Give the compromise of all wishes and the best in each, as far as they are unlike.

    All are on the Pareto front: no candidate is as good in every wish and better in one. The
    compromise comes first; where a placement is like one already on the list (see `search`), that
    one is named as near it instead.

    Raises
    ------
    InputError
        If there is no wish, or a wish has not one finite value per candidate.
    """
    for name, wish in wishes.items():
        if wish.values.shape != (len(among),):
            raise InputError(
                f"{name} has values {wish.values.shape} for {len(among)} candidates; "
                "needed one each"
            )
    if not wishes:
        raise InputError("a short list needs at least one wish, given none")
    table = np.stack([wish.values for wish in wishes.values()], axis=1)
    goals = [wish.goal for wish in wishes.values()]
    front = pareto_front(table, goals)
    weights = [wish.weight for wish in wishes.values()]
    named = [("compromise of all wishes", compromise(table, front, goals, weights=weights))]
    for i, name in enumerate(wishes):
        alone = np.where(np.arange(len(goals)) == i, 1.0, 0.0)
        named.append((f"best {name}", compromise(table, front, goals, weights=alone.tolist())))
    chosen: dict[int, list[str]] = {}
    for reason, index in named:
        apart = unlike(among.matsimnibs, index, apart_mm=apart_mm, apart_deg=apart_deg)
        twin = next((i for i in chosen if not apart[i]), None)
        if twin is None:
            chosen[index] = [reason]
        else:
            chosen[twin].append(reason if twin == index else f"near the {reason}")
    return tuple(
        Option(
            Placement(among.matsimnibs[i], among.frame, didt_a_per_s, float(among.standoff_mm[i])),
            dict(zip(wishes, table[i].tolist(), strict=True)),
            ", ".join(reasons),
        )
        for i, reasons in chosen.items()
    )
