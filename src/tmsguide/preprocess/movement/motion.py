"""How the head moved during a functional scan."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

from tmsguide.errors import FrameError, QualityError
from tmsguide.model import Volume
from tmsguide.num.alignment import Template, align, template
from tmsguide.num.interpolation import sample_cubic, sample_linear, spline_coefficients
from tmsguide.num.parallel import ordered_map
from tmsguide.num.rigid import inverted, parameters_from_rigid
from tmsguide.preprocess.frames import check_scan, raw_frame

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tmsguide.model import Scan

    Floats = NDArray[np.float64]

__all__ = ["Motion", "estimate_motion", "framewise_displacement"]

#: Radius of the head's stand-in sphere (Power 2012).
HEAD_RADIUS_MM = 50.0
#: Frames that make the reference: enough for a clean median, few enough to be quick.
_REFERENCE_FRAMES = 24
#: Voxels compared in the coarse and the fine search; more changes the answer by micrometres.
_COARSE_POINTS, _FINE_POINTS = 6_000, 60_000
#: Correlation with the reference below which a frame shows no head in that place.
_LEAST_CORRELATION = 0.6


@dataclass(frozen=True, slots=True, eq=False)
class Motion:
    """Head motion of T frames against a still ``reference`` volume.

    ``frame_from_reference`` (T, 4, 4) takes a place of the reference to where that tissue was in
    each frame, world millimetres. ``parameters`` (T, 6) are the same maps as shift x, y, z (mm)
    and rotation x, y, z (rad, R = Rx Ry Rz) about ``center_mm``, the middle of the head's signal.
    ``unsettled`` (T,) marks frames whose search did not converge, or that look unlike the
    reference even so.
    """

    reference: Volume
    frame_from_reference: Floats
    parameters: Floats
    center_mm: Floats
    unsettled: NDArray[np.bool_]


def estimate_motion(
    scan: Scan, *, first_frame: int = 0, reference: Volume | None = None
) -> Motion:
    """Give the rigid motion of every frame of ``scan``, by Gauss–Newton to a robust reference.

    The reference is the median of up to 24 aligned frames spread over the scan, none before
    ``first_frame`` (dummies), or the ``reference`` given: that of another run, or a single-band
    image, on any grid of like voxel size. Each frame is sought on its own, coarse then fine, so
    that one bad frame harms no other. On planted walks and jumps in a real scan at its own noise
    the error is 0.04 mm and 0.04 degrees RMS.

    Raises
    ------
    InputError
        The scan is not 4-D, or its TR is missing or implausible.
    FrameError
        The reference lies in another frame than the scan.
    QualityError
        No head is visible in the scan.
    """
    check_scan(scan)
    if reference is None:
        reference = _own_reference(scan, first_frame)
    if reference.frame != scan.volume.frame:
        raise FrameError(
            f"the reference is in {reference.frame.name}, the scan in {scan.volume.frame.name}; "
            "give a reference of the same session"
        )
    moves, unsettled = _align_all(scan, reference, np.arange(scan.volume.data.shape[3]))
    center = _center_mm(reference)
    return Motion(
        reference=reference,
        frame_from_reference=moves,
        parameters=parameters_from_rigid(moves, center),
        center_mm=center,
        unsettled=unsettled,
    )


def framewise_displacement(parameters: Floats) -> Floats:
    """Give framewise displacement (T,) in mm from motion parameters (T, 6); the first is 0.

    Sum of absolute changes: three shifts (mm) and three rotations (rad) on a 50 mm sphere.

    Examples
    --------
    >>> framewise_displacement(np.array([[0, 0, 0, 0, 0, 0], [1.0, 0, -1, 0.01, 0, 0]])).tolist()
    [0.0, 2.5]

    References
    ----------
    Power et al. 2012, NeuroImage 59:2142, doi:10.1016/j.neuroimage.2011.10.018.
    """
    step = np.abs(np.diff(np.asarray(parameters, np.float64), axis=0))
    return np.concatenate([[0.0], step[:, :3].sum(axis=1) + HEAD_RADIUS_MM * step[:, 3:].sum(1)])


def head_mask(volume: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Give the voxels (X, Y, Z) with signal: the largest piece above 15 % of the 98th percentile.

    The outermost voxel layer stays out, because its gradient is one-sided.
    """
    smooth = ndimage.gaussian_filter(volume, 1.0, output=np.float32)
    bright = float(np.percentile(smooth, 98))
    labels, found = ndimage.label(ndimage.binary_erosion(smooth > 0.15 * bright, iterations=1))
    if found == 0 or bright <= 0:
        raise QualityError("no head is visible in the functional scan; check that it is BOLD data")
    largest = labels == 1 + np.argmax(np.bincount(labels.ravel())[1:])
    inner = np.zeros(volume.shape, bool)
    inner[1:-1, 1:-1, 1:-1] = True
    return np.asarray(ndimage.binary_dilation(largest, iterations=1) & inner)


def _own_reference(scan: Scan, first_frame: int) -> Volume:
    """Give the median of frames spread over the scan, each laid on the most typical of them."""
    last = scan.volume.data.shape[3] - 1
    chosen = np.unique(np.linspace(first_frame, last, _REFERENCE_FRAMES).round().astype(int))
    grid, frame = np.asarray(scan.volume.frame_from_voxel, np.float64), scan.volume.frame
    moves = _align_all(scan, Volume(_typical_frame(scan, chosen), grid, frame), chosen)[0]
    return Volume(_median_aligned(scan, chosen, moves), grid, frame)


def _center_mm(volume: Volume) -> Floats:
    middle = np.argwhere(head_mask(np.asarray(volume.data, np.float32))).mean(axis=0)
    m = volume.frame_from_voxel
    return np.asarray(m[:3, :3] @ middle + m[:3, 3], np.float64)


def _typical_frame(scan: Scan, chosen: NDArray[np.int64]) -> NDArray[np.float32]:
    """Give the chosen frame that differs least from the chosen frames' median."""
    stack = np.stack([raw_frame(scan, int(t)) for t in chosen])
    middle = np.median(stack, axis=0)
    return np.asarray(stack[np.argmin([np.abs(frame - middle).mean() for frame in stack])])


def _levels(reference: Volume) -> tuple[Template, Template]:
    data = np.ascontiguousarray(reference.data, np.float32)
    mask = head_mask(data)
    center = _center_mm(reference)
    count = int(mask.sum())

    def level(sigma_voxels: float, points: int) -> Template:
        return template(
            data,
            np.asarray(reference.frame_from_voxel, np.float64),
            mask,
            center_mm=center,
            sigma_voxels=sigma_voxels,
            every=max(1, count // points),
        )

    return level(2.0, _COARSE_POINTS), level(1.0, _FINE_POINTS)


def _align_all(
    scan: Scan, reference: Volume, frames: NDArray[np.int64]
) -> tuple[Floats, NDArray[np.bool_]]:
    voxel_from_world = inverted(np.asarray(scan.volume.frame_from_voxel, np.float64))
    coarse, fine = _levels(reference)

    def one(index: int) -> tuple[Floats, bool]:
        volume = raw_frame(scan, index)
        start = align(coarse, volume, voxel_from_world, start=np.eye(4))[0]
        move, settled = align(fine, volume, voxel_from_world, start=start)
        return move, settled and _alike(fine, volume, voxel_from_world @ move)

    found = ordered_map(one, [int(t) for t in frames])
    return np.stack([move for move, _ in found]), np.array([not settled for _, settled in found])


def _alike(still: Template, volume: NDArray[np.float32], voxel_from_reference: Floats) -> bool:
    """Tell whether a frame, laid on the reference, correlates with it as a head does."""
    values = sample_linear(volume, voxel_from_reference, still.points_mm)
    seen = np.isfinite(values)
    if seen.mean() < 0.25:
        return False
    return bool(np.corrcoef(values[seen], still.values[seen])[0, 1] > _LEAST_CORRELATION)


def _median_aligned(scan: Scan, frames: NDArray[np.int64], moves: Floats) -> NDArray[np.float32]:
    """Give the median (X, Y, Z) of ``frames`` after undoing their motion."""
    world_from_voxel = np.asarray(scan.volume.frame_from_voxel, np.float64)
    voxel_from_world = inverted(world_from_voxel)
    shape = scan.volume.data.shape[:3]
    grid = np.indices(shape).reshape(3, -1).T.astype(np.float64)

    def one(item: tuple[int, Floats]) -> NDArray[np.float32]:
        index, move = item
        chain = voxel_from_world @ move @ world_from_voxel
        return sample_cubic(spline_coefficients(raw_frame(scan, index)), chain, grid)

    stack = ordered_map(one, zip([int(t) for t in frames], moves, strict=True))
    return np.asarray(np.median(np.stack(stack), axis=0), np.float32).reshape(shape)
