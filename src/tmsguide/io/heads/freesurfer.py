"""A recon folder of FreeSurfer or FastSurfer: T1w, tissue labels, cortex and its registration."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from tmsguide.errors import InputError
from tmsguide.io.documents import one_line, read_bytes
from tmsguide.io.heads.brain_labels import brain_tissues
from tmsguide.io.heads.freesurfer_surfaces import (
    SPHERE,
    midway,
    read_freesurfer_sphere,
    read_freesurfer_surface,
    volume_scanner_from_tk,
)
from tmsguide.io.images.mgh import read_mgh
from tmsguide.model import Points, Surface, Volume

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from tmsguide.model import Frame

__all__ = [
    "FreesurferAnatomy",
    "fsaverage_sphere",
    "fsaverage_sphere_file",
    "is_freesurfer",
    "read_freesurfer",
]

_HEMISPHERES = {"left": "lh", "right": "rh"}
#: T1w images by choice: free of bias, then also normalised, then as it came.
_T1W = ("nu", "orig_nu", "T1", "orig")
#: Segmentations by choice: those that follow the surfaces first.
_LABELS = (
    "aparc+aseg",
    "aparc.DKTatlas+aseg.mapped",
    "aparc.DKTatlas+aseg",
    "wmparc.DKTatlas.mapped",
    "wmparc",
    "aseg",
    "aparc.DKTatlas+aseg.deep.withCC",
    "aparc.DKTatlas+aseg.deep",
    "aseg.presurf",
    "aseg.auto",
    "aseg.auto_noCCseg",
)
_MASKS = ("brainmask", "mask")
#: brainmask.mgz holds 1 where a person has rubbed the brain out by hand.
_RUBBED_OUT = 1.0
#: A segmentation that the surfaces have not refined yet.
_RAW = ("deep", "presurf", "auto")


@dataclass(frozen=True, slots=True, eq=False)
class FreesurferAnatomy:
    """What a recon folder gives, in scanner RAS; ``left`` and ``right`` are the keys.

    ``t1w`` float32; ``brain_labels`` uint8 WM, GM, CSF (`Tissue`), 0 outside; ``brain_mask`` bool.
    ``midthickness`` lie half-way from white to pial, vertex for vertex with ``spheres`` (their
    registration to fsaverage, in the frame ``fsaverage/sphere``); both are empty where the program
    drew no surfaces, as ``notes`` then say. ``labelled_by`` names the program.
    """

    t1w: Volume
    brain_labels: Volume
    brain_mask: Volume
    labelled_by: str
    midthickness: Mapping[str, Surface] = field(default_factory=dict)
    spheres: Mapping[str, Surface] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def is_freesurfer(folder: Path) -> bool:
    """Tell whether ``folder`` is one person's folder of FreeSurfer or FastSurfer."""
    return any((folder / "mri" / f"{name}.mgz").is_file() for name in (*_T1W, *_LABELS))


def read_freesurfer(folder: Path, *, frame: Frame) -> FreesurferAnatomy:
    """Read one person's folder (``$SUBJECTS_DIR/<subject>``), all in scanner RAS.

    The scanner space is that of the T1w that the program was given (of the first, where it was
    given several); FreeSurfer's conformed volume is that space on another grid.

    Raises
    ------
    InputError
        No such folder, a missing or damaged piece, or pieces of different runs.
    """
    if not is_freesurfer(folder):
        raise InputError(
            f"{one_line(folder)} is no recon folder; needed one person's folder of FreeSurfer or "
            "FastSurfer with mri/ and surf/ in it"
        )
    t1w = read_mgh(_first(folder, _T1W, "T1w image"), frame=frame)
    labels_path = _first(folder, _LABELS, "segmentation")
    structures = read_mgh(labels_path, frame=frame)
    mask_path = _first(folder, _MASKS, "brain mask")
    brain = read_mgh(mask_path, frame=frame)
    for volume, path in ((brain, mask_path), (t1w, folder / "mri" / "T1w image")):
        _same_grid(structures, volume, labels_path, path)
    over = _RUBBED_OUT if mask_path.name.startswith("brainmask") else 0.5
    inside = np.asarray(brain.data) > over
    tissue = brain_tissues(structures.data, inside, one_line(labels_path))
    midthickness, spheres, notes = _cortex(folder, t1w, frame)
    if any(word in labels_path.name for word in _RAW):
        notes += (f"{labels_path.name} was not refined by surfaces; its cortex may be coarse",)
    return FreesurferAnatomy(
        t1w=t1w,
        brain_labels=Volume(tissue, structures.frame_from_voxel, frame),
        brain_mask=Volume(inside | (tissue > 0), structures.frame_from_voxel, frame),
        labelled_by=_program(folder),
        midthickness=midthickness,
        spheres=spheres,
        notes=notes,
    )


def _first(folder: Path, names: tuple[str, ...], what: str) -> Path:
    for name in names:
        path = folder / "mri" / f"{name}.mgz"
        if path.exists() or path.is_symlink():
            return path
    raise InputError(
        f"{one_line(folder)} has no {what}; needed mri/{names[0]}.mgz "
        f"(or {', '.join(names[1:4])}); copy the whole folder, or let the program run to its end"
    )


def _same_grid(one: Volume, other: Volume, one_path: Path, other_path: Path) -> None:
    if one.data.shape != other.data.shape or not np.allclose(
        one.frame_from_voxel, other.frame_from_voxel, atol=0.01
    ):
        raise InputError(
            f"{one_path.name} and {other_path.name} lie on different grids; needed both of one "
            f"run; copy {one_line(one_path.parent)} again"
        )


def _cortex(
    folder: Path, t1w: Volume, frame: Frame
) -> tuple[dict[str, Surface], dict[str, Surface], tuple[str, ...]]:
    surf = folder / "surf"
    wanted = [f"{h}.{s}" for h in _HEMISPHERES.values() for s in ("white", "pial", "sphere.reg")]
    there = [name for name in wanted if (surf / name).exists()]
    if not there:
        return {}, {}, ("no cortical surfaces in the recon folder; labels alone are used",)
    if len(there) < len(wanted):
        absent = ", ".join(name for name in wanted if name not in there)
        raise InputError(
            f"{one_line(surf)} lacks {absent}; copy the whole folder, or let the program run to "
            "its end"
        )
    scanner_from_tk = volume_scanner_from_tk(t1w.frame_from_voxel, t1w.data.shape)
    sheets, spheres = {}, {}
    for side, h in _HEMISPHERES.items():
        white, pial = (
            read_freesurfer_surface(
                surf / f"{h}.{kind}", frame=frame, scanner_from_tk=scanner_from_tk
            )
            for kind in ("white", "pial")
        )
        sheets[side] = midway(white, pial)
        spheres[side] = read_freesurfer_sphere(surf / f"{h}.sphere.reg")
        if len(spheres[side].vertices) != len(white.vertices):
            raise InputError(
                f"{h}.sphere.reg has {len(spheres[side].vertices)} vertices and {h}.white "
                f"{len(white.vertices)}; needed both of one run; copy {one_line(surf)} again"
            )
    return sheets, spheres, ()


def _program(folder: Path) -> str:
    """Name the program and, where it left one, its version."""
    fast = [folder / "mri" / f"aparc.DKTatlas+aseg.{kind}.mgz" for kind in ("deep", "mapped")]
    name = "FastSurfer" if any(path.exists() for path in fast) else "FreeSurfer"
    stamp = folder / "scripts" / "build-stamp.txt"
    if not stamp.is_file():
        return name
    version = read_bytes(stamp).decode("utf-8", "replace")
    return f"{name} ({one_line(version)[:80]})"


def fsaverage_sphere(subjects_dir: Path, side: str, vertices: int) -> Surface:
    """Give the fsaverage sphere of ``vertices`` points from FreeSurfer's own subjects folder.

    fsaverage5 (10,242), fsaverage6 (40,962) and fsaverage (163,842 vertices) are refinements of
    one icosahedron: the coarser are the first vertices of the finer.

    Raises
    ------
    InputError
        No fsaverage folder there, or a count that is none of fsaverage's.
    """
    names = {10_242: "fsaverage5", 40_962: "fsaverage6", 163_842: "fsaverage"}
    if vertices not in names:
        raise InputError(
            f"{vertices} vertices a hemisphere is no fsaverage mesh; known are "
            + ", ".join(f"{n} ({name})" for n, name in names.items())
        )
    path = fsaverage_sphere_file(subjects_dir, side, names[vertices])
    return _coarser(read_freesurfer_sphere(path), vertices, path)


def fsaverage_sphere_file(subjects_dir: Path, side: str, mesh: str) -> Path:
    """Give the file of the fsaverage sphere that holds ``mesh`` (fsaverage, 5 or 6).

    Raises
    ------
    InputError
        No fsaverage folder there.
    """
    file = f"{_HEMISPHERES[side]}.sphere"
    for name in (mesh, "fsaverage"):
        for path in (subjects_dir / name / "surf" / f"{file}{end}" for end in (".reg", "")):
            if path.exists():
                return path
    raise InputError(
        f"{one_line(subjects_dir)} holds no {mesh} with surf/{file}.reg; give the "
        "subjects folder of FreeSurfer (or sourcedata/freesurfer of fMRIPrep)"
    )


def _coarser(sphere: Surface, vertices: int, path: Path) -> Surface:
    if len(sphere.vertices) < vertices:
        raise InputError(
            f"{one_line(path)} has {len(sphere.vertices)} vertices; needed {vertices}"
        )
    points = Points(sphere.vertices.xyz_mm[:vertices], SPHERE)
    whole = np.asarray((sphere.triangles < vertices).all(axis=1))
    kept = sphere.triangles[whole] if len(sphere.vertices) > vertices else sphere.triangles
    return Surface(points, kept)
