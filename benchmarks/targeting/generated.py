"""Generated people and what the targeting room makes of them: the one door to its methods."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from tmsguide.model import MNI, Points, Target, TargetSettings
from tmsguide.phantom.rest import RestPerson, scan_rest
from tmsguide.phantom.rest_brain import draw_brain
from tmsguide.phantom.rest_settings import RestSettings
from tmsguide.targeting import Ground, definition, find_targets, search_mask
from tmsguide.targeting.confidence.advice import expected_error
from tmsguide.targeting.confidence.study import Study
from tmsguide.targeting.locating import located

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tmsguide.targeting import TargetSet
    from tmsguide.targeting.finders.terrain import Found

    Floats = NDArray[np.float64]

__all__ = ["GROUP_SITES", "answer", "errors_by_minutes", "grey", "group_miss_mm", "scanned"]

#: The published group targets that an individual one has to beat (Fox 2012; Weigand 2018).
GROUP_SITES = {"Fox 2012": (-38.0, 44.0, 26.0), "Weigand 2018": (-42.0, 44.0, 30.0)}
_METHOD = "sgacc-cluster"


@lru_cache(maxsize=2)
def grey(step_mm: int = 2) -> tuple[Points, NDArray[np.bool_]]:
    """Give the template's grey matter and which of it is in the search area."""
    from nilearn.datasets import load_mni152_gm_template

    image = load_mni152_gm_template(resolution=step_mm)
    index = np.argwhere(image.get_fdata() > 0.5)
    points = Points(index @ image.affine[:3, :3].T + image.affine[:3, 3], MNI)
    return points, search_mask(points)


def scanned(seed: int, minutes: float, *, step_mm: int = 2, day: int = 1) -> RestPerson:
    """Give the scan of person ``seed``: the same person whatever the minutes and the day."""
    settings = RestSettings(minutes=minutes)
    brain = draw_brain(np.random.default_rng([seed, 0]), *grey(step_mm), settings)
    return scan_rest(np.random.default_rng([seed, day, round(60 * minutes)]), brain, settings)


def ground_of(person: RestPerson) -> Ground:
    """Give a generated scan as the targeting room takes it."""
    return Ground(person.denoised, person.where_mni, person.gm, other=person.other_global)


def answer(person: RestPerson, *, resamples: int, rng: np.random.Generator) -> TargetSet:
    """Find the default target (cluster of the map of the subgenual seed) with its confidence."""
    frame = person.denoised.where.frame
    group = tuple(
        Target(Points(np.array([site]), frame), float("nan"), name, name, name=name)
        for name, site in GROUP_SITES.items()
    )
    return find_targets(
        ground_of(person),
        [definition(_METHOD)],
        settings=TargetSettings(method=_METHOD, resamples=resamples),
        rng=rng,
        group=group,
    )


def errors_by_minutes(person: RestPerson, resamples: int) -> tuple[Floats, Floats]:
    """Give the expected error of parts of a scan and, last, of the whole, with their minutes."""
    method = definition(_METHOD)
    study = Study.of(
        ground_of(person),
        TargetSettings(method=_METHOD, resamples=resamples),
        (),
        np.random.default_rng(9),
    )
    stage = study.stage(method.search)

    def found(which: str) -> Found:
        return located(study.ground, stage, study.draw(method.search, which), method)

    point = stage.places.xyz_mm[int(found("as it is").index[0])]
    plans = {f"part {k}": plan for k, plan in enumerate(study.parts)} | {"whole": study.whole}
    return np.array([plan.minutes for plan in plans.values()]), np.array(
        [
            expected_error(
                point, found(which).centroid_mm, resolution_mm=study.ground.smoothing_mm
            )
            for which in plans
        ]
    )


def group_miss_mm(person: RestPerson) -> float:
    """Give how far the nearer group target lies from the person's own site."""
    sites = np.array(list(GROUP_SITES.values()))
    return float(np.linalg.norm(sites - person.truth.xyz_mm, axis=1).min())
