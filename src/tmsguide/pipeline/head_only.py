"""The head alone, from a T1w: labels, maps, landmarks and surfaces, without a target."""

from __future__ import annotations

import json
import time
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from tmsguide import __version__
from tmsguide.head import deface_mask, defaced_anatomy
from tmsguide.io import (
    bids_uri,
    check_contents,
    read_header,
    write_bytes,
    write_dataset_description,
    write_json,
    write_text,
)
from tmsguide.model import Points, native_frame
from tmsguide.pipeline.anatomy import anatomy_step, normalisation_step, prior_of, surface_step
from tmsguide.pipeline.bench import Bench, seconds_of
from tmsguide.pipeline.head_publication import publish_head
from tmsguide.pipeline.landmarks import landmark_step
from tmsguide.pipeline.listener import Silent
from tmsguide.pipeline.literature import published
from tmsguide.pipeline.machine import peak_rss_gb
from tmsguide.pipeline.publication import Publication, put_in_place
from tmsguide.pipeline.store import Store
from tmsguide.pipeline.stored import STORED
from tmsguide.report import AnatomyDossier, render_anatomy

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from tmsguide.pipeline.listener import Listener
    from tmsguide.pipeline.request import Request
    from tmsguide.pipeline.store import Result

__all__ = ["HeadSummary", "run_head"]


@dataclass(frozen=True, slots=True)
class HeadSummary:
    """What ``summary.json`` of a head holds, where it lies, and what this run took."""

    path: Path
    content: Mapping[str, Any]
    wall_s: float
    peak_rss_gb: float

    def lines(self) -> list[str]:
        """Give the words that end a run on the terminal."""
        root = self.path.parents[1]
        return [
            f"head: labelled by {self.content['labelled_by']}",
            *(f"  - {problem}" for problem in self.content["problems"]),
            f"report:     {root / self.content['report']}",
            f"took {self.wall_s:.0f} s; peak memory {self.peak_rss_gb:.1f} GB",
        ]


def run_head(request: Request, *, listener: Listener | None = None) -> HeadSummary:
    """Do the anatomical steps that are not already done and publish the head.

    Raises
    ------
    InputError
        The T1w cannot be used.
    QualityError
        It shows no head, no brain or no contrast.
    """
    start = time.perf_counter()
    store = Store(request.work_dir / f"sub-{request.label}", STORED)
    store.sweep()
    bench = Bench(store, listener or Silent(), {})
    source, settings = request.inputs, request.settings.anatomy
    check_contents(read_header(source.t1w))
    frame = native_frame(request.label)
    anatomy = anatomy_step(bench, source, frame, settings=settings, prior=prior_of(settings))
    to_mni = normalisation_step(bench, source, anatomy, settings=settings)
    surfaces = surface_step(bench, anatomy)
    marks = landmark_step(bench, anatomy, to_mni, surfaces)
    path, content = _published(request, bench, anatomy, to_mni, surfaces=surfaces, marks=marks)
    return HeadSummary(path, content, time.perf_counter() - start, peak_rss_gb())


def _published(
    request: Request,
    bench: Bench,
    anatomy: Result,
    to_mni: Result,
    *,
    surfaces: Result,
    marks: Result,
) -> tuple[Path, dict[str, Any]]:
    head, quality = anatomy.content["anatomy"], anatomy.content["t1w_quality"]
    there = published(to_mni.content["t1w_from_mni"])
    source, keep = request.inputs, request.settings.output.keep_face
    face = None if keep else deface_mask(head, there)
    found, name = marks.content["marks"], f"sub-{request.label}"
    content: dict[str, Any] = {
        "research_use_only": True,
        "subject": name,
        "labelled_by": head.labelled_by,
        "mni_space": to_mni.content["mni_from_t1w"].target.name,
        "problems": [
            *head.problems,
            *(quality.problems if quality else ()),
            *found.problems,
            *source.notes,
        ],
        "seconds": seconds_of(bench),
        "report": f"{name}.html",
    }
    page = render_anatomy(
        AnatomyDossier(
            subject=source.subject,
            dataset_name=source.dataset,
            anatomy=head if face is None else defaced_anatomy(head, face),
            middle=there(
                Points(np.array([[-30.0, 10.0, 20.0]]), to_mni.content["t1w_from_mni"].source)
            ),
            problems=tuple(content["problems"]),
            t1w_quality=quality,
            files={
                "Labels and images": f"{name}/anat",
                "Landmarks and 10-10 positions": f"{name}/tms",
            },
        )
    )
    write_dataset_description(request.out_dir, version=__version__, sources={"raw": source.root})
    with put_in_place(request.out_dir, request.label) as aside:
        book = Publication(
            root=aside,
            label=request.label,
            task="",
            sources=[bids_uri(source.t1w, source.root, dataset="raw")],
            settings=asdict(request.settings),
        )
        publish_head(
            book,
            head,
            found,
            face=face,
            surfaces={
                "scalp": (surfaces.content["scalp"], {}),
                "midthickness": (surfaces.content["cortex"], {}),
            },
            rng=np.random.default_rng(request.settings.seed),
        )
        for figure, png in page.figures.items():
            write_bytes(png, book.path("figures", figure, ".png"))
        write_text(page.html, aside / f"{name}.html")
        write_json(content, aside / name / "summary.json")
    path = request.out_dir / name / "summary.json"
    return path, json.loads(path.read_text(encoding="utf-8"))
