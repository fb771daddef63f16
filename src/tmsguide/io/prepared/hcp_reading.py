"""Read what `select_hcp` found: anatomy, maps to MNI, and runs as another program's work."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tmsguide.errors import InputError
from tmsguide.io.documents import one_line, read_bytes, text_of
from tmsguide.io.heads.brain_labels import brain_tissues
from tmsguide.io.images.nifti import read_bold, read_mask, read_t1w, read_volume
from tmsguide.io.surfaces.cifti import read_dense_series
from tmsguide.io.surfaces.dense_series import placed
from tmsguide.io.surfaces.gifti import read_surface_gifti
from tmsguide.io.transforms.fsl_warps import fsl_grid, read_fsl_warp
from tmsguide.model import Frame, Prepared, Volume

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from tmsguide.io.prepared.hcp import HcpInputs, HcpRun
    from tmsguide.model import Surface, Warp

__all__ = [
    "HCP_MNI",
    "HcpAnatomy",
    "read_hcp_anatomy",
    "read_hcp_cortex",
    "read_hcp_movement",
    "read_hcp_surface_run",
    "read_hcp_volume_run",
    "read_hcp_warps",
]

#: The pipelines register to FSL's MNI152 (nonlinear, 6th generation, asymmetric).
HCP_MNI = Frame("MNI152NLin6Asym")
_ORIGIN = "HCP minimal preprocessing"
_COLUMNS = ("trans_x", "trans_y", "trans_z", "rot_x", "rot_y", "rot_z")
_ACPC = (
    "the T1w is the pipelines' AC-PC-aligned image, not the scanner's own: load that same image "
    "into the navigator"
)
_FIX = (
    "ICA-FIX has taken noise components and 24 motion courses out already; nuisance regression is "
    "done once more"
)


@dataclass(frozen=True, slots=True, eq=False)
class HcpAnatomy:
    """The T1w, its tissues (WM, GM, CSF as `Tissue`, 0 outside) and brain, in one native frame."""

    t1w: Volume
    brain_labels: Volume
    brain_mask: Volume
    labelled_by: str
    notes: tuple[str, ...] = ()


def read_hcp_anatomy(inputs: HcpInputs, *, frame: Frame) -> HcpAnatomy:
    """Read T1w, wmparc (or aparc+aseg) and brain mask; ``frame`` is the AC-PC-aligned T1w.

    Raises
    ------
    InputError
        A file cannot be used, or labels and mask lie on different grids.
    """
    t1w = read_t1w(inputs.t1w, frame=frame).volume
    structures = read_volume(inputs.structures, frame=frame)
    mask = read_mask(inputs.brain_mask, frame=frame)
    if structures.data.shape != mask.data.shape or not np.allclose(
        structures.frame_from_voxel, mask.frame_from_voxel, atol=0.01
    ):
        raise InputError(
            f"{one_line(inputs.structures)} and {inputs.brain_mask.name} lie on different grids; "
            "needed both of one run of the pipelines"
        )
    inside = np.asarray(mask.data)
    tissue = brain_tissues(structures.data, inside, one_line(inputs.structures))
    return HcpAnatomy(
        t1w=t1w,
        brain_labels=Volume(tissue, structures.frame_from_voxel, frame),
        brain_mask=mask,
        labelled_by="FreeSurfer, within the HCP pipelines",
        notes=(_ACPC,),
    )


def read_hcp_warps(inputs: HcpInputs, *, frame: Frame) -> tuple[Warp, Warp]:
    """Give (mni_from_t1w, t1w_from_mni) between ``frame`` and `HCP_MNI`.

    Raises
    ------
    InputError
        A warp cannot be used.
    """
    there, back = inputs.warp_t1w_to_mni, inputs.warp_mni_to_t1w
    return (
        # each file lies on the grid that the other one leads to
        read_fsl_warp(there, moving=fsl_grid(back), source=frame, target=HCP_MNI),
        read_fsl_warp(back, moving=fsl_grid(inputs.t1w), source=HCP_MNI, target=frame),
    )


def read_hcp_cortex(inputs: HcpInputs, run: HcpRun, *, frame: Frame) -> tuple[Surface, Surface]:
    """Give the (left, right) midthickness on the mesh of ``run``'s dense series.

    Raises
    ------
    InputError
        The person's surfaces of that registration are not there.
    """
    pair = inputs.sheets.get(run.sheet)
    if pair is None:
        kind = f"midthickness{'_' if run.sheet else ''}{run.sheet}.32k_fs_LR.surf.gii"
        raise InputError(
            f"{one_line(inputs.root)} lacks T1w/fsaverage_LR32k/*.{kind}; without the person's "
            "own surfaces the series have no place in this head; fetch the structural package"
        )
    left, right = (read_surface_gifti(path, frame=frame) for path in pair)
    return left, right


def read_hcp_surface_run(
    inputs: HcpInputs, run: HcpRun, *, frame: Frame, t1w_from_mni: Warp | None = None
) -> Prepared:
    """Read a run's dense series, placed on the person's own midthickness in ``frame``.

    ``t1w_from_mni`` brings the subcortical voxels back; without it they are left out. About half
    a gigabyte for 1,200 frames, a tenth of the volume.

    Raises
    ------
    InputError
        A piece is missing or damaged, or the series and the motion differ in length.
    """
    if run.dense is None:
        raise InputError(f"{run.name} has no dense series (*_Atlas*.dtseries.nii); fetch it")
    dense = read_dense_series(run.dense)
    left, right = read_hcp_cortex(inputs, run, frame=frame)
    series, where = placed(dense, left, right, t1w_from_template=t1w_from_mni)
    deep = (
        "subcortical voxels were left out"
        if t1w_from_mni is None
        else "subcortical voxels were brought back from MNI"
    )
    return Prepared(
        tr_s=dense.tr_s,
        origin=_ORIGIN,
        series=series,
        where=where,
        confounds=read_hcp_movement(run.movement, len(series)),
        metadata={"RepetitionTime": dense.tr_s},
        notes=(*_notes(cleaned=run.dense_cleaned), deep),
    )


def read_hcp_volume_run(run: HcpRun) -> Prepared:
    """Read a run's 2 mm volumes, in `HCP_MNI`: they must be brought back to the T1w.

    Raises
    ------
    InputError
        A piece is missing or damaged, or the series and the motion differ in length.
    """
    if run.volume is None:
        raise InputError(f"{run.name} has no volume series ({run.name}*.nii.gz); fetch it")
    scan = read_bold(run.volume, {}, frame=HCP_MNI)
    if scan.tr_s is None:
        raise AssertionError
    return Prepared(
        tr_s=scan.tr_s,
        origin=_ORIGIN,
        scan=scan,
        confounds=read_hcp_movement(run.movement, scan.volume.data.shape[3]),
        metadata={"RepetitionTime": scan.tr_s},
        notes=_notes(cleaned=run.volume_cleaned),
    )


def _notes(*, cleaned: bool) -> tuple[str, ...]:
    return (_ACPC, _FIX) if cleaned else (_ACPC,)


def read_hcp_movement(path: Path, frames: int) -> dict[str, NDArray[np.float64]]:
    """Give Movement_Regressors.txt under fMRIPrep's names: shifts in mm, turns in radians.

    The file holds x, y, z in mm and three rotations in degrees, then their derivatives, which are
    computed anew where needed.

    Raises
    ------
    InputError
        No table of 6 or 12 numbers a row, or not one row per frame.

    References
    ----------
    HCP S1200 Release Reference Manual, "Movement_Regressors.txt".
    """
    name = one_line(path)
    rows = [line.split() for line in text_of(read_bytes(path), path).splitlines() if line.strip()]
    if not rows or {len(row) for row in rows} not in ({6}, {12}):
        raise InputError(f"{name} is no table of 6 or 12 numbers a row; fetch it again")
    try:
        table = np.array(rows, dtype=np.float64)
    except ValueError as error:
        raise InputError(f"{name} holds what is no number ({one_line(error)})") from error
    if not np.isfinite(table).all():
        raise InputError(f"{name} holds NaN or infinity; fetch it again")
    if len(table) != frames:
        raise InputError(
            f"{name} has {len(table)} rows and the series {frames} frames; needed both of one run"
        )
    table[:, 3:6] = np.radians(table[:, 3:6])
    return {column: table[:, i].copy() for i, column in enumerate(_COLUMNS)}
