"""One door to volumes that another program prepared, and their series at places of the T1w."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from tmsguide.errors import FrameError, InputError
from tmsguide.io.fmriprep_reading import read_fmriprep
from tmsguide.io.fmriprep_runs import NATIVE, FmriprepRun
from tmsguide.io.transforms import PointMap, read_transform
from tmsguide.io.xcpd_reading import XcpdRun, read_xcpd
from tmsguide.model import Affine, Frame, Points, Prepared, Scan, Volume
from tmsguide.num.interpolation import sample_cubic, spline_coefficients
from tmsguide.num.parallel import ordered_map

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["bring_to_t1w", "read_prepared", "scan_from_t1w", "series_at"]

#: Rim around the brain that is read too, so that smoothing and masks find values there.
_RIM_MM = 8.0


def read_prepared(run: FmriprepRun | XcpdRun, *, t1w_frame: Frame) -> Prepared:
    """Read one run of fMRIPrep or XCP-D; its frame is ``t1w_frame`` or that of a template.

    Raises
    ------
    InputError
        A file cannot be used, or files that were found together do not belong together.
    """
    if isinstance(run, XcpdRun):
        return read_xcpd(run, t1w_frame=t1w_frame)
    return read_fmriprep(run, t1w_frame=t1w_frame)


def scan_from_t1w(run: FmriprepRun | XcpdRun, *, t1w_frame: Frame) -> PointMap:
    """Give the map of points from the T1w to the frame of what `read_prepared` gives.

    The identity where the scan is placed in the T1w, else the way to its template that fMRIPrep
    found.

    Raises
    ------
    InputError
        The scan is in a template and no transform came with it, or it cannot be used.
    """
    if run.space in ("T1w", NATIVE):
        return Affine(np.eye(4), source=t1w_frame, target=t1w_frame)
    if not run.transforms:
        raise InputError(
            f"{run.bold.name} is in {run.space}, and no transform from the T1w came with it; "
            f"needed from-{run.space}_to-T1w_mode-image_xfm.h5 in fMRIPrep's anat folder, or the "
            "T1w registered anew"
        )
    return read_transform(run.transforms[0], source=t1w_frame, target=Frame(run.space))


def series_at(
    prepared: Prepared, places: Points, *, scan_from_places: PointMap | None = None
) -> NDArray[np.float32]:
    """Give the series (T, N) float32 of a prepared scan at N places, by cubic B-spline.

    Places of another frame than the scan's need ``scan_from_places``, for instance the map of
    points from the T1w to MNI: the series are then read in MNI at once, with one interpolation.
    Places outside the scan give 0.

    Raises
    ------
    FrameError
        The places are not in the scan's frame, nor does the map lead there.
    """
    scan = _scan_of(prepared)
    at = places if scan_from_places is None else scan_from_places(places)
    volume = scan.volume
    if at.frame != volume.frame:
        raise FrameError(
            f"places are in {at.frame.name}, the prepared scan in {volume.frame.name}; give the "
            "map of points between them"
        )
    voxel_from_frame = np.asarray(np.linalg.inv(volume.frame_from_voxel), np.float64)
    out = np.empty((volume.data.shape[3], len(at)), np.float32)

    def one(index: int) -> None:
        coefficients = spline_coefficients(volume.data[..., index])
        out[index] = sample_cubic(coefficients, voxel_from_frame, at.xyz_mm)

    ordered_map(one, range(len(out)))
    return out


def bring_to_t1w(prepared: Prepared, scan_from_t1w: PointMap, *, brain: Volume) -> Prepared:
    """Give the scan on a grid round the ``brain`` (bool, in the T1w frame), as it stands there.

    The grid follows the brain mask's axes at the scan's own voxel size. Where only series at
    places are needed, `series_at` gives them from the same interpolation with less memory.

    Raises
    ------
    InputError
        The mask is empty.
    FrameError
        The map does not lead from the mask's frame to the scan's.
    """
    scan = _scan_of(prepared)
    frame_from_voxel, shape = _grid(brain, float(np.prod(scan.volume.voxel_mm) ** (1 / 3)))
    voxel = np.indices(shape).reshape(3, -1).T
    places = Points(voxel @ frame_from_voxel[:3, :3].T + frame_from_voxel[:3, 3], brain.frame)
    series = series_at(prepared, places, scan_from_places=scan_from_t1w)
    data = series.reshape(len(series), *shape).transpose(1, 2, 3, 0)
    volume = Volume(data, frame_from_voxel, brain.frame)
    note = f"brought from {scan.volume.frame.name} to the T1w by the inverse warp"
    return replace(prepared, scan=replace(scan, volume=volume), notes=(*prepared.notes, note))


def _scan_of(prepared: Prepared) -> Scan:
    if prepared.scan is None:
        raise InputError(
            f"the data of {prepared.origin} are series on a surface; needed a volume here"
        )
    return prepared.scan


def _grid(brain: Volume, step_mm: float) -> tuple[NDArray[np.float64], tuple[int, int, int]]:
    """Give a grid of equal steps along the mask's axes that holds it with a rim."""
    inside = np.argwhere(brain.data)
    if not len(inside):
        raise InputError("the brain mask is empty; needed the brain of the T1w")
    ratio = step_mm / brain.voxel_mm
    rim = _RIM_MM / brain.voxel_mm
    low = inside.min(axis=0) - rim
    count = np.ceil((inside.max(axis=0) + rim - low) / ratio).astype(int) + 1
    own_from_new = np.eye(4)
    own_from_new[:3, :3] = np.diag(ratio)
    own_from_new[:3, 3] = low
    placed = np.asarray(brain.frame_from_voxel @ own_from_new, np.float64)
    return placed, (int(count[0]), int(count[1]), int(count[2]))
