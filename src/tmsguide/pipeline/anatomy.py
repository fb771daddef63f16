"""T1w to tissue labels, the way to MNI and back, and the surfaces."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from tmsguide.engines import correct_bias, register_deformable, register_linear
from tmsguide.errors import QualityError
from tmsguide.head import (
    cortex_surface,
    head_prior,
    normalise,
    prior_from_maps,
    scalp_surface,
    segment,
    t1w_quality,
)
from tmsguide.io import mni_maps, read_prior, read_t1w, templateflow_t1
from tmsguide.model import MNI
from tmsguide.pipeline.store import file_digest

if TYPE_CHECKING:
    from collections.abc import Callable

    from tmsguide.head import HeadPrior, T1wQuality
    from tmsguide.model import Anatomy, AnatomySettings, Frame, Volume
    from tmsguide.pipeline.bench import Bench
    from tmsguide.pipeline.sources import GivenHead, Source
    from tmsguide.pipeline.store import Result

__all__ = ["anatomy_step", "normalisation_step", "prior_of", "surface_step"]


def anatomy_step(
    bench: Bench, source: Source, frame: Frame, *, settings: AnatomySettings, prior: Path | None
) -> Result:
    """Bias correction, brain extraction and tissue labels: ``anatomy``, ``t1w_quality``.

    Labels that another program drew of the same T1w win where they are; a whole head of theirs
    takes the place of ours.
    """
    given = _first(source, settings, lambda head: head.labels is not None)
    inputs = {"t1w": file_digest(source.t1w), "frame": frame.name, **_digests(given)}
    inputs["age"] = repr(source.subject.age_years)
    if prior is not None:
        inputs["prior"] = file_digest(prior)

    def own(raw: Volume) -> Anatomy:
        return segment(
            raw,
            _prior(prior),
            bias=correct_bias,
            linear=register_linear,
            deformable=register_deformable,
            age_years=source.subject.age_years,
            settings=settings,
            progress=bench.listener.said,
        )

    def labelled(raw: Volume) -> Anatomy:
        if given is None or given.labels is None:
            return own(raw)
        ours = None if given.whole else own(raw)
        bench.listener.said(f"taking the labels of {given.program}")
        return given.labels(ours, frame)

    def work() -> dict[str, object]:
        raw = read_t1w(source.t1w, frame=frame).volume
        anatomy = labelled(raw)
        bench.listener.said("judging the T1w")
        return {"anatomy": anatomy, "t1w_quality": _judged(raw, anatomy)}

    return bench.step("anatomy", work, version=3, settings=settings, inputs=inputs)


def normalisation_step(
    bench: Bench, source: Source, anatomy: Result, *, settings: AnatomySettings
) -> Result:
    """Give the maps to an MNI 152 space and back: ``mni_from_t1w`` and ``t1w_from_mni``.

    Those of another program are taken where they came; to a template that is asked for the head
    is registered anew.
    """
    asked = settings.template != MNI.name
    given = None if asked else _first(source, settings, lambda head: head.maps is not None)

    def work() -> dict[str, object]:
        head = anatomy.content["anatomy"]
        if given is not None and given.maps is not None:
            bench.listener.said(f"taking the maps of {given.program}")
            there, back = given.maps(head.t1w.frame)
        else:
            there, back = normalise(
                head,
                _template(settings),
                linear=register_linear,
                deformable=register_deformable,
                settings=settings,
            )
        return {"mni_from_t1w": there, "t1w_from_mni": back}

    inputs = {"anatomy": anatomy.key, **_digests(given)}
    return bench.step("registration to MNI", work, version=2, settings=settings, inputs=inputs)


def _judged(raw: Volume, anatomy: Anatomy) -> T1wQuality | None:
    """Give the figures of the T1w, None where the image has no region to take them from."""
    try:
        return t1w_quality(raw, anatomy)
    except QualityError:
        return None


def _first(
    source: Source, settings: AnatomySettings, fits: Callable[[GivenHead], bool]
) -> GivenHead | None:
    if settings.labels == "own":
        return None
    return next((head for head in source.given if fits(head)), None)


def _digests(given: GivenHead | None) -> dict[str, str]:
    files = () if given is None else given.files
    return {f"{k} {path.name}": file_digest(path) for k, path in enumerate(files)}


def surface_step(bench: Bench, anatomy: Result) -> Result:
    """Give the ``scalp`` and the ``cortex`` sheet."""

    def work() -> dict[str, object]:
        found = anatomy.content["anatomy"]
        return {"scalp": scalp_surface(found), "cortex": cortex_surface(found)}

    return bench.step("surfaces", work, version=1, settings={}, inputs={"anatomy": anatomy.key})


def prior_of(settings: AnatomySettings) -> Path | None:
    """Give the file of the user's own tissue prior, None for the built-in one."""
    return Path(settings.prior_path) if settings.prior_path else None


def _template(settings: AnatomySettings) -> Volume:
    if settings.template == MNI.name:
        return mni_maps()[0]
    return templateflow_t1(settings.template, Path(settings.templateflow_home))


def _prior(path: Path | None) -> HeadPrior:
    return head_prior(*mni_maps()) if path is None else prior_from_maps(read_prior(path))
