"""Functional GIFTI, one file per hemisphere, as fMRIPrep writes it for fsaverage and fsnative."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tmsguide.errors import InputError
from tmsguide.io.bids.sidecars import parse_name
from tmsguide.io.documents import one_line
from tmsguide.io.images.timing import repetition_time_s
from tmsguide.io.surfaces.dense_series import joined_hemispheres
from tmsguide.io.surfaces.gifti import load_gifti

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from tmsguide.io.surfaces.dense_series import DenseSeries

__all__ = ["read_surface_series"]


def read_surface_series(left: Path, right: Path, sidecar: Mapping[str, object]) -> DenseSeries:
    """Read ``*_hemi-L_space-fsaverage5_bold.func.gii`` and its right sister as one series.

    Any mesh (fsaverage5, fsaverage6, fsaverage, fsnative, fsLR): `DenseSeries.vertices` tells the
    sizes. Vertices without a signal (medial wall) are left out. ``sidecar`` is the run's JSON
    metadata, the only place that states the repetition time.

    Raises
    ------
    InputError
        Files that cannot be read, are not one of each side, differ in length, or state no
        repetition time.
    """
    tr_s = repetition_time_s(sidecar, None, one_line(left))
    parts = [_frames(path, side) for path, side in ((left, "left"), (right, "right"))]
    return joined_hemispheres(parts, (left, right), tr_s=tr_s)


def _frames(path: Path, side: str) -> NDArray[np.float32]:
    """Give (T, N): one array of the file per frame, or one array (N, T)."""
    image = load_gifti(path)
    _check_side(path, image, side)
    arrays = [np.asarray(array.data) for array in image.darrays]
    if len(arrays) == 1 and arrays[0].ndim == 2:
        frames = np.ascontiguousarray(arrays[0].T, dtype=np.float32)
    elif len(arrays) > 1 and {a.shape for a in arrays} == {(len(arrays[0]),)}:
        frames = np.stack(arrays).astype(np.float32)
    else:
        raise InputError(
            f"{one_line(path)} holds no time series (one array of values per frame); give a "
            "*_bold.func.gii"
        )
    if len(frames) < 2 or frames.shape[1] < 4:
        raise InputError(
            f"{one_line(path)} has {len(frames)} frames at {frames.shape[1]} vertices; needed a "
            "time series"
        )
    return frames


def _check_side(path: Path, image: object, side: str) -> None:
    """Refuse a file that says it is of the other hemisphere, in its name or inside."""
    name = parse_name(path.name)
    metas = [getattr(image, "meta", None), *(a.meta for a in getattr(image, "darrays", ())[:1])]
    inside = [str(m.get("AnatomicalStructurePrimary", "")) for m in metas if m is not None]
    said = [name.entities.get("hemi", "") if name else "", *inside]
    other = {"left": ("R", "CortexRight"), "right": ("L", "CortexLeft")}[side]
    if any(word in other for word in said if word):
        raise InputError(
            f"{one_line(path)} was given as the {side} hemisphere and says it is the other; swap "
            "the two files"
        )
