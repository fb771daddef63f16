"""Functional runs to cleaned signals."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tmsguide.connectivity import alff, falff, lattice_reho
from tmsguide.pipeline.literature import seed_point
from tmsguide.pipeline.store import file_digest
from tmsguide.preprocess import Person
from tmsguide.targeting import search_mask

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from tmsguide.model import BoldSettings
    from tmsguide.pipeline.bench import Bench
    from tmsguide.pipeline.sources import Source
    from tmsguide.pipeline.store import Result
    from tmsguide.preprocess import CleanBold, Unsmoothed

__all__ = ["bold_step", "local_measures"]


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
            local_measures,
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
    return bench.step("functional scan", work, version=3, settings=settings, inputs=inputs)


def local_measures(part: Unsmoothed) -> dict[str, NDArray[np.float64]]:
    """Give amplitude (ALFF), its share (fALFF) and regional homogeneity (ReHo) of grey voxels."""
    return {
        "alff": alff(part.percent, tr_s=part.tr_s, kept=part.kept),
        "falff": falff(part.percent, tr_s=part.tr_s, kept=part.kept),
        "reho": lattice_reho(part.cleaned, part.where).w,
    }
