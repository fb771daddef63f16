"""Results as a BIDS derivative: written aside as a whole, then put in place at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tmsguide.io import (
    bids_uri,
    write_bytes,
    write_json,
    write_text,
    write_tsv,
)
from tmsguide.io.navigators import NavigatorMarker, encode_all, marker_from_plan
from tmsguide.model import Volume
from tmsguide.pipeline.carried import filled, in_mni
from tmsguide.pipeline.confidence_files import publish_confidence, target_columns
from tmsguide.pipeline.head_publication import publish_head
from tmsguide.pipeline.network_publication import publish_networks
from tmsguide.pipeline.option_tables import COLUMNS, option_columns, option_records
from tmsguide.pipeline.publication import Publication, put_in_place

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from tmsguide.model import Plan
    from tmsguide.pipeline.case import Case
    from tmsguide.report import Report

__all__ = ["publish"]


def publish(case: Case, plan: Plan, report: Report, summary: Mapping[str, Any]) -> Path:
    """Write everything of one person and give the path of its ``summary.json``."""
    out, name = case.request.out_dir, f"sub-{case.request.label}"
    with put_in_place(out, case.request.label) as aside:
        book = Publication(
            root=aside,
            label=case.request.label,
            task=case.request.inputs.task,
            sources=_sources(case),
            settings=case.settings_table(),
        )
        publish_head(
            book,
            case.anatomy,
            case.marks,
            face=None if case.request.settings.output.keep_face else case.face,
            surfaces={
                "scalp": (case.scalp, {}),
                "midthickness": (case.cortex, {"e_v_per_m": case.aim.cortex_e_v_per_m}),
            },
            rng=np.random.default_rng(case.request.settings.seed),
        )
        _function(book, case)
        publish_networks(book, case)
        _field(book, case)
        _plan(book, case, plan)
        for figure, png in report.figures.items():
            write_bytes(png, book.path("figures", figure.replace("_", ""), ".png"))
        write_text(report.html, aside / f"{name}.html")
        write_json(summary, aside / name / "summary.json")
    return out / name / "summary.json"


def _sources(case: Case) -> list[str]:
    root = case.request.inputs.root
    source = case.request.inputs
    paths = (source.t1w, *(path for run in source.runs for path in run.files))
    return [bids_uri(path, root, dataset="raw") for path in paths]


def _function(book: Publication, case: Case) -> None:
    clean = case.clean
    entities = {"task": book.task} if book.task else {}
    mean = book.path("func", "boldref", ".nii.gz", space="T1w", **entities)
    book.image(clean.mean_bold, mean, "Mean BOLD in T1w space", settings="bold")
    stat = book.path("func", "statmap", ".nii.gz", space="T1w", desc="sgACC", **entities)
    book.image(
        filled(clean.mean_bold, case.targets.cmap.where, case.targets.cmap.z),
        stat,
        f"Fisher z with {case.targets.cmap.seed}",
        settings="target",
        EffectiveDegreesOfFreedom=case.targets.cmap.dof,
    )
    if case.request.settings.output.mni_maps:
        _in_mni(book, case, entities)
    columns: dict[str, list[object]] = {
        "run": [k for k, run in enumerate(clean.runs, start=1) for _ in range(run.frames)],
        "framewise_displacement": list(clean.fd_mm),
        "framewise_displacement_unfiltered": list(
            np.concatenate([run.raw_fd_mm for run in clean.runs])
        ),
        "global_signal": list(np.concatenate([run.global_signal for run in clean.runs])),
        "dvars": list(clean.dvars),
        "kept": [int(k) for k in clean.denoised.kept],
    }
    names = ("trans_x", "trans_y", "trans_z", "rot_x", "rot_y", "rot_z")
    columns |= {name: list(column) for name, column in zip(names, clean.motion.T, strict=True)}
    table = book.path("func", "timeseries", ".tsv", desc="confounds", **entities)
    write_tsv(columns, table)
    book.described(
        table,
        "Motion (mm, rad), framewise displacement (mm; as frames were judged by it and before "
        "breathing was filtered out), DVARS and the frames kept; regressed out "
        f"were: {', '.join(clean.confound_names)}",
        "bold",
    )


def _in_mni(book: Publication, case: Case, entities: Mapping[str, str]) -> None:
    """Write the map and the mean scan on 2 mm voxels of the MNI space."""
    cmap = case.targets.cmap
    space, mean = case.mni_space, case.clean.mean_bold
    for name, volume, text in (
        ("boldref", mean, "Mean BOLD"),
        ("statmap", filled(mean, cmap.where, cmap.z), f"Fisher z with {cmap.seed}"),
    ):
        desc = {"desc": "sgACC"} if name == "statmap" else {}
        path = book.path("func", name, ".nii.gz", space=space, res="2", **desc, **entities)
        there = in_mni(volume, case.t1w_from_mni)
        book.image(
            there,
            path,
            f"{text} in {space}, for display: the plan rests on the T1w space",
            settings="target",
        )


def _field(book: Publication, case: Case) -> None:
    labels = case.anatomy.labels
    grey = Volume(case.aim.grey_e_v_per_m, labels.frame_from_voxel, labels.frame)
    path = book.path("tms", "efield", ".nii.gz", space="T1w", desc="magnE")
    book.image(
        grey,
        path,
        "|E| in grey matter at the planned placement",
        settings="search",
        Units="V/m",
        DIDTAmperePerSecond=case.aim.placement.didt_a_per_s,
        ConductivitySPerM=case.conductivity_table(),
    )


def _plan(book: Publication, case: Case, plan: Plan) -> None:
    targets = (plan.target, *plan.alternatives)
    table = book.path("tms", "targets", ".tsv")
    write_tsv(target_columns(targets, case), table)
    book.described(
        table,
        "Targets in T1w and MNI millimetres (RAS+), the planned one first; region_radius_mm is "
        "meant to hold the true place with the stated confidence",
        "target",
        MNISpace=case.mni_space,
    )
    publish_confidence(book, case, targets)
    options = book.path("tms", "options", ".tsv")
    write_tsv(option_columns(case.aim.options), options)
    book.described(
        options,
        "Placements worth choosing, the planned one first; fields are at the stated dI/dt",
        "search",
        DIDTAmperePerSecond=plan.placement.didt_a_per_s,
        Columns=COLUMNS,
        Options=option_records(case.aim.options),
    )
    write_json(case.plan_table(plan), book.path("tms", "plan", ".json"))
    content = encode_all(_markers(plan, case), form=case.t1w_form, code=case.t1w_code)
    for name, data in content.items():
        folder = book.root / f"sub-{book.label}" / "tms" / "navigators"
        folder.mkdir(parents=True, exist_ok=True)
        write_bytes(data, folder / f"sub-{book.label}_{name}")


def _markers(plan: Plan, case: Case) -> list[NavigatorMarker]:
    """Give the planned pose first, then its ranked rivals."""
    first = marker_from_plan(f"sub-{plan.subject.label} planned", plan.placement, plan.target)
    rivals = [
        marker_from_plan(f"sub-{plan.subject.label} rank {i}", ranked.placement, plan.target)
        for i, ranked in enumerate(case.aim.ranked[1:], start=2)
    ]
    return [first, *rivals]
