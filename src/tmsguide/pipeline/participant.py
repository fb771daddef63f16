"""One person, from files to plan, page and navigator files."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import numpy as np

from tmsguide import __version__
from tmsguide.head import deface_mask
from tmsguide.io import (
    check_contents,
    check_t1w,
    conductivities,
    read_header,
    write_dataset_description,
)
from tmsguide.model import native_frame
from tmsguide.pipeline.aim import aim_step, head_step
from tmsguide.pipeline.anatomy import anatomy_step, normalisation_step, prior_of, surface_step
from tmsguide.pipeline.bench import Bench, seconds_of
from tmsguide.pipeline.case import Case
from tmsguide.pipeline.dosing import dose_step
from tmsguide.pipeline.function import bold_step
from tmsguide.pipeline.landmarks import landmark_step
from tmsguide.pipeline.listener import Silent
from tmsguide.pipeline.literature import published, seed_point
from tmsguide.pipeline.machine import peak_rss_gb
from tmsguide.pipeline.networks import network_step
from tmsguide.pipeline.page import draw
from tmsguide.pipeline.publish import publish
from tmsguide.pipeline.store import Store, file_digest, step_key
from tmsguide.pipeline.stored import STORED
from tmsguide.pipeline.summary import Summary
from tmsguide.pipeline.targets import target_step
from tmsguide.placement import scalp_depth
from tmsguide.therapy import make_plan, protocol

if TYPE_CHECKING:
    from pathlib import Path

    from tmsguide.io import Conductivity
    from tmsguide.model import Anatomy, Plan, Tissue
    from tmsguide.pipeline.listener import Listener
    from tmsguide.pipeline.request import Request
    from tmsguide.pipeline.sources import Source

__all__ = ["run_participant"]

_NIFTI = (".nii", ".nii.gz")


def run_participant(request: Request, *, listener: Listener | None = None) -> Summary:
    """Do every step that is not already done and publish the result.

    Raises
    ------
    InputError
        The images themselves (not only their headers) cannot be used.
    QualityError
        The scan cannot carry an individual target.
    """
    start = time.perf_counter()
    listener = listener or Silent()
    store = Store(request.work_dir / f"sub-{request.label}", STORED)
    store.sweep()
    bench = Bench(store, listener, {})
    _input_step(bench, request.inputs)
    case = _case(bench, request)
    path = _published(bench, case)
    content = json.loads(path.read_text(encoding="utf-8"))
    return Summary(path, content, time.perf_counter() - start, peak_rss_gb())


def _input_step(bench: Bench, source: Source) -> None:
    """Read every image in full, so that bad data stop the run before any heavy work."""
    files = [path for run in source.runs for path in run.files]
    images = [path for path in files if path.name.endswith(_NIFTI) and not _on_surface(path)]

    def work() -> dict[str, Any]:
        for path in (source.t1w, *images):
            check_contents(read_header(path))
        return {"images": 1 + len(images)}

    digests = {"t1w": file_digest(source.t1w)}
    digests |= {f"{k} {path.name}": file_digest(path) for k, path in enumerate(images)}
    sidecars = [repr(sorted(run.sidecar.items())) for run in source.runs]
    bench.step("input check", work, version=2, settings={"sidecars": sidecars}, inputs=digests)


def _on_surface(path: Path) -> bool:
    """Tell a CIFTI file, which only calls itself .nii."""
    return path.name.endswith((".dtseries.nii", ".dscalar.nii", ".dlabel.nii"))


def _case(bench: Bench, request: Request) -> Case:
    settings, inputs = request.settings, request.inputs
    prior = prior_of(settings.anatomy)
    frame = native_frame(request.label)
    anatomy = anatomy_step(bench, inputs, frame, settings=settings.anatomy, prior=prior)
    to_mni = normalisation_step(bench, inputs, anatomy, settings=settings.anatomy)
    surfaces = surface_step(bench, anatomy)
    marks = landmark_step(bench, anatomy, to_mni, surfaces)
    rows = _tissues(anatomy.content["anatomy"])
    sigma = {tissue: row.sigma_s_per_m for tissue, row in rows.items()}
    bold = bold_step(bench, inputs, anatomy=anatomy, normalisation=to_mni, settings=settings.bold)
    target = target_step(
        bench,
        bold,
        to_mni,
        settings=settings.target,
        cleaning=settings.bold,
        networks=settings.networks,
        seed=settings.seed,
    )
    networks = network_step(
        bench,
        bold,
        to_mni,
        subject=inputs.subject,
        settings=settings.networks,
        seed=settings.seed,
    )
    head = head_step(bench, anatomy, settings=settings.head, sigma_s_per_m=sigma)
    aim = aim_step(
        bench,
        head=head,
        anatomy=anatomy,
        surfaces=surfaces,
        target=target,
        settings=settings.search,
    )
    dose = dose_step(
        bench,
        head=head,
        surfaces=surfaces,
        normalisation=to_mni,
        target=target,
        aim=aim,
        settings=settings.search,
        ranges_s_per_m={t: (row.low_s_per_m, row.high_s_per_m) for t, row in rows.items()},
        seed=settings.seed,
    )
    header = check_t1w(inputs.t1w)
    return Case(
        request=request,
        t1w_form=header.form,
        t1w_code=header.code,
        anatomy=anatomy.content["anatomy"],
        t1w_quality=anatomy.content["t1w_quality"],
        mni_from_t1w=to_mni.content["mni_from_t1w"],
        t1w_from_mni=to_mni.content["t1w_from_mni"],
        marks=marks.content["marks"],
        face=deface_mask(anatomy.content["anatomy"], published(to_mni.content["t1w_from_mni"])),
        seed=seed_point(to_mni),
        scalp=surfaces.content["scalp"],
        cortex=surfaces.content["cortex"],
        clean=bold.content["bold"],
        targets=target.content["targets"],
        networks=networks.content["networks"],
        aim=aim.content["aim"],
        exposures=dose.content["dose"],
        sigma_s_per_m=sigma,
        notes=inputs.notes,
    )


def _tissues(anatomy: Anatomy) -> dict[Tissue, Conductivity]:
    """Give the conductivities of the tissues that the labels hold."""
    held = set(np.unique(anatomy.labels.data).tolist())
    return {tissue: row for tissue, row in conductivities().items() if int(tissue) in held}


def _plan_of(case: Case) -> Plan:
    settings = case.request.settings.plan
    target = case.targets.primary
    return make_plan(
        case.request.inputs.subject,
        target,
        case.aim.placement,
        protocol=protocol(settings.protocol),
        e_at_target_v_per_m=case.aim.e_at_target_v_per_m,
        depth_mm=scalp_depth(case.scalp, target.point),
        alternatives=case.targets.alternatives,
        rmt_percent_mso=settings.rmt_percent_mso,
        quality=case.clean.denoised.quality,
    )


def _published(bench: Bench, case: Case) -> Path:
    """Publish, unless the very same results with the very same settings already stand there."""
    out = case.request.out_dir
    digest = step_key(
        "publish",
        2,
        {"settings": case.settings_table(), "tmsguide": __version__},
        {name: result.key for name, result in bench.done.items()},
    )
    path = out / f"sub-{case.request.label}" / "summary.json"
    if _stands(path, digest) and (out / f"sub-{case.request.label}.html").exists():
        bench.listener.finished("report and files", 0.0, reused=True)
        return path
    bench.listener.started("report and files")
    start = time.perf_counter()
    plan = _plan_of(case)
    write_dataset_description(out, version=__version__, sources={"raw": case.request.inputs.root})
    report = draw(case, plan, seconds=seconds_of(bench), say=bench.listener.said)
    took = time.perf_counter() - start
    seconds = seconds_of(bench) | {"report": round(took, 2)}
    path = publish(case, plan, report, _summary(case, seconds=seconds, digest=digest))
    bench.listener.finished("report and files", time.perf_counter() - start, reused=False)
    return path


def _stands(path: Path, digest: str) -> bool:
    try:
        return bool(json.loads(path.read_text(encoding="utf-8")).get("digest") == digest)
    except (OSError, ValueError):
        return False


def _summary(case: Case, *, seconds: dict[str, float], digest: str) -> dict[str, Any]:
    quality, target = case.clean.denoised.quality, case.targets.primary
    name = f"sub-{case.request.label}"
    content: dict[str, Any] = {
        "research_use_only": True,
        "subject": name,
        "seconds": seconds,
        "peak_rss_gb": round(peak_rss_gb(), 3),
        "usable_minutes": quality.usable_s / 60,
        "verdict": quality.verdict.value,
        "problems": [
            *quality.problems,
            *case.anatomy.problems,
            *(case.t1w_quality.problems if case.t1w_quality else ()),
            *case.marks.problems,
            *case.notes,
        ],
        "advice": list(quality.advice),
        "labelled_by": case.anatomy.labelled_by,
        "runs": [run.name for run in case.clean.runs],
        "mni_space": case.mni_space,
        "target_method": target.method,
        "target_mni_mm": case.mni_of(target.point)[0],
        "target_native_mm": target.point.xyz_mm[0],
        "region_radius_mm": target.region_radius_mm,
        "region_cm3": target.region.volume_cm3 if target.region else None,
        "region_confidence": target.confidence,
        "support": target.advice.support.value if target.advice else None,
        "support_reasons": list(target.advice.reasons) if target.advice else [],
        "minutes_needed": target.advice.needed_min if target.advice else None,
        "global_signal_shift_mm": case.targets.global_signal_shift_mm.get(target.name),
        "methods": [t.name or t.method for t in (target, *case.targets.alternatives)],
        "methods_refused": list(case.targets.refused),
        "placement": case.aim.placement.matsimnibs,
        "standoff_mm": case.aim.placement.standoff_mm,
        "didt_a_per_s": case.aim.placement.didt_a_per_s,
        "e_at_target_v_per_m": case.aim.e_at_target_v_per_m,
        "e_peak_v_per_m": case.aim.e_peak_v_per_m,
        "reciprocity_gap_percent": case.aim.reciprocity_gap_percent,
        "placements_scored": case.aim.scored,
        "report": f"{name}.html",
        "figures": f"{name}/figures",
        "navigators": f"{name}/tms/navigators",
        "digest": digest,
    }
    error = case.planted_error_mm()
    if error is not None and case.request.truth is not None:
        radius = target.region_radius_mm or 0.0
        content |= {
            "synthetic": True,
            "planted_native_mm": case.request.truth.xyz_mm[0],
            "planted_error_mm": error,
            "planted_inside_region": bool(error <= radius),
        }
    return content
