"""Frames, points and the maps between them: every coordinate knows the space it lives in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tmsguide.errors import FrameError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

__all__ = ["MNI", "MNI_FRAMES", "Affine", "Frame", "Points", "Warp", "native_frame"]


@dataclass(frozen=True, slots=True)
class Frame:
    """A named right-handed RAS+ space in millimetres, such as ``sub-01/T1w``."""

    name: str


#: The space of nilearn's bundled template and tissue maps (ICBM 152 2009a symmetric, Fonov 2009).
MNI = Frame("MNI152NLin2009aSym")

#: The MNI 152 spaces that coordinates of the literature are read in; they differ by 1 to 3 mm.
MNI_FRAMES = (
    MNI,
    Frame("MNI152NLin2009cAsym"),
    Frame("MNI152NLin6Asym"),
    Frame("MNI152NLin2009cSym"),
    Frame("MNI152NLin2009bAsym"),
)


def native_frame(label: str) -> Frame:
    """Give the T1w space of one person, from the BIDS label without ``sub-``.

    Examples
    --------
    >>> native_frame("01").name
    'sub-01/T1w'
    """
    return Frame(f"sub-{label}/T1w")


@dataclass(frozen=True, slots=True, eq=False)
class Points:
    """N positions in millimetres in one frame; ``xyz_mm`` is (N, 3)."""

    xyz_mm: Floats
    frame: Frame

    def __post_init__(self) -> None:
        xyz = np.asarray(self.xyz_mm, dtype=np.float64)
        if xyz.ndim != 2 or xyz.shape[1] != 3:
            raise FrameError(f"points have shape {xyz.shape}; needed (N, 3) millimetres")
        if not np.isfinite(xyz).all():
            raise FrameError(f"points in {self.frame.name} hold NaN or infinity")
        object.__setattr__(self, "xyz_mm", xyz)

    def __len__(self) -> int:
        return len(self.xyz_mm)


@dataclass(frozen=True, slots=True, eq=False)
class Affine:
    """A 4×4 map ``target_from_source`` that refuses points of any other frame.

    Examples
    --------
    >>> import numpy as np
    >>> shift = np.eye(4)
    >>> shift[:3, 3] = 1, 2, 3
    >>> a = Affine(shift, source=Frame("a"), target=Frame("b"))
    >>> a.inverse()(a(Points(np.zeros((1, 3)), Frame("a")))).xyz_mm.tolist()
    [[0.0, 0.0, 0.0]]
    """

    matrix: Floats
    source: Frame
    target: Frame

    def __post_init__(self) -> None:
        m = np.asarray(self.matrix, dtype=np.float64)
        if m.shape != (4, 4) or not np.isfinite(m).all() or not np.allclose(m[3], [0, 0, 0, 1]):
            raise FrameError(
                "an affine is a finite (4, 4) matrix with last row 0 0 0 1; "
                f"given shape {m.shape} with last row {m[-1] if m.ndim == 2 else m}"
            )
        if abs(np.linalg.det(m[:3, :3])) < 1e-12:
            raise FrameError(
                f"affine {self.target.name} from {self.source.name} has no inverse (determinant 0)"
            )
        object.__setattr__(self, "matrix", m)

    def __call__(self, points: Points) -> Points:
        _same_frame(points.frame, self.source)
        return Points(points.xyz_mm @ self.matrix[:3, :3].T + self.matrix[:3, 3], self.target)

    def __matmul__(self, first: Affine) -> Affine:
        """Chain two maps: ``(c_from_b @ b_from_a)`` maps a to c."""
        _same_frame(first.target, self.source)
        return Affine(self.matrix @ first.matrix, source=first.source, target=self.target)

    def inverse(self) -> Affine:
        """Give the map from target back to source."""
        return Affine(
            np.asarray(np.linalg.inv(self.matrix), dtype=np.float64),
            source=self.target,
            target=self.source,
        )


@dataclass(frozen=True, slots=True, eq=False)
class Warp:
    """A dense smooth map: target position = source position + ``displacement_mm`` sampled there.

    ``displacement_mm`` is (X, Y, Z, 3) on a voxel grid that lies in the *source* frame;
    ``source_from_voxel`` places that grid. Outside the grid the nearest displacement holds.
    """

    displacement_mm: NDArray[np.float32]
    source_from_voxel: Floats
    source: Frame
    target: Frame

    def __post_init__(self) -> None:
        if self.displacement_mm.ndim != 4 or self.displacement_mm.shape[3] != 3:
            raise FrameError(
                f"a warp needs displacements (X, Y, Z, 3), given {self.displacement_mm.shape}"
            )

    def __call__(self, points: Points) -> Points:
        _same_frame(points.frame, self.source)
        voxel_from_source = np.linalg.inv(self.source_from_voxel)
        at = points.xyz_mm @ voxel_from_source[:3, :3].T + voxel_from_source[:3, 3]
        return Points(points.xyz_mm + _trilinear(self.displacement_mm, at), self.target)


def _same_frame(given: Frame, needed: Frame) -> None:
    if given != needed:
        raise FrameError(
            f"points are in {given.name}, the transform expects {needed.name}; "
            "map them to that frame first"
        )


def _trilinear(grid: NDArray[np.float32], at: Floats) -> Floats:
    """Sample a (X, Y, Z, C) grid at voxel positions (N, 3), clamped to its edges."""
    top = np.asarray(grid.shape[:3]) - 1
    at = np.clip(at, 0, top)
    low = np.minimum(at.astype(np.int64), np.maximum(top - 1, 0))
    part = at - low
    out = np.zeros((len(at), grid.shape[3]))
    for corner in np.ndindex(2, 2, 2):
        index = np.minimum(low + np.asarray(corner), top)
        weight = np.prod(np.where(corner, part, 1 - part), axis=1)
        out += weight[:, None] * grid[index[:, 0], index[:, 1], index[:, 2]]
    return out
