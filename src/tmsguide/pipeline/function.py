"""Functional runs to cleaned signals, and cleaned signals to a target with its region."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from tmsguide.model import Points
from tmsguide.pipeline.literature import published, seed_point
from tmsguide.pipeline.store import file_digest
from tmsguide.preprocess import Person
from tmsguide.targeting import find_target, group_targets, search_mask

if TYPE_CHECKING:
    from tmsguide.model import BoldSettings, Denoised, TargetSettings
    from tmsguide.pipeline.bench import Bench
    from tmsguide.pipeline.sources import Source
    from tmsguide.pipeline.store import Result
    from tmsguide.preprocess import CleanBold
    from tmsguide.targeting import TargetSet

__all__ = ["bold_step", "target_step"]


def bold_step(
    bench: Bench,
    source: Source,
    *,
    anatomy: Result,
    normalisation: Result,
    settings: BoldSettings,
) -> Result:
    """Functional runs to cleaned series in T1w space: ``bold``."""

    def work() -> dict[str, CleanBold]:
        mni_from_t1w = normalisation.content["mni_from_t1w"]
        person = Person(
            seed_point(normalisation),
            lambda places: search_mask(mni_from_t1w(places)),
            source.subject.age_years,
        )
        return {
            "bold": source.clean(
                anatomy.content["anatomy"],
                person,
                mni_from_t1w=mni_from_t1w,
                settings=settings,
                say=bench.listener.said,
            )
        }

    inputs = {"anatomy": anatomy.key, "normalisation": normalisation.key}
    inputs["age"] = repr(source.subject.age_years)
    for run in source.runs:
        inputs |= {f"{run.name} {path.name}": file_digest(path) for path in run.files}
        inputs[f"{run.name} sidecar"] = repr(sorted(run.sidecar.items()))
    return bench.step("functional scan", work, version=2, settings=settings, inputs=inputs)


def target_step(
    bench: Bench,
    bold: Result,
    normalisation: Result,
    *,
    settings: TargetSettings,
    fwhm_mm: float,
    seed: int,
) -> Result:
    """Find the ``targets`` with their uncertainty.

    And how far they move with the other choice about the global signal (``None`` where another
    program had decided): ``global_signal_shift_mm``.
    """

    def work() -> dict[str, Any]:
        clean = bold.content["bold"]
        mni_from_t1w = normalisation.content["mni_from_t1w"]
        sgacc = seed_point(normalisation)
        where = clean.denoised.where
        where_mni = mni_from_t1w(where)
        grey = Points(where.xyz_mm[clean.gm], where.frame)
        group = group_targets(published(normalisation.content["t1w_from_mni"]), grey)

        def find(denoised: Denoised, chosen: TargetSettings) -> TargetSet:
            return find_target(
                denoised,
                where_mni,
                clean.gm,
                sgacc,
                settings=chosen,
                smoothing_mm=fwhm_mm,
                rng=np.random.default_rng(seed),
                progress=bench.listener.said,
                group=group,
            )

        targets = find(clean.denoised, settings)
        shift_mm = None
        if clean.other_global is not None:
            once = replace(settings, resamples=2)  # only the place is wanted, not its region
            shift_mm = _apart_mm(targets, find(clean.other_global, once))
        return {"targets": targets, "global_signal_shift_mm": shift_mm}

    return bench.step(
        "target",
        work,
        version=1,
        settings={"target": settings, "fwhm_mm": fwhm_mm, "seed": seed},
        inputs={"bold": bold.key, "normalisation": normalisation.key},
    )


def _apart_mm(one: TargetSet, other: TargetSet) -> float:
    """Millimetres between two sets' planned targets."""
    return float(np.linalg.norm(one.primary.point.xyz_mm[0] - other.primary.point.xyz_mm[0]))
