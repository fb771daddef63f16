"""Read one denoised run of XCP-D, with its motion and the frames that were censored."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tmsguide.errors import InputError
from tmsguide.io.confounds import read_confounds
from tmsguide.io.nifti import read_bold
from tmsguide.model import Frame, Prepared

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

__all__ = ["XcpdRun", "read_xcpd"]

#: Columns of outliers.tsv, the most that may have been removed first (interpolation since 0.11).
_OUTLIERS = ("interpolation", "denoising", "framewise_displacement")


@dataclass(frozen=True, slots=True)
class XcpdRun:
    """One denoised run: ``motion`` and ``outliers`` are tables beside it, None where missing.

    ``transforms`` is the file of the map of points from the T1w to ``space``, where fMRIPrep's
    folder has it.
    """

    bold: Path
    sidecar: Mapping[str, object]
    task: str
    run: str | None = None
    session: str | None = None
    space: str = "MNI152NLin6Asym"
    motion: Path | None = None
    outliers: Path | None = None
    transforms: tuple[Path, ...] = ()
    origin: str = "XCP-D"
    notes: tuple[str, ...] = ()

    @property
    def files(self) -> tuple[Path, ...]:
        """Every file that decides what is read."""
        tables = tuple(p for p in (self.motion, self.outliers) if p is not None)
        return (self.bold, *tables, *self.transforms)


def read_xcpd(run: XcpdRun, *, t1w_frame: Frame) -> Prepared:
    """Read one denoised run: filtered, confounds regressed out, motion in ``confounds``.

    XCP-D either removes the frames with much motion or interpolates them: frames it interpolated
    are not ``kept``; of frames it removed nothing is left, and a note says how many they were.

    Raises
    ------
    InputError
        A file cannot be used, or the tables do not fit the number of volumes.
    """
    frame = t1w_frame if run.space == "T1w" else Frame(run.space)
    bold = read_bold(run.bold, run.sidecar, frame=frame)
    volumes = bold.volume.data.shape[3]
    motion = read_confounds(run.motion) if run.motion else {}
    stated = read_confounds(run.outliers) if run.outliers else {}
    rows = next((len(v) for v in (*stated.values(), *motion.values())), volumes)
    left = _left(run, stated, rows, volumes)
    removed = rows - volumes
    notes = run.notes
    if removed:
        notes += (f"XCP-D removed {removed} of {rows} frames of {run.bold.name}",)
    return Prepared(
        tr_s=bold.tr_s or 0.0,
        origin=run.origin,
        scan=bold,
        confounds={name: v[left] if removed else v for name, v in motion.items()},
        kept=np.ones(volumes, bool) if removed else left if stated else None,
        denoised=True,
        metadata=run.sidecar,
        notes=notes,
    )


def _left(
    run: XcpdRun, stated: Mapping[str, NDArray[np.float64]], rows: int, volumes: int
) -> NDArray[np.bool_]:
    """Frames (rows,) that XCP-D did not censor, checked against the number of volumes."""
    masks = [np.asarray(stated[name] == 0, bool) for name in _OUTLIERS if name in stated]
    for left in masks:
        if volumes in (rows, int(left.sum())):
            return left
    if rows == volumes:
        return np.ones(rows, bool)
    name = (run.outliers or run.motion or run.bold).name
    raise InputError(
        f"{name} has {rows} rows, {', '.join(str(int(m.sum())) for m in masks) or 'none'} of them "
        f"uncensored, and {run.bold.name} {volumes} volumes; needed tables of the same run; copy "
        "XCP-D's whole func folder"
    )
