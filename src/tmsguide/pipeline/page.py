"""Gathers a person's results into the report's dossier and has it drawn."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np

from tmsguide.field import coil_named
from tmsguide.head import defaced_anatomy, faceless
from tmsguide.model import Points
from tmsguide.pipeline.landmarks import tape_to_coil
from tmsguide.pipeline.literature import shown_seed
from tmsguide.pipeline.machine import peak_rss_gb, versions
from tmsguide.pipeline.side_by_side import agreement_entry, compared_words, connectome_entry
from tmsguide.preprocess import CARPET_BANDS
from tmsguide.report import DoseEntry, Dossier, OptionEntry, RunEntry, render
from tmsguide.therapy import Limit

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    from tmsguide.field import Spread
    from tmsguide.model import ConnectivityMap, Plan
    from tmsguide.pipeline.case import Case
    from tmsguide.preprocess import RunRecord
    from tmsguide.report import Report, Triple

__all__ = ["draw"]


def draw(
    case: Case, plan: Plan, *, seconds: Mapping[str, float], say: Callable[[str], None]
) -> Report:
    """Give the page and the figures of one person."""
    say("drawing the figures")
    clean, settings = case.clean, case.request.settings
    shown, scalp = case.anatomy, case.scalp
    if not settings.output.keep_face:
        shown, scalp = defaced_anatomy(shown, case.face), faceless(scalp, case.face)
    worst = max(clean.runs, key=lambda run: np.nan_to_num(run.quality.coregistration_cost))
    name = f"sub-{case.request.label}"
    dossier = Dossier(
        subject=case.request.inputs.subject,
        synthetic=case.request.truth is not None,
        dataset_name=case.request.inputs.dataset,
        anatomy=shown,
        mni_from_t1w=case.mni_from_t1w,
        quality=clean.denoised.quality,
        fd_mm=clean.fd_mm,
        fd_limit_mm=max(run.fd_limit_mm for run in clean.runs),
        dvars=clean.dvars,
        carpet=clean.carpet,
        tr_s=clean.denoised.tr_s,
        kept=clean.denoised.kept,
        mean_bold=clean.mean_bold,
        cmap=_grey(case),
        cmap_grid_mm=settings.bold.grid_mm,
        seed=case.seed,
        seed_radius_mm=shown_seed().radius_mm,
        search=_search(case),
        target=plan.target,
        alternatives=plan.alternatives,
        scalp=scalp,
        cortex=case.cortex,
        cortex_z=_on_cortex(case),
        cortex_e_v_per_m=case.aim.cortex_e_v_per_m,
        coil=coil_named(settings.search.coil),
        placement=plan.placement,
        ranked=tuple((r.score, r.placement) for r in case.aim.ranked),
        plan=plan,
        files={
            "Plan (JSON)": f"{name}/tms/{name}_plan.json",
            "Targets (TSV)": f"{name}/tms/{name}_targets.tsv",
            "Navigator files": f"{name}/tms/navigators",
            "Figures": f"{name}/figures",
        },
        settings=case.settings_table() | {"conductivity_s_per_m": case.conductivity_table()},
        provenance={
            "date": datetime.now(UTC).isoformat(timespec="seconds"),
            "versions": versions(),
            "T1w": case.request.inputs.t1w.name,
            "BOLD": ", ".join(run.files[0].name for run in case.request.inputs.runs),
        },
        seconds=seconds,
        peak_rss_gb=peak_rss_gb(),
        truth=case.request.truth,
        planted_error_mm=case.planted_error_mm(),
        global_signal_shift_mm=case.targets.global_signal_shift_mm.get(plan.target.name),
        notes=case.notes,
        options=_options(case),
        guidance=settings.search.guidance,
        dose=_dose(case),
        global_signal=np.concatenate([run.global_signal for run in clean.runs]),
        runs=tuple(
            RunEntry(run.name, run.frames, run.quality, _run_note(run)) for run in clean.runs
        ),
        carpet_rows=CARPET_BANDS,
        bold_reference=worst.reference,
        t1w_quality=case.t1w_quality,
        tape=_by_tape(case, plan),
        agreement=agreement_entry(case),
        connectome=connectome_entry(case.networks),
        deviation=case.networks.deviation if case.networks else None,
        deviation_words=compared_words(case.networks),
        mni_space=case.mni_space,
    )
    return render(dossier)


def _by_tape(case: Case, plan: Plan) -> str:
    """Say how to find the coil's centre with a tape alone."""
    found = tape_to_coil(case.marks, case.scalp, plan.placement)
    if found is None:
        return ""
    return (
        f"from the vertex (Cz) {found.from_vertex_mm:.0f} mm towards a mark on the circumference "
        f"{found.along_mm:.0f} mm to the {found.side} of Fpz; this head measures "
        f"{found.nasion_inion_mm:.0f} mm from nasion to inion, {found.ear_to_ear_mm:.0f} mm from "
        f"ear to ear and {found.circumference_mm:.0f} mm round. Less sure than a navigator"
    )


def _run_note(run: RunRecord) -> str:
    """Say what was done to a run: distortion, and breathing in its motion."""
    fieldmap = f"distortion corrected with {run.distortion}" if run.distortion else ""
    return "; ".join(words for words in (fieldmap, run.motion_note) if words)


def _dose(case: Case) -> DoseEntry:
    exposures, found = case.exposures, case.intensities()
    return DoseEntry(
        target_v_per_m=_triple(exposures.e_target_v_per_m),
        motor_v_per_m=_triple(exposures.e_motor_v_per_m),
        motor_over_target=_triple(exposures.motor_over_target),
        depth_target_mm=exposures.depth_target_mm,
        depth_m1_mm=exposures.depth_m1_mm,
        methods=tuple(
            (
                item.method.value,
                (item.percent_mso, item.low_percent_mso, item.high_percent_mso),
                "" if item.limit is Limit.NONE else item.limit.value,
            )
            for item in (found.items if found else ())
        ),
        notes=found.notes if found else (),
    )


def _triple(spread: Spread) -> Triple:
    return spread.mean, spread.low, spread.high


def _options(case: Case) -> tuple[OptionEntry, ...]:
    return tuple(
        OptionEntry(
            placement=option.placement,
            reason=option.reason,
            target_v_per_m=option.measures.target_v_per_m,
            expected_v_per_m=option.measures.expected_v_per_m,
            low_v_per_m=option.measures.low_v_per_m,
            focal_mm2=option.measures.focal_mm2,
            scalp_per_target=option.measures.scalp_per_target,
            dose_percent=option.measures.dose_percent,
        )
        for option in case.aim.options
    )


def _grey(case: Case) -> ConnectivityMap:
    """Give the map at grey-matter points only."""
    cmap, gm = case.targets.cmap, case.clean.gm
    return replace(cmap, z=cmap.z[gm], where=Points(cmap.where.xyz_mm[gm], cmap.where.frame))


def _search(case: Case) -> Points:
    where = case.targets.cmap.where
    return Points(where.xyz_mm[case.targets.search], where.frame)


def _on_cortex(case: Case) -> NDArray[np.float64]:
    """Give the map at the nearest grey-matter point within two voxels of each vertex, else NaN."""
    from scipy.spatial import cKDTree

    cmap = _grey(case)
    limit = 2 * case.request.settings.bold.grid_mm
    away, near = cKDTree(cmap.where.xyz_mm).query(
        case.cortex.vertices.xyz_mm, distance_upper_bound=limit
    )
    out = np.full(len(away), np.nan)
    found = np.isfinite(away)
    out[found] = cmap.z[near[found]]
    return out
