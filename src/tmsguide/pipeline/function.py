"""BOLD to cleaned signals, and cleaned signals to a target with its region."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from tmsguide.engines import correct_bias, register_linear
from tmsguide.io import FmriprepRun, check_bold, read_bold, read_fmriprep_run
from tmsguide.model import MNI, Frame, Points
from tmsguide.pipeline.store import file_digest
from tmsguide.preprocess import CleanBold, clean_bold, clean_preprocessed
from tmsguide.targeting import find_target, group_targets, landmark

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from tmsguide.io import BoldRun
    from tmsguide.model import Anatomy, BoldSettings, Denoised, TargetSettings
    from tmsguide.pipeline.bench import Bench
    from tmsguide.pipeline.store import Result
    from tmsguide.targeting import TargetSet

__all__ = ["bold_step", "longest", "path_of", "seed_point", "target_step"]


def longest(runs: Sequence[BoldRun | FmriprepRun]) -> tuple[BoldRun | FmriprepRun, list[str]]:
    """Choose the run with the most minutes, and name the others in words."""

    def seconds(run: BoldRun | FmriprepRun) -> float:
        header, tr_s = check_bold(path_of(run), run.sidecar)
        return header.shape[3] * tr_s

    best = max(runs, key=seconds)
    return best, [f"run not used: {path_of(run).name}" for run in runs if run is not best]


def path_of(run: BoldRun | FmriprepRun) -> Path:
    """Image file of a run."""
    return run.bold if isinstance(run, FmriprepRun) else run.path


def seed_point(normalisation: Result) -> Points:
    """Centre of the subgenual seed in the person's T1w frame, (1, 3)."""
    at = Points(np.array([landmark("sgacc").mni_mm]), MNI)
    found: Points = normalisation.content["t1w_from_mni"](at)
    return found


def bold_step(
    bench: Bench,
    run: BoldRun | FmriprepRun,
    *,
    anatomy: Result,
    normalisation: Result,
    settings: BoldSettings,
) -> Result:
    """Raw or fMRIPrep BOLD to cleaned series in T1w space: ``bold``."""

    def work() -> dict[str, CleanBold]:
        return {
            "bold": _clean(
                run,
                anatomy.content["anatomy"],
                seed_point(normalisation),
                settings=settings,
                say=bench.listener.said,
            )
        }

    inputs = {
        "bold": file_digest(path_of(run)),
        "sidecar": repr(sorted(run.sidecar.items())),
        "anatomy": anatomy.key,
        "normalisation": normalisation.key,
    }
    if isinstance(run, FmriprepRun):
        inputs["confounds"] = file_digest(run.confounds)
    return bench.step("functional scan", work, version=1, settings=settings, inputs=inputs)


def _clean(
    run: BoldRun | FmriprepRun,
    anatomy: Anatomy,
    seed: Points,
    *,
    settings: BoldSettings,
    say: Callable[[str], None],
) -> CleanBold:
    if isinstance(run, FmriprepRun):
        scan = read_fmriprep_run(run, frame=anatomy.t1w.frame)
        return clean_preprocessed(
            scan.bold, scan.confounds, anatomy, seed, settings=settings, progress=say
        )
    own = Frame(anatomy.t1w.frame.name.replace("/T1w", "/bold"))
    return clean_bold(
        read_bold(run.path, run.sidecar, frame=own),
        anatomy,
        seed,
        bias=correct_bias,
        linear=register_linear,
        settings=settings,
        progress=say,
    )


def target_step(
    bench: Bench,
    bold: Result,
    normalisation: Result,
    *,
    settings: TargetSettings,
    fwhm_mm: float,
    seed: int,
) -> Result:
    """Find the ``targets`` with their uncertainty, and how far they move without global signal."""

    def work() -> dict[str, Any]:
        clean = bold.content["bold"]
        mni_from_t1w = normalisation.content["mni_from_t1w"]
        sgacc = seed_point(normalisation)
        where = clean.denoised.where
        where_mni = mni_from_t1w(where)
        grey = Points(where.xyz_mm[clean.gm], where.frame)
        group = group_targets(normalisation.content["t1w_from_mni"], grey)

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
        if clean.without_global is not None:
            once = replace(settings, resamples=2)  # only the place is wanted, not its region
            shift_mm = _apart_mm(targets, find(clean.without_global, once))
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
