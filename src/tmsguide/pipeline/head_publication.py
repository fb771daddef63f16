"""A head as files of the derivative: images, labels, landmarks, surfaces."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tmsguide.head import defaced
from tmsguide.io import write_surface_gifti, write_tsv
from tmsguide.model import Tissue

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from tmsguide.model import Anatomy, Landmarks, Surface, Volume
    from tmsguide.pipeline.landmarks import Marks
    from tmsguide.pipeline.publication import Publication

__all__ = ["publish_head"]


def publish_head(
    book: Publication,
    anatomy: Anatomy,
    marks: Marks,
    *,
    face: Volume | None,
    surfaces: Mapping[str, tuple[Surface, Mapping[str, NDArray[np.float64]]]],
    rng: np.random.Generator,
) -> None:
    """Write images, labels, landmarks and surfaces of a head.

    ``face`` marks what a shared copy of the T1w leaves out, None where none is wanted;
    ``surfaces`` hold by name a surface and its values at the vertices. ``rng`` draws the noise in
    place of the face.
    """
    a = anatomy
    t1w = book.path("anat", "T1w", ".nii.gz", desc="preproc")
    book.image(a.t1w, t1w, "Bias-corrected T1w", settings="anatomy", SkullStripped=False)
    if face is not None:
        shared = book.path("anat", "T1w", ".nii.gz", desc="defaced")
        book.image(
            defaced(a.t1w, face, rng=rng),
            shared,
            "Bias-corrected T1w without the face, for sharing; the other images keep it, because "
            "navigators register on it",
            settings="anatomy",
            SkullStripped=False,
        )
    mask = book.path("anat", "mask", ".nii.gz", desc="brain")
    book.image(a.brain_mask, mask, "Brain mask", settings="anatomy", Type="Brain")
    labels = book.path("anat", "dseg", ".nii.gz", desc="head")
    book.image(a.labels, labels, "Head tissues, SimNIBS numbering", settings="anatomy")
    held = {0, *np.unique(a.labels.data).tolist()}
    tissues = [t for t in Tissue if int(t) in held]
    write_tsv(
        {"index": [int(t) for t in tissues], "name": [t.name for t in tissues]},
        book.path("anat", "dseg", ".tsv", desc="head"),
    )
    for desc, places, text in (
        ("fiducials", marks.fiducials, "Nasion, inion and preauricular points"),
        ("1010", marks.positions, "10-10 positions on the scalp"),
    ):
        if places is not None:
            _landmarks(book, places, desc, text)
    for name, (surface, values) in surfaces.items():
        path = book.path("anat", name, ".surf.gii")
        write_surface_gifti(surface, path, dict(values) or None)


def _landmarks(book: Publication, marks: Landmarks, desc: str, text: str) -> None:
    """Write named places; one that the image does not show has no uncertainty (n/a)."""
    table = book.path("tms", "electrodes", ".tsv", space="T1w", desc=desc)
    xyz = marks.points.xyz_mm
    sure = [float(u) if np.isfinite(u) else None for u in marks.uncertainty_mm]
    columns: dict[str, list[object]] = {"name": list(marks.names)}
    columns |= {axis: list(xyz[:, i]) for i, axis in enumerate("xyz")}
    write_tsv(columns | {"uncertainty_mm": list(sure)}, table)
    book.described(
        table,
        f"{text}, T1w millimetres (RAS+); uncertainty n/a: carried from the template, not seen in "
        "the image, never register a navigator on it",
        "anatomy",
    )
