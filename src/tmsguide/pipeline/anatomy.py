"""T1w to tissue labels, the way to MNI and back, and the surfaces."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tmsguide.engines import correct_bias, register_deformable, register_linear
from tmsguide.head import (
    cortex_surface,
    head_prior,
    normalise,
    prior_from_maps,
    scalp_surface,
    segment,
)
from tmsguide.io import mni_maps, read_prior, read_t1w
from tmsguide.pipeline.store import file_digest

if TYPE_CHECKING:
    from pathlib import Path

    from tmsguide.head import HeadPrior
    from tmsguide.model import Anatomy, AnatomySettings, Frame
    from tmsguide.pipeline.bench import Bench
    from tmsguide.pipeline.store import Result

__all__ = ["anatomy_step", "normalisation_step", "surface_step"]


def anatomy_step(
    bench: Bench, t1w: Path, frame: Frame, *, settings: AnatomySettings, prior: Path | None
) -> Result:
    """Bias correction, brain extraction and tissue labels: ``anatomy``."""
    inputs = {"t1w": file_digest(t1w), "frame": frame.name}
    if prior is not None:
        inputs["prior"] = file_digest(prior)

    def work() -> dict[str, Anatomy]:
        scan = read_t1w(t1w, frame=frame)
        anatomy = segment(
            scan.volume,
            _prior(prior),
            bias=correct_bias,
            linear=register_linear,
            deformable=register_deformable,
            settings=settings,
            progress=bench.listener.said,
        )
        return {"anatomy": anatomy}

    return bench.step("anatomy", work, version=1, settings=settings, inputs=inputs)


def normalisation_step(bench: Bench, anatomy: Result, *, settings: AnatomySettings) -> Result:
    """Deformable registration to MNI: ``mni_from_t1w`` and ``t1w_from_mni``."""

    def work() -> dict[str, object]:
        there, back = normalise(
            anatomy.content["anatomy"],
            mni_maps()[0],
            linear=register_linear,
            deformable=register_deformable,
            settings=settings,
        )
        return {"mni_from_t1w": there, "t1w_from_mni": back}

    return bench.step(
        "registration to MNI", work, version=1, settings=settings, inputs={"anatomy": anatomy.key}
    )


def surface_step(bench: Bench, anatomy: Result) -> Result:
    """Give the ``scalp`` and the ``cortex`` sheet."""

    def work() -> dict[str, object]:
        found = anatomy.content["anatomy"]
        return {"scalp": scalp_surface(found), "cortex": cortex_surface(found)}

    return bench.step("surfaces", work, version=1, settings={}, inputs={"anatomy": anatomy.key})


def _prior(path: Path | None) -> HeadPrior:
    return head_prior(*mni_maps()) if path is None else prior_from_maps(read_prior(path))
