"""Recognise the runs that fMRIPrep sampled on surfaces, as CIFTI or as pairs of GIFTI."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tmsguide.errors import InputError
from tmsguide.io.prepared.derivative_files import prepared_sidecar
from tmsguide.io.prepared.fmriprep_runs import confounds_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from tmsguide.io.prepared.derivative_files import DerivativeFile

__all__ = ["SurfaceRun", "surface_runs"]


@dataclass(frozen=True, slots=True)
class SurfaceRun:
    """A run sampled on surfaces: both hemispheres' .func.gii, or one .dtseries.nii.

    ``space`` is fsnative, fsaverage, fsaverage5, fsaverage6 or fsLR; ``confounds`` may be missing.
    """

    files: tuple[Path, ...]
    space: str
    sidecar: Mapping[str, object]
    confounds: Path | None
    task: str
    run: str | None = None
    session: str | None = None
    notes: tuple[str, ...] = field(default=())


def surface_runs(files: Sequence[DerivativeFile], *, root: Path) -> tuple[SurfaceRun, ...]:
    """Recognise the runs that were sampled on surfaces, as CIFTI or as pairs of GIFTI."""
    found: list[SurfaceRun] = []
    for file in files:
        if file.name.suffix != "bold":
            continue
        if file.name.extension == ".dtseries.nii":
            found.append(_surface_run(file, (file.path,), files, root=root))
        elif file.name.extension == ".func.gii" and file.get("hemi") == "L":
            right = _right_half(file, files)
            if right:
                found.append(_surface_run(file, (file.path, right), files, root=root))
    return tuple(found)


def _right_half(left: DerivativeFile, files: Sequence[DerivativeFile]) -> Path | None:
    wanted = {**left.name.entities, "hemi": "R"}
    return next(
        (
            f.path
            for f in files
            if f.name.entities == wanted and f.name.extension == left.name.extension
        ),
        None,
    )


def _surface_run(
    file: DerivativeFile,
    paths: tuple[Path, ...],
    files: Sequence[DerivativeFile],
    *,
    root: Path,
) -> SurfaceRun:
    try:
        confounds = confounds_of(file, [f for f in files if f.scan == file.scan])
    except InputError:
        confounds = None
    return SurfaceRun(
        files=paths,
        space=file.get("space") or "fsLR",
        sidecar=prepared_sidecar(file.path, root),
        confounds=confounds,
        task=file.get("task") or "",
        run=file.get("run"),
        session=file.get("ses"),
    )
