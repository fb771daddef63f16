"""What the methods say together: how far apart they are, where they meet, what one coil serves."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tmsguide.report import quantities, sentences

if TYPE_CHECKING:
    from tmsguide.model import Points
    from tmsguide.report.entries import AgreementEntry

__all__ = ["apart", "consensus", "group_sites", "served"]


def apart(given: AgreementEntry) -> str:
    """Say how far the methods' targets lie apart."""
    count = len(given.names)
    if count < 2:
        return ""
    pairs = given.distance_mm[np.triu_indices(count, 1)]
    low, middle, high = (quantities.millimetres(f(pairs)) for f in (np.min, np.median, np.max))
    if count == 2:
        return f"The two targets lie {low} apart."
    return (
        f"Any two of the {count} targets lie {low} to {high} apart, {middle} in the middle case."
    )


def consensus(given: AgreementEntry, mni: Points | None) -> str:
    """Say where most methods meet, with their numbers; ``mni`` is that place in MNI.

    Methods that share a seed or a map share its errors: the sentence says so.
    """
    agreed = _numbers(given, given.consensus_methods)
    if given.consensus is None or mni is None or not agreed:
        return "There is no place on which several methods agree." if len(given.names) > 2 else ""
    where = quantities.coordinates(mni.xyz_mm[0])
    radius = quantities.millimetres(given.consensus_radius_mm)
    spread = ""
    if np.isfinite(given.consensus_region_mm):
        reach = quantities.millimetres(given.consensus_region_mm)
        spread = f" 95 in 100 of their resampled targets lie within {reach} of it."
    return (
        f"{len(agreed)} methods that read this scan meet within {radius} of MNI {where} mm: "
        f"{_named(agreed)}.{spread} Agreement is no proof: methods that share a seed or a map "
        "share its errors."
    )


def group_sites(given: AgreementEntry) -> str:
    """Say how far the group and scalp-rule sites lie from the planned target, nearest first."""
    sites = sorted(given.group_distance_mm.items(), key=lambda item: (item[1], item[0]))
    if not sites:
        return ""
    told = "; ".join(f"{name} {quantities.millimetres(away)}" for name, away in sites)
    return f"From the planned target to group and scalp-rule sites: {told}."


def served(given: AgreementEntry) -> str:
    """Say which other methods' targets the coil as planned reaches with enough field."""
    percent = given.served_percent[1:]
    known = np.isfinite(percent)
    if not known.any():
        return ""
    limit = f"{given.served_limit_percent:.0f} %"
    reached = [str(k + 1) for k in np.flatnonzero(known & (percent >= given.served_limit_percent))]
    less = [str(k + 1) for k in np.flatnonzero(known & (percent < given.served_limit_percent))]
    first = (
        f"Held as planned, the coil gives at least {limit} of the target's field at "
        f"{_named(reached)} too: one placement serves them together."
        if reached
        else f"Held as planned, the coil gives no other target {limit} of the target's field: "
        "each needs a placement of its own."
    )
    if reached and less:
        said = sentences.sentence(f"{_named(less)} would need a placement of {_own(less)} own")
        first = f"{first} {said}"
    return f"{first} That is field in a model, not effect."


def _named(agreed: list[str]) -> str:
    """Give numbers of the table in words; what is no number stands before or after them."""
    numbers = [name for name in agreed if name.isdecimal()]
    before = [name for name in agreed if name == "the target"]
    after = [name for name in agreed if not name.isdecimal() and name not in before]
    told = f"number{'s' if len(numbers) > 1 else ''} {sentences.listed(numbers)}"
    return sentences.listed([*before, *([told] if numbers else []), *after])


def _own(names: list[str]) -> str:
    return "its" if len(names) == 1 else "their"


def _numbers(given: AgreementEntry, names: tuple[str, ...]) -> list[str]:
    """Give the numbers of methods by their titles, in order; a title unknown stays as it is."""
    order = {name: k for k, name in reversed([*enumerate(given.names)])}
    known = sorted(order[name] for name in names if name in order)
    unknown = [name for name in names if name not in order]
    return [str(k) if k else "the target" for k in known] + unknown
