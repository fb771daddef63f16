"""A small picture of the whole scan: time along one side, tissue along the other."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tmsguide.model import Tissue

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tmsguide.preprocess.grids import BrainGrid

__all__ = ["CARPET_BANDS", "CARPET_ROWS", "carpet"]

#: Rows of each tissue, top to bottom.
CARPET_ROWS = ((Tissue.GM, 180), (Tissue.WM, 80), (Tissue.CSF, 40))
_NAMES = {Tissue.GM: "grey matter", Tissue.WM: "white matter", Tissue.CSF: "fluid"}
#: The same with names for people.
CARPET_BANDS = tuple((_NAMES[tissue], rows) for tissue, rows in CARPET_ROWS)


def carpet(
    series: NDArray[np.float32], grid: BrainGrid, kept: NDArray[np.bool_] | None = None
) -> NDArray[np.float32]:
    """Give a (T0, 300) float32 picture of ``series`` (T0, N): GM, then WM, then CSF rows.

    Each row is the mean of a few voxels spread over the tissue, straight line out, z-scored; see
    `CARPET_ROWS`. Line and scale are those of the ``kept`` (T0,) frames where given, so that a
    few jerks do not make the rest grey. A tissue with fewer voxels than rows has rows of 0.

    References
    ----------
    Power 2017, NeuroImage 154:150, doi:10.1016/j.neuroimage.2016.08.009.
    """
    rows = []
    for tissue, count in CARPET_ROWS:
        found = np.flatnonzero(grid.of_tissue(tissue))
        if len(found) < count:
            rows.append(np.zeros((len(series), count)))
            continue
        # Eight voxels at even steps of the list: quiet enough to see, not yet a tissue mean.
        at = np.linspace(0, len(found) - 1, 8 * count).astype(int)
        picked = series[:, found[at]].astype(np.float64)
        rows.append(picked.reshape(len(series), count, 8).mean(axis=2))
    picture = np.concatenate(rows, axis=1)
    line = np.column_stack([np.ones(len(picture)), np.linspace(-1, 1, len(picture))])
    used = np.ones(len(picture), dtype=np.bool_) if kept is None else kept
    picture = picture - line @ np.linalg.lstsq(line[used], picture[used], rcond=None)[0]
    sd = picture[used].std(axis=0)
    return np.asarray(picture / np.where(sd > 0, sd, 1), np.float32)
