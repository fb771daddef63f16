"""How far a coregistration can be trusted: when to search on, to warn and to refuse."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tmsguide.model import Affine

__all__ = ["Coregistration", "Start", "convincing", "doubts", "refusal"]

#: bbregister's advice: look again above 0.8; 1 is chance.
POOR_COST = 0.8
#: Above this the edge of white matter is not seen at all.
HOPELESS_COST = 0.9
#: Below this nobody needs more starts.
SURE_COST = 0.6
#: Two sessions, or a repositioned head, explain less than this; more wants a person's eye.
FAR_MM, FAR_DEG = 15.0, 15.0
#: How far halves of the edge may go from the whole: a doubt, and a refusal. Measured 0.2 to 1.2 on
#: right pairs (generated and real; slabs, noise, 5 mm voxels, 9 mm of distortion), 2.4 to 5 on
#: scans of others; two people made from one template are near twins, 1.5.
UNEVEN_MM, TORN_MM = 1.3, 1.8
#: Part of the brain's edge that must be in view.
LEAST_IN_VIEW = 0.2
#: Solutions of like cost that lie further apart than this are rivals.
RIVAL_MM, RIVAL_COST = 3.0, 0.03


@dataclass(frozen=True, slots=True)
class Start:
    """Where one start of the search ended: its cost and its mean distance from the chosen one."""

    name: str
    cost: float
    distance_mm: float


@dataclass(frozen=True, slots=True, eq=False)
class Coregistration:
    """The rigid map ``t1w_from_bold`` and how far it can be trusted.

    ``cost`` is the boundary cost of the pairs in view (0 best, 1 chance); ``in_view`` their part
    of all; ``moved_mm`` (mean over the edge of white matter) and ``moved_deg`` the way from what
    the headers say; ``disagreement_mm`` the largest distance of a start whose cost is as good;
    ``halves_mm`` how far halves of the edge, sought alone, go from the whole's answer (RMS).
    """

    t1w_from_bold: Affine
    cost: float
    in_view: float
    moved_mm: float
    moved_deg: float
    disagreement_mm: float
    starts: tuple[Start, ...]
    problems: tuple[str, ...]
    halves_mm: float = float("nan")


def convincing(found: Coregistration) -> bool:
    """Tell whether no other start need be tried."""
    return (
        found.cost <= SURE_COST
        and found.in_view >= LEAST_IN_VIEW
        and found.halves_mm <= UNEVEN_MM
        and found.disagreement_mm <= RIVAL_MM
    )


def refusal(found: Coregistration) -> str:
    """Give why the best answer must not be used, or nothing."""
    if found.cost > HOPELESS_COST or found.in_view < LEAST_IN_VIEW:
        reason = (
            f"boundary cost {found.cost:.2f} (1 is chance, below {POOR_COST} is needed), "
            f"{found.in_view:.0%} of the brain's edge in view"
        )
    elif found.halves_mm > TORN_MM:
        reason = (
            f"parts of the brain's edge want places {found.halves_mm:.1f} mm from the whole's "
            f"(at most {TORN_MM}), as with another person's scan"
        )
    elif found.cost > SURE_COST and sum(s.distance_mm < RIVAL_MM for s in found.starts) < 2:
        reason = f"of {len(found.starts)} starts only one ends there, at cost {found.cost:.2f}"
    elif found.disagreement_mm > RIVAL_MM:
        reason = f"two answers {found.disagreement_mm:.0f} mm apart fit alike"
    else:
        reason = ""
    return reason


def doubts(found: Coregistration) -> tuple[str, ...]:
    """Give the reasons to look at the overlay, in plain words."""
    out = []
    if found.moved_mm > FAR_MM or found.moved_deg > FAR_DEG:
        out.append(
            f"coregistration moved the functional scan {found.moved_mm:.0f} mm and "
            f"{found.moved_deg:.0f} degrees from where its header places it; look at the overlay"
        )
    if found.cost > POOR_COST:
        out.append(
            f"the functional scan fits the T1w poorly (boundary cost {found.cost:.2f}, above "
            f"{POOR_COST}); look at the overlay"
        )
    if found.halves_mm > UNEVEN_MM:
        out.append(
            f"parts of the brain's edge want the functional scan {found.halves_mm:.1f} mm from "
            "where the whole puts it (distortion, or another person's T1w); look at the overlay"
        )
    if found.disagreement_mm > RIVAL_MM:
        out.append(
            f"coregistration has two answers {found.disagreement_mm:.1f} mm apart that fit alike; "
            "look at the overlay"
        )
    return tuple(out)
