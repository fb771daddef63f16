"""Read one run of fMRIPrep: a scan placed in the T1w or in a template, with its confounds."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from tmsguide.errors import InputError
from tmsguide.io.images.nifti import check_t1w, read_bold
from tmsguide.io.prepared.confounds import read_confounds
from tmsguide.io.prepared.fmriprep_runs import NATIVE, FmriprepRun
from tmsguide.io.transforms.reading import read_affine
from tmsguide.model import Affine, Frame, Prepared, Volume

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["read_fmriprep"]


def read_fmriprep(run: FmriprepRun, *, t1w_frame: Frame) -> Prepared:
    """Read one run with its confounds: a scan in ``t1w_frame``, or in its template's frame.

    A scan in its own space is placed in the T1w by its transform alone: its voxels keep their
    values. Frames before the steady state are not kept.

    Raises
    ------
    InputError
        A file cannot be used, or BOLD, mask and confounds do not belong together.
    """
    confounds = read_confounds(run.confounds)
    placed = t1w_frame if run.space in ("T1w", NATIVE) else Frame(run.space)
    bold = read_bold(run.bold, run.sidecar, frame=placed)
    volumes = bold.volume.data.shape[3]
    rows = len(next(iter(confounds.values())))
    if rows != volumes:
        raise InputError(
            f"{run.confounds.name} has {rows} rows and {run.bold.name} {volumes} volumes; needed "
            "one row per volume; take both from the same fMRIPrep run"
        )
    if run.mask is not None:
        _check_mask(run.mask, run.bold, bold.volume)
    kept = np.ones(volumes, bool)
    for name, values in confounds.items():
        if name.startswith("non_steady_state_outlier"):
            kept &= values == 0
    return Prepared(
        tr_s=bold.tr_s or 0.0,
        origin=run.origin,
        scan=replace(bold, volume=_in_t1w(bold.volume, run, t1w_frame)),
        confounds=confounds,
        kept=kept,
        metadata=run.sidecar,
        notes=run.notes,
    )


def _check_mask(path: Path, bold_path: Path, bold: Volume) -> None:
    mask = check_t1w(path)
    if mask.shape != bold.data.shape[:3] or not np.allclose(
        mask.frame_from_voxel, bold.frame_from_voxel, atol=0.01
    ):
        raise InputError(
            f"{path.name} and {bold_path.name} lie on different grids; needed the mask of that "
            "run; take both from the same fMRIPrep run"
        )


def _in_t1w(volume: Volume, run: FmriprepRun, t1w_frame: Frame) -> Volume:
    if run.space != NATIVE:
        return volume
    whole = Affine(np.eye(4), source=t1w_frame, target=t1w_frame)
    for step, path in enumerate(run.transforms, start=1):
        nearer = Frame(f"{t1w_frame.name} to BOLD, step {step}")
        whole = read_affine(path, source=whole.target, target=nearer) @ whole
    if np.linalg.det(whole.matrix[:3, :3]) <= 0:
        raise InputError(
            f"{run.transforms[0].name} mirrors the scan, so left and right would swap; run "
            "fMRIPrep again"
        )
    return replace(
        volume, frame_from_voxel=whole.inverse().matrix @ volume.frame_from_voxel, frame=t1w_frame
    )
