"""One door to volumes that another program prepared, and the way to them from the T1w."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tmsguide.errors import InputError
from tmsguide.io.prepared.fmriprep_reading import read_fmriprep
from tmsguide.io.prepared.fmriprep_runs import NATIVE, FmriprepRun
from tmsguide.io.prepared.xcpd_reading import XcpdRun, read_xcpd
from tmsguide.io.transforms.reading import PointMap, read_transform
from tmsguide.model import Affine, Frame

if TYPE_CHECKING:
    from tmsguide.model import Prepared

__all__ = ["read_prepared", "scan_from_t1w"]


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
