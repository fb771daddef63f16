"""Runs that fMRIPrep sampled on surfaces, placed on the person's own cortex."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tmsguide.errors import InputError
from tmsguide.io.documents import one_line
from tmsguide.io.heads.freesurfer import fsaverage_sphere, fsaverage_sphere_file
from tmsguide.io.heads.freesurfer_surfaces import read_freesurfer_sphere
from tmsguide.io.prepared.confounds import read_confounds
from tmsguide.io.prepared.person_surfaces import (
    fsaverage5_sphere,
    own_cortex_files,
    own_fslr_files,
    own_sphere_files,
    read_own_cortex,
    read_own_fslr,
    read_own_spheres,
)
from tmsguide.io.surfaces.cifti import read_dense_series
from tmsguide.io.surfaces.dense_series import placed
from tmsguide.io.surfaces.surface_series import read_surface_series
from tmsguide.model import Prepared

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from tmsguide.io.prepared.fmriprep_surfaces import SurfaceRun
    from tmsguide.io.surfaces.dense_series import DenseSeries
    from tmsguide.model import Frame, Surface, Warp

__all__ = ["read_surface_run", "surface_files"]

_FSAVERAGE5 = 10_242


def read_surface_run(
    run: SurfaceRun,
    root: Path,
    *,
    frame: Frame,
    subjects_dir: Path | None = None,
    t1w_from_mni: Warp | None = None,
) -> Prepared:
    """Read one run of ``select_fmriprep_surfaces`` with each series at its place in ``frame``.

    Parameters
    ----------
    run
        A .dtseries.nii, or .func.gii of both hemispheres (fsnative, fsaverage, 5 or 6).
    root
        ``sub-<label>`` of fMRIPrep's output, where the person's surfaces are.
    frame
        The person's T1w frame.
    subjects_dir
        FreeSurfer's subjects folder; by default fMRIPrep's own. Needed for fsaverage and
        fsaverage6, and for the registered spheres of older versions.
    t1w_from_mni
        From MNI152NLin6Asym, brings subcortical voxels back; without it they are left out.

    Raises
    ------
    InputError
        A piece is missing or damaged, or pieces do not belong together; without the person's own
        surfaces the series have no place in this head.
    """
    subjects = subjects_dir or _subjects_of(root)
    notes = run.notes
    if len(run.files) == 1:
        dense = read_dense_series(run.files[0], sidecar=run.sidecar)
        sheets: Mapping[str, Surface] = read_own_fslr(root, frame=frame)
        if t1w_from_mni is None and dense.world_from_voxel is not None:
            notes += ("subcortical voxels were left out: they are in MNI",)
    else:
        dense = read_surface_series(run.files[0], run.files[1], run.sidecar)
        if run.space == "fsnative":
            sheets = read_own_cortex(root, frame=frame)
        elif run.space == "fsLR":
            sheets = read_own_fslr(root, frame=frame)
        else:
            sheets = _carried(dense, root, subjects, frame)
            notes += (f"{run.space} vertices were laid on the person's cortex by their spheres",)
    series, where = placed(dense, sheets["left"], sheets["right"], t1w_from_template=t1w_from_mni)
    return Prepared(
        tr_s=dense.tr_s,
        origin="fMRIPrep",
        series=series,
        where=where,
        confounds=_confounds(run, len(series)),
        metadata=run.sidecar,
        notes=notes,
    )


def surface_files(run: SurfaceRun, root: Path) -> tuple[Path, ...]:
    """Give the person's own surfaces on which `read_surface_run` lays a run.

    Raises
    ------
    InputError
        One of them is not there, or the run has no confounds table.
    """
    if run.confounds is None:
        raise InputError(
            f"{run.files[0].name} has no confounds table beside it; needed "
            "*_desc-confounds_timeseries.tsv of that run; copy fMRIPrep's whole func folder"
        )
    if len(run.files) == 1 or run.space == "fsLR":
        return own_fslr_files(root)
    if run.space == "fsnative":
        return own_cortex_files(root)
    subjects = _subjects_of(root)
    spheres = tuple(_recon_spheres(root, subjects).values())
    if not all(path.exists() for path in spheres):
        spheres = own_sphere_files(root)
    if run.space == "fsaverage5":
        return (*own_cortex_files(root), *spheres)
    group = (fsaverage_sphere_file(subjects, side, run.space) for side in ("left", "right"))
    return (*own_cortex_files(root), *spheres, *group)


def _subjects_of(root: Path) -> Path:
    """Give where fMRIPrep keeps FreeSurfer's folders (beside its output before version 21)."""
    inside = root.parent / "sourcedata" / "freesurfer"
    return inside if inside.is_dir() else root.parent.parent / "freesurfer"


def _carried(dense: DenseSeries, root: Path, subjects: Path, frame: Frame) -> dict[str, Surface]:
    # only here: that room brings numba along, which reading a table should not
    from tmsguide.preprocess.spheres import carried_by_sphere

    sheets = read_own_cortex(root, frame=frame)
    spheres = _spheres(root, subjects)
    out = {}
    for side, size in zip(("left", "right"), dense.vertices, strict=True):
        template = (
            fsaverage5_sphere(side)
            if size == _FSAVERAGE5
            else fsaverage_sphere(subjects, side, size)
        )
        out[side] = carried_by_sphere(sheets[side], spheres[side], template)
    return out


def _spheres(root: Path, subjects: Path) -> Mapping[str, Surface]:
    """Give the person's registered spheres, of fMRIPrep or of FreeSurfer's folder."""
    paths = _recon_spheres(root, subjects)
    if all(path.exists() for path in paths.values()):
        return {side: read_freesurfer_sphere(path) for side, path in paths.items()}
    return read_own_spheres(root)


def _recon_spheres(root: Path, subjects: Path) -> dict[str, Path]:
    surf = subjects / root.name / "surf"
    return {"left": surf / "lh.sphere.reg", "right": surf / "rh.sphere.reg"}


def _confounds(run: SurfaceRun, frames: int) -> dict[str, NDArray[np.float64]]:
    if run.confounds is None:
        return {}
    table = dict(read_confounds(run.confounds))
    rows = len(next(iter(table.values())))
    if rows != frames:
        raise InputError(
            f"{one_line(run.confounds)} has {rows} rows and {run.files[0].name} {frames} frames; "
            "needed both of one run"
        )
    return table
