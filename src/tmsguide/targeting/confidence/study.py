"""One method's target with all that is known of how sure it is."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
from scipy.spatial import cKDTree

from tmsguide.errors import InputError, QualityError
from tmsguide.model import Points, Target
from tmsguide.targeting.confidence.advice import Standing, advise, expected_error
from tmsguide.targeting.confidence.region import found_share, missing_notes, region, spread
from tmsguide.targeting.confidence.reliability import reliability
from tmsguide.targeting.confidence.resampling import plan_resamples
from tmsguide.targeting.definitions import Compared, Pick
from tmsguide.targeting.finders.picking import cluster_at
from tmsguide.targeting.finders.terrain import CONE_HALF_MM
from tmsguide.targeting.locating import located
from tmsguide.targeting.scene import Draw, scene
from tmsguide.targeting.scores import MAPPED, score_map
from tmsguide.targeting.words import cluster_notes, map_notes, scatter_notes

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from tmsguide.model import Advice, Region, Reliability, TargetSettings
    from tmsguide.targeting.confidence.resampling import Resamples
    from tmsguide.targeting.definitions import Spheres, TargetDefinition
    from tmsguide.targeting.ground import Ground
    from tmsguide.targeting.scene import Scene

    Floats = NDArray[np.float64]

__all__ = ["Study", "studied"]

#: Parts of the scan on which the forecast of the minutes needed rests.
_PARTS = (0.25, 0.5)
#: Resamples behind a part's error and behind one source of doubt alone: their means only are used.
_FEW = 100
#: A group target further than this from every place of the search area belongs to another area.
_BESIDE_MM = 10.0
#: A shorter part has no two blocks left to draw.
_LEAST_BLOCKS = 2


@dataclass(frozen=True, slots=True, eq=False)
class Study:
    """What all methods share: the ground, one plan of resamples, and areas once prepared."""

    ground: Ground
    settings: TargetSettings
    group: tuple[Target, ...]
    whole: Resamples
    parts: tuple[Resamples, ...]
    chance_seed: int
    stages: dict[tuple[Spheres, bool], Scene] = field(default_factory=dict)
    draws: dict[tuple[Spheres, str], Draw] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        ground: Ground,
        settings: TargetSettings,
        group: tuple[Target, ...],
        rng: np.random.Generator,
    ) -> Study:
        """Draw the resamples of a study.

        Raises
        ------
        QualityError
            If the scan is shorter than two blocks.
        """

        def plan(resamples: int, share: float) -> Resamples:
            return plan_resamples(
                ground.denoised,
                resamples=resamples,
                block_s=settings.block_s,
                seed_shift_mm=settings.seed_shift_mm,
                rng=rng,
                share=share,
            )

        scan = ground.denoised
        seconds = len(scan.series) * scan.tr_s
        shares = [s for s in _PARTS if s * seconds >= _LEAST_BLOCKS * settings.block_s]
        few = min(_FEW, settings.resamples)
        return cls(
            ground=ground,
            settings=settings,
            group=group,
            whole=plan(settings.resamples, 1.0),
            parts=tuple(plan(few, share) for share in shares),
            chance_seed=int(rng.integers(2**31)),
        )

    def stage(self, area: Spheres, *, other: bool = False) -> Scene:
        """Give the scan split by a search area; with ``other`` the other global-signal choice."""
        key = (area, other)
        if key not in self.stages:
            scan = self.ground.other if other else self.ground.denoised
            assert scan is not None  # noqa: S101
            self.stages[key] = scene(self.ground, scan, area)
        return self.stages[key]

    def prepare(self, areas: Iterable[Spheres]) -> None:
        """Split the scan by every area and prepare its resamples, before methods share them.

        An area that holds too little is left to the methods that ask for it.
        """
        names = ("as it is", "whole", "scan time", "seed position")
        for area in areas:
            with suppress(QualityError, InputError):
                for which in (*names, *(f"part {k}" for k in range(len(self.parts)))):
                    self.draw(area, which)
                if self.ground.other is not None:
                    self.stage(area, other=True)

    def draw(self, area: Spheres, which: str) -> Draw:
        """Give resamples of an area.

        ``as it is`` (one), ``whole``, ``scan time`` and ``seed position`` (one source of doubt
        alone), ``part 0`` and so on (shorter scans).
        """
        key = (area, which)
        if key not in self.draws:
            self.draws[key] = self._drawn(self.stage(area), which)
        return self.draws[key]

    def _drawn(self, stage: Scene, which: str) -> Draw:
        few = slice(0, min(_FEW, len(self.whole.counts)))
        if which == "as it is":
            return Draw.as_it_is(stage)
        if which == "scan time":
            counts = self.whole.counts[few]
            return Draw.of(stage, counts, np.zeros((len(counts), 3)))
        if which == "seed position":
            return Draw.only_moved(stage, self.whole.seed_shift_mm[few])
        plan = self.whole if which == "whole" else self.parts[int(which.split()[1])]
        return Draw.of(stage, plan.counts, plan.seed_shift_mm)


def studied(study: Study, method: TargetDefinition) -> tuple[Target, float | None]:
    """Give a method's target with its confidence, and how far the global signal moves it.

    Raises
    ------
    InputError
        If the method needs a map or networks that were not supplied.
    QualityError
        If seed or search area hold too little signal, or nothing is found.
    """
    ground, stage = study.ground, study.stage(method.search)
    here = located(ground, stage, study.draw(method.search, "as it is"), method)
    index = int(here.index[0])
    if index < 0:
        raise QualityError("nothing was found in the search area; use another method")
    point = stage.places.xyz_mm[index]
    samples = located(ground, stage, study.draw(method.search, "whole"), method).centroid_mm
    shift_mm = _global_shift_mm(study, method, point)
    resolution_mm = _resolution_mm(ground, method)
    doubt = _sources_of_doubt(study, method, point, samples)
    if shift_mm is not None:
        doubt["global signal"] = shift_mm
    frame = ground.denoised.where.frame
    where = region(
        point, samples, stage.places, frame=frame, confidence=study.settings.confidence,
        resolution_mm=resolution_mm, spread_mm=doubt,
    )  # fmt: skip
    sure = None
    if found_share(samples) > 0:
        rng = np.random.default_rng(study.chance_seed)
        sure = reliability(samples, stage.places.xyz_mm, rng)
    advice = _advice(study, method, point, samples, where, sure, shift_mm)
    kept = samples[np.isfinite(samples).all(axis=1)]
    z, notes = _at(study, method, index)
    target = Target(
        point=Points(point[None], frame),
        score=z,
        method=method.title,
        source=method.source,
        samples=Points(kept, frame),
        region_radius_mm=None if where is None else where.radius_mm,
        confidence=study.settings.confidence,
        notes=(*notes, *missing_notes(samples), *scatter_notes(point, kept)),
        name=method.name,
        region=where,
        reliability=sure,
        advice=advice,
    )
    return target, shift_mm


def _at(study: Study, method: TargetDefinition, index: int) -> tuple[float, tuple[str, ...]]:
    """Give the method's own figure at the place chosen, and what is unusual about its map."""
    if method.compared not in MAPPED:
        return float("nan"), ()
    stage = study.stage(method.search)
    z = score_map(study.ground, stage, study.draw(method.search, "as it is"), method)[0]
    notes = map_notes(z, study.ground.denoised.quality, method)
    if method.pick is Pick.CLUSTER:
        sought = -z if method.positive else z
        best = cluster_at(sought, stage.places, method.parameters["percentile"])
        notes += cluster_notes(best, stage.places)
    return float(z[index]), notes


def _advice(
    study: Study,
    method: TargetDefinition,
    point: Floats,
    samples: Floats,
    where: Region | None,
    sure: Reliability | None,
    shift_mm: float | None,
) -> Advice:
    ground, resolution_mm = study.ground, _resolution_mm(study.ground, method)
    stage = study.stage(method.search)

    def error(found: Floats, about: Floats) -> float:
        return expected_error(about, found, resolution_mm=resolution_mm)

    minutes, errors = [], []
    for k, plan in enumerate(study.parts):
        found = located(ground, stage, study.draw(method.search, f"part {k}"), method).centroid_mm
        minutes.append(plan.minutes)
        errors.append(error(found, point))
    nearest = _nearest_group_mm(study, stage, point)
    whole = error(samples, point)
    return advise(
        Standing(
            region=where,
            reliability=sure,
            error_mm=whole,
            parts_min=(*minutes, study.whole.minutes),
            parts_error_mm=(*errors, whole),
            verdict=ground.denoised.quality.verdict,
            global_shift_mm=float("nan") if shift_mm is None else shift_mm,
            group_mm=nearest,
            group_inside=where is not None and nearest <= where.radius_mm,
            group_in_search=bool(np.isfinite(nearest)),
        )
    )


def _nearest_group_mm(study: Study, stage: Scene, point: Floats) -> float:
    """Give how far the nearest group target of this search area lies, NaN if it has none."""
    places = cKDTree(stage.places.xyz_mm)
    sites = [g.point.xyz_mm[0] for g in study.group]
    here = [site for site in sites if places.query(site)[0] <= _BESIDE_MM]
    return min((float(np.linalg.norm(site - point)) for site in here), default=float("nan"))


def _sources_of_doubt(
    study: Study, method: TargetDefinition, point: Floats, samples: Floats
) -> dict[str, float]:
    """Give how far scan time alone and the seed's position alone move the target, rms mm."""
    if method.compared not in (Compared.SEED, Compared.OWN_WEIGHTS):
        return {"scan time": spread(samples, point)}
    stage = study.stage(method.search)
    return {
        alone: spread(
            located(study.ground, stage, study.draw(method.search, alone), method).centroid_mm,
            point,
        )
        for alone in ("scan time", "seed position")
    }


def _global_shift_mm(study: Study, method: TargetDefinition, point: Floats) -> float | None:
    """Give how far the target lies with the other choice about the global signal."""
    if study.ground.other is None:
        return None
    ground = replace(study.ground, denoised=study.ground.other, other=None)
    stage = study.stage(method.search, other=True)
    found = located(ground, stage, Draw.as_it_is(stage), method)
    if found.index[0] < 0:
        return None
    return float(np.linalg.norm(stage.places.xyz_mm[found.index[0]] - point))


def _resolution_mm(ground: Ground, method: TargetDefinition) -> float:
    if method.pick is Pick.CONE:
        return float(np.hypot(ground.smoothing_mm, CONE_HALF_MM))
    return ground.smoothing_mm
