"""One interpolation from the raw frames to the brain of the T1w space."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tmsguide.errors import FrameError
from tmsguide.model import Volume
from tmsguide.num.interpolation import sample_cubic, sample_linear, spline_coefficients
from tmsguide.num.parallel import ordered_map
from tmsguide.num.rigid import inverted
from tmsguide.preprocess.frames import frame_reader, raw_frame

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from tmsguide.model import Distortion, Points, Scan
    from tmsguide.preprocess.grids import BrainGrid

    Floats = NDArray[np.float64]

__all__ = ["resample_mapped", "resample_once", "seen_throughout", "undistorted"]

#: Signal squeezed or stretched beyond this cannot be told apart again; only its brightness, which
#: no correlation sees, is bounded.
_LEAST_STRETCH, _MOST_STRETCH = 0.1, 4.0


def resample_once(
    scan: Scan,
    grid: BrainGrid,
    *,
    bold_from_t1w: Floats,
    frame_from_reference: Floats,
    distortion: Distortion | None = None,
) -> NDArray[np.float32]:
    """Give the series (T, N) float32 of ``scan`` at the voxels of ``grid``.

    Coregistration (``bold_from_t1w``, 4×4) and motion (``frame_from_reference``, T×4×4) are
    multiplied first and the raw frame is read once, by cubic B-spline; slice timing, where the
    metadata has it, is corrected in the frame before. With ``distortion`` the place in the
    reference is shifted to where the scanner drew it before motion is applied, and the brightness
    multiplied with the stretch. Volume by volume: memory is one frame and the result. Places
    outside the field of view give 0 (see `seen_throughout`).
    """
    places = grid.places.xyz_mm
    to_reference = bold_from_t1w
    stretch = None
    if distortion is not None:
        undone = places @ bold_from_t1w[:3, :3].T + bold_from_t1w[:3, 3]
        places, stretch = drawn_at(undone, distortion)
        to_reference = np.eye(4)
    voxel_from_world = inverted(np.asarray(scan.volume.frame_from_voxel, np.float64))
    chains = [voxel_from_world @ move @ to_reference for move in frame_from_reference]
    return _read_frames(scan, frame_reader(scan), chains, places=places, stretch=stretch)


def resample_mapped(scan: Scan, places: Points) -> NDArray[np.float32]:
    """Give the series (T, N) float32 of a still scan at N ``places`` of its own frame.

    Cubic B-spline, no motion and no slice timing: for derivatives of other programs, such as a
    scan in MNI space read at native places that a warp brought there. Outside the view 0.

    Raises
    ------
    FrameError
        The places are in another frame than the scan.
    """
    if places.frame != scan.volume.frame:
        raise FrameError(
            f"the places are in {places.frame.name}, the scan is in {scan.volume.frame.name}; "
            "map the places there first"
        )
    chain = inverted(np.asarray(scan.volume.frame_from_voxel, np.float64))
    chains = [chain] * scan.volume.data.shape[3]
    return _read_frames(
        scan, lambda index: raw_frame(scan, index), chains, places=places.xyz_mm, stretch=None
    )


def undistorted(reference: Volume, distortion: Distortion) -> Volume:
    """Give a run's 3-D ``reference`` as it would look without distortion, on its own grid.

    For coregistration: `resample_once` with the same ``distortion`` follows the map found on it.
    """
    world_from_voxel = np.asarray(reference.frame_from_voxel, np.float64)
    shape = reference.data.shape
    index = np.indices(shape).reshape(3, -1).T
    places, stretch = drawn_at(
        index @ world_from_voxel[:3, :3].T + world_from_voxel[:3, 3], distortion
    )
    values = sample_cubic(spline_coefficients(reference.data), inverted(world_from_voxel), places)
    return Volume((values * stretch).reshape(shape), reference.frame_from_voxel, reference.frame)


def drawn_at(places_mm: Floats, distortion: Distortion) -> tuple[Floats, NDArray[np.float32]]:
    """Give where the scanner drew ``places_mm`` (N, 3), and the stretch (N,) of signal there.

    The stretch 1 + d shift / d direction is the volume that the drawn signal came from
    (Jezzard & Balaban 1995, doi:10.1002/mrm.1910340111). Beyond the field the nearest shift holds.
    """
    shift = np.ascontiguousarray(distortion.shift_mm.data, np.float32)
    m = np.asarray(distortion.shift_mm.frame_from_voxel, np.float64)
    # d shift / d direction = gradient by voxel . (voxels per mm of direction)
    per_mm = inverted(m)[:3, :3] @ np.asarray(distortion.direction, np.float64)
    slope = sum(
        np.gradient(shift, axis=axis) * np.float32(per_mm[axis])
        for axis in range(3)
        if abs(per_mm[axis]) > 1e-9
    )
    voxel_from_world = inverted(m)
    at = places_mm @ voxel_from_world[:3, :3].T + voxel_from_world[:3, 3]
    at = np.clip(at, 0, np.asarray(shift.shape) - 1.0)
    along = sample_linear(shift, np.eye(4), at)
    stretch = 1 + sample_linear(np.ascontiguousarray(slope, np.float32), np.eye(4), at)
    moved = places_mm + along[:, None] * np.asarray(distortion.direction, np.float64)
    return moved, np.clip(stretch, _LEAST_STRETCH, _MOST_STRETCH).astype(np.float32)


def seen_throughout(series: NDArray[np.float32], kept: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Give the voxels (N,) of `resample_once` that are in view in every ``kept`` (T0,) frame."""
    seen = np.ones(series.shape[1], bool)
    for index in np.flatnonzero(kept):
        seen &= series[index] != 0
    return seen


def _read_frames(
    scan: Scan,
    read: Callable[[int], NDArray[np.float32]],
    chains: list[Floats],
    *,
    places: Floats,
    stretch: NDArray[np.float32] | None,
) -> NDArray[np.float32]:
    """Give each frame of ``scan`` at ``places`` (N, 3), through its ``voxel_from_place`` chain."""
    out = np.empty((scan.volume.data.shape[3], len(places)), np.float32)

    def one(index: int) -> None:
        out[index] = sample_cubic(spline_coefficients(read(index)), chains[index], places)
        if stretch is not None:
            out[index] *= stretch

    ordered_map(one, range(len(out)))
    return out
