"""The page of a head alone: labels, image quality, what to look at."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from tmsguide.report import quantities, sentences, words
from tmsguide.report.dossier import Report
from tmsguide.report.page import template
from tmsguide.report.quality_section import anatomy_rows
from tmsguide.report.slice_figures import TISSUE_NAMES, labels_figure

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tmsguide.head import T1wQuality
    from tmsguide.model import Anatomy, Points, Subject

__all__ = ["AnatomyDossier", "render_anatomy"]


@dataclass(frozen=True, slots=True, eq=False)
class AnatomyDossier:
    """What the page of a head shows: planes through ``middle`` (1, 3) in the T1w frame.

    ``anatomy`` is only drawn: give one without a face. ``files`` maps a label to a path relative
    to the page.
    """

    subject: Subject
    dataset_name: str
    anatomy: Anatomy
    middle: Points
    problems: tuple[str, ...] = ()
    t1w_quality: T1wQuality | None = None
    files: Mapping[str, str] = field(default_factory=dict)


def render_anatomy(dossier: AnatomyDossier) -> Report:
    """Give the page of one head, which needs no other file, and its figure."""
    label = dossier.subject.label
    figure = labels_figure(dossier.anatomy, dossier.middle.xyz_mm[0], label)
    quality = dossier.t1w_quality
    page = template("anatomy.html.j2").render(
        d=dossier,
        research_use=words.RESEARCH_USE,
        person=words.person(dossier.subject),
        problems=[sentences.sentence(problem) for problem in dossier.problems],
        image=base64.b64encode(figure).decode("ascii"),
        volumes=_volumes(dossier.anatomy),
        quality=anatomy_rows(quality) if quality else (),
    )
    return Report(html=page, figures={"tissues": figure})


def _volumes(anatomy: Anatomy) -> list[tuple[str, str]]:
    """Give millilitres by tissue, inside the image."""
    count = np.bincount(np.asarray(anatomy.labels.data).ravel(), minlength=11)
    millilitres = count * float(np.prod(anatomy.labels.voxel_mm)) / 1000
    return [
        (name, quantities.significant(float(millilitres[tissue]), 3))
        for tissue, name in TISSUE_NAMES.items()
        if count[tissue]
    ]
