"""FSL's dense warps (FNIRT, convertwarp, invwarp) as maps between worlds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from tmsguide.errors import InputError
from tmsguide.io.documents import one_line
from tmsguide.io.images.nifti import read_volume
from tmsguide.io.images.nifti_header import NiftiHeader, nifti_stream, read_header
from tmsguide.model import Warp

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from tmsguide.model import Frame

    Floats = NDArray[np.float64]

__all__ = ["FslGrid", "fsl_grid", "read_fsl_warp"]

#: Intent codes of FSL's coefficient files, which are no dense fields (fslio.h: 2007 to 2009).
_COEFFICIENTS = (2007, 2008, 2009, 2016, 2017)


@dataclass(frozen=True, slots=True, eq=False)
class FslGrid:
    """What FSL knows of an image: its affine (4, 4) and its size (X, Y, Z)."""

    world_from_voxel: Floats
    shape: tuple[int, int, int]

    @property
    def world_from_fsl(self) -> Floats:
        """Millimetres RAS+ from FSL's scaled voxels (4, 4).

        FSL counts voxel index times voxel size, along x from the last voxel where the affine's
        determinant is positive (its "neurological" storage).
        """
        fsl_from_voxel = np.eye(4)
        edge_mm = np.linalg.norm(self.world_from_voxel[:3, :3], axis=0)
        fsl_from_voxel[:3, :3] = np.diag(edge_mm)
        if np.linalg.det(self.world_from_voxel[:3, :3]) > 0:
            fsl_from_voxel[0, 0] = -edge_mm[0]
            fsl_from_voxel[0, 3] = (self.shape[0] - 1) * edge_mm[0]
        return np.asarray(self.world_from_voxel @ np.linalg.inv(fsl_from_voxel))


def fsl_grid(path: Path) -> FslGrid:
    """Read the grid of an image, its voxels untouched."""
    return _grid(read_header(path))


def _grid(header: NiftiHeader) -> FslGrid:
    a, b, c = header.shape[:3]
    return FslGrid(header.frame_from_voxel, (a, b, c))


def read_fsl_warp(path: Path, *, moving: FslGrid, source: Frame, target: Frame) -> Warp:
    """Read a warp that FSL applies to images as a map of points the other way.

    ``applywarp -i moving -r reference -w warp`` fills each voxel of the reference from the place
    of the moving image that the warp names there: on points the warp leads from the reference
    (``source``, on whose grid the file lies) to the moving image (``target``). Stored are, in
    FSL's scaled voxels, displacements ("relative") or positions ("absolute"); which of the two is
    told as FSL does, by the smaller spread.

    Parameters
    ----------
    path
        Warp file (X, Y, Z, 3).
    moving
        Grid of the image that the warp moves (`fsl_grid`).
    source, target
        Frames of the reference and of the moving image.

    Raises
    ------
    InputError
        No such file, no dense field of three components, or spline coefficients.

    References
    ----------
    Jenkinson et al. 2012, doi:10.1016/j.neuroimage.2011.09.015; FSL course and FAQ,
    "What coordinates do FSL warps use".
    """
    header = read_header(path)
    name = one_line(path)
    if header.shape[3:] != (3,):
        raise InputError(
            f"{name} has shape {header.shape}; needed an FSL warp field with three components"
        )
    if _intent(path) in _COEFFICIENTS:
        raise InputError(
            f"{name} holds spline coefficients; needed the dense field (fnirt --fout, or "
            "fnirtfileutils -i coefficients -r reference -o field)"
        )
    stored = read_volume(path, frame=source).data
    grid = _grid(header)
    own = _places(grid.shape, np.linalg.inv(grid.world_from_fsl) @ grid.world_from_voxel)
    relative = stored.std(axis=(0, 1, 2)).sum() <= (stored - own).std(axis=(0, 1, 2)).sum()
    named = stored + own if relative else stored
    m = moving.world_from_fsl.astype(np.float32)
    there = named @ m[:3, :3].T + m[:3, 3]
    there -= _places(grid.shape, grid.world_from_voxel)
    return Warp(np.ascontiguousarray(there, np.float32), grid.world_from_voxel, source, target)


def _places(shape: tuple[int, int, int], matrix: Floats) -> NDArray[np.float32]:
    """Give ``matrix`` applied to every voxel index, (X, Y, Z, 3)."""
    i, j, k = (np.arange(n, dtype=np.float32) for n in shape)
    out = np.empty((*shape, 3), np.float32)
    for axis in range(3):
        a, b, c, d = (np.float32(v) for v in matrix[axis])
        out[..., axis] = a * i[:, None, None] + b * j[:, None] + c * k + d
    return out


def _intent(path: Path) -> int:
    """Give the intent code; `read_header` has found the header sound."""
    with nifti_stream(path) as stream:
        head = stream.read(540)
    big = int.from_bytes(head[:4], "little") not in (348, 540)
    order: Literal["little", "big"] = "big" if big else "little"
    if int.from_bytes(head[:4], order) == 540:  # NIfTI-2
        return int.from_bytes(head[504:508], order)
    return int.from_bytes(head[68:70], order)
