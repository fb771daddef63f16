"""Targets, their confidence and their agreement, as tables and images."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tmsguide.io import write_json, write_tsv
from tmsguide.pipeline.carried import filled
from tmsguide.pipeline.side_by_side import field_at
from tmsguide.targeting import agreement

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tmsguide.model import Target
    from tmsguide.pipeline.case import Case
    from tmsguide.pipeline.publication import Publication

__all__ = ["publish_confidence", "target_columns"]


def target_columns(targets: Sequence[Target], case: Case) -> dict[str, list[object]]:
    """Give one row per target, the planned one first."""
    native = np.concatenate([t.point.xyz_mm for t in targets])
    mni = np.concatenate([case.mni_of(t.point) for t in targets])
    shift = case.targets.global_signal_shift_mm
    return {
        "name": [t.name for t in targets],
        "method": [t.method for t in targets],
        **{f"{axis}_t1w_mm": list(native[:, i]) for i, axis in enumerate("xyz")},
        **{f"{axis}_mni_mm": list(mni[:, i]) for i, axis in enumerate("xyz")},
        "score": [t.score for t in targets],
        "region_radius_mm": [t.region_radius_mm for t in targets],
        "region_cm3": [t.region.volume_cm3 if t.region else None for t in targets],
        "apart_mm": [t.reliability.apart_mm if t.reliability else None for t in targets],
        "chance_mm": [t.reliability.chance_mm if t.reliability else None for t in targets],
        "support": [t.advice.support.value if t.advice else None for t in targets],
        "minutes_needed": [t.advice.needed_min if t.advice else None for t in targets],
        "global_signal_shift_mm": [shift.get(t.name) for t in targets],
        "e_v_per_m": list(field_at(case, tuple(targets))),
        "source": [t.source for t in targets],
    }


def publish_confidence(book: Publication, case: Case, targets: Sequence[Target]) -> None:
    """Write resampled targets, the region as an image, distances and consensus."""
    for target in targets:
        if target.samples is None:
            continue
        desc = "target" if target is targets[0] else _word(target.name)
        xyz = target.samples.xyz_mm
        path = book.path("tms", "samples", ".tsv", desc=desc)
        write_tsv({axis: list(xyz[:, i]) for i, axis in enumerate("xyz")}, path)
        book.described(
            path, f"{target.method}: targets found on resampled data, T1w mm (RAS+)", "target"
        )
    planned = targets[0]
    if planned.region is not None:
        path = book.path("tms", "mask", ".nii.gz", space="T1w", desc="region")
        inside = np.ones(len(planned.region.places))
        book.image(
            filled(case.clean.mean_bold, planned.region.places, inside),
            path,
            f"Where the true place of {planned.method} may lie, with "
            f"{100 * planned.region.confidence:.0f} % confidence",
            settings="target",
            VolumeCubicCentimetres=planned.region.volume_cm3,
            SpreadMillimetres=dict(planned.region.spread_mm),
        )
    names = [t.name or t.method for t in targets]
    apart = agreement(targets)
    path = book.path("tms", "distances", ".tsv", desc="methods")
    columns: dict[str, list[object]] = {"method": list(names)}
    write_tsv(columns | {n: list(apart[k]) for k, n in enumerate(names)}, path)
    book.described(path, "Distance in mm between the targets of every two methods", "target")
    write_json(_agreement(case), book.path("tms", "agreement", ".json"))


def _agreement(case: Case) -> dict[str, Any]:
    found = case.targets.consensus
    advice = case.targets.primary.advice
    return {
        "research_use_only": True,
        "consensus": None
        if found is None
        else {
            "t1w_mm": found.point.xyz_mm[0],
            "mni_mm": case.mni_of(found.point)[0],
            "radius_mm": found.radius_mm,
            "methods": found.names,
            "share_of_resamples": found.share,
        },
        "support": None
        if advice is None
        else {
            "verdict": advice.support.value,
            "usable_minutes": advice.usable_min,
            "minutes_needed": advice.needed_min,
            "reasons": advice.reasons,
        },
        "methods_refused": case.targets.refused,
    }


def _word(name: str) -> str:
    """Give a name as the one word a BIDS entity may hold."""
    first, *rest = name.split("-")
    return first + "".join(part.capitalize() for part in rest)
