"""The page's parts on one target's confidence and on what all methods say together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tmsguide.report import agreement_words, confidence

if TYPE_CHECKING:
    from tmsguide.report.confidence import AdviceBox, DoubtRow
    from tmsguide.report.dossier import Dossier

__all__ = ["TargetSection", "agreement_sentences", "target_section"]


@dataclass(frozen=True, slots=True)
class TargetSection:
    """How sure the target is, ready for the page; empty parts are left out there."""

    advice: AdviceBox | None
    extent: str
    share: str
    doubts: tuple[DoubtRow, ...]
    reliability: str


def target_section(dossier: Dossier) -> TargetSection:
    """Give the verdict about the individual target, its region, what moves it, its reliability."""
    target = dossier.target
    region, advice = target.region, target.advice
    return TargetSection(
        advice=confidence.advice_box(advice, dossier.agreement) if advice is not None else None,
        extent=confidence.extent(region) if region is not None else "",
        share=f"{100 * region.confidence:.0f} %" if region is not None else "",
        doubts=confidence.doubts(region.spread_mm) if region is not None else (),
        reliability=confidence.reliability(target.reliability) if target.reliability else "",
    )


def agreement_sentences(dossier: Dossier) -> tuple[str, ...]:
    """Give what the methods say together, one sentence or two for each matter."""
    given = dossier.agreement
    if given is None:
        return ()
    place = given.consensus
    told = (
        agreement_words.apart(given),
        agreement_words.consensus(given, dossier.mni_from_t1w(place) if place else None),
        agreement_words.group_sites(given),
        agreement_words.served(given),
    )
    return tuple(said for said in told if said)
