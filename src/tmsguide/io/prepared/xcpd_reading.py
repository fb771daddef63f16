"""Read one denoised run of XCP-D, with its motion and the frames that were censored."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tmsguide.errors import InputError
from tmsguide.io.images.nifti import read_bold
from tmsguide.io.prepared.confounds import read_confounds
from tmsguide.model import Frame, Prepared

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

__all__ = ["Censoring", "XcpdRun", "read_censoring", "read_xcpd"]

#: Columns of outliers.tsv, the most that may have been removed first (the two others are newer).
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


@dataclass(frozen=True, slots=True, eq=False)
class Censoring:
    """Motion by column and frames kept, both of the frames that are in the data."""

    confounds: Mapping[str, NDArray[np.float64]]
    kept: NDArray[np.bool_] | None
    notes: tuple[str, ...]


def read_xcpd(run: XcpdRun, *, t1w_frame: Frame) -> Prepared:
    """Read one run of denoised volumes: filtered, confounds regressed out.

    Raises
    ------
    InputError
        A file cannot be used, or as `read_censoring`.
    """
    frame = t1w_frame if run.space == "T1w" else Frame(run.space)
    bold = read_bold(run.bold, run.sidecar, frame=frame)
    censoring = read_censoring(run, bold.volume.data.shape[3])
    return Prepared(
        tr_s=bold.tr_s or 0.0,
        origin=run.origin,
        scan=bold,
        confounds=censoring.confounds,
        kept=censoring.kept,
        denoised=True,
        metadata=run.sidecar,
        notes=censoring.notes,
    )


def read_censoring(run: XcpdRun, frames: int) -> Censoring:
    """Read what XCP-D says of the ``frames`` of a run.

    XCP-D either removes the frames with much motion or interpolates them: frames it interpolated
    are not kept; of frames it removed nothing is left, and a note says how many they were.

    Raises
    ------
    InputError
        The tables do not fit the number of frames.
    """
    motion = read_confounds(run.motion) if run.motion else {}
    stated = read_confounds(run.outliers) if run.outliers else {}
    rows = {len(values) for values in (*stated.values(), *motion.values())} or {frames}
    left = _left(run, stated, rows, frames)
    if len(left) == frames:
        return Censoring(motion, left if stated else None, run.notes)
    note = f"XCP-D removed {len(left) - frames} of {len(left)} frames of {run.bold.name}"
    return Censoring(
        {name: values[left] for name, values in motion.items()},
        np.ones(frames, bool),
        (*run.notes, note),
    )


def _left(
    run: XcpdRun, stated: Mapping[str, NDArray[np.float64]], rows: set[int], frames: int
) -> NDArray[np.bool_]:
    """Frames (rows,) that XCP-D did not censor, checked against those in the data."""
    masks = [np.asarray(stated[name] == 0, bool) for name in _OUTLIERS if name in stated]
    if len(rows) == 1:
        for left in masks:
            if frames in (len(left), int(left.sum())):
                return left
        if rows == {frames}:
            return np.ones(frames, bool)
    given = [f"{path.name}" for path in (run.motion, run.outliers) if path is not None]
    raise InputError(
        f"{' and '.join(given)} have {' and '.join(map(str, sorted(rows)))} rows, which do not "
        f"make the {frames} volumes of {run.bold.name}, censored or not; needed tables of the "
        "same run; copy XCP-D's whole func folder"
    )
