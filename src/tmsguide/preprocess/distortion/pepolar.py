"""The field of two echo-planar images that were read out in opposite directions."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

from tmsguide.errors import FrameError, InputError, QualityError
from tmsguide.model import Volume
from tmsguide.num.alignment import align, template
from tmsguide.num.interpolation import sample_cubic, spline_coefficients
from tmsguide.num.rigid import inverted, rigid_displacement_mm
from tmsguide.preprocess.distortion.opposite_shift import opposite_shift, undone
from tmsguide.preprocess.distortion.phase_encoding import phase_axis, voxels_per_hz
from tmsguide.preprocess.movement.motion import head_mask

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Grid = NDArray[np.float32]

__all__ = ["field_from_pair"]

#: Most turns of field, then motion and shading; and the mean motion that ends them.
_TURNS, _STILL_MM = 4, 0.1
#: Spread of what counts as shading (two sequences differ in contrast), and the brightness below
#: which, against 1 for tissue, it is not asked.
_SHADING_MM, _FAINT = 12.0, 0.05


def field_from_pair(
    first: Volume,
    second: Volume,
    *,
    directions: tuple[str, str],
    readouts_s: tuple[float, float],
) -> Volume:
    """Give the off-resonance in Hz, undistorted space of ``first``, from two EPI still images.

    ``directions`` are BIDS phase-encoding directions along one voxel axis with opposite signs
    (or readout times that differ). The field shifts signal along that axis, one way in each image,
    and squeezes or stretches it; the smooth field is sought that makes both images the same once
    undone, by Gauss–Newton, coarse to fine. A shift of the whole head between the two along the
    axis cannot be told from a constant field.

    Raises
    ------
    FrameError
        The images are in different frames.
    InputError
        They are not 3-D, do not share the axis, or are distorted alike.
    QualityError
        An image is empty.

    References
    ----------
    Andersson, Skare & Ashburner 2003, NeuroImage 20:870, doi:10.1016/S1053-8119(03)00336-7;
    Ruthotto et al. 2012, Phys. Med. Biol. 57:5715, doi:10.1088/0031-9155/57/18/5715.
    """
    axis = _common_axis(first, second, directions)
    shares = np.array(
        [
            _share(v, first, d, r)
            for v, d, r in zip((first, second), directions, readouts_s, strict=True)
        ]
    )
    largest = float(np.abs(shares).max())
    if abs(shares[0] - shares[1]) < 0.2 * largest:
        raise InputError(
            f"the two EPI are distorted alike ({directions[0]} and {directions[1]}, readouts "
            f"{readouts_s[0]:g} and {readouts_s[1]:g} s); needed opposite phase-encoding "
            "directions; check PhaseEncodingDirection in their sidecars"
        )
    shift = _settled(_axis_last(first, axis), second, shares / largest)
    hz = np.moveaxis(shift, -1, axis) / np.float32(largest)
    return Volume(np.ascontiguousarray(hz), first.frame_from_voxel, first.frame)


def _settled(first: Volume, second: Volume, shares: Floats) -> Grid:
    """Give the shift with motion and differences of shading between the images taken out."""
    one = np.ascontiguousarray(first.data, np.float32)
    move, gain = np.eye(4), np.ones_like(one)
    for turn in range(_TURNS):
        pair = _scaled(one, _on_grid_of(first, second, move))
        shift = opposite_shift(pair, shares, first.voxel_mm, gain=gain)
        a, b = (undone(image, shift, share) for image, share in zip(pair, shares, strict=True))
        step = _motion(first, a, b)
        if step is None and turn > 0:
            break
        move = move if step is None else move @ step
        gain = _gain(a, b, first.voxel_mm)
    return shift


def _gain(one: Grid, other: Grid, voxel_mm: Floats) -> Grid:
    """Give the smooth factor (X, Y, Z) by which ``one`` is brighter than ``other``."""
    a, b = (ndimage.gaussian_filter(x, _SHADING_MM / voxel_mm) for x in (one, other))
    return np.asarray((a + _FAINT) / (b + _FAINT), np.float32)


def _motion(first: Volume, one: Grid, other: Grid) -> Floats | None:
    """Give how the head moved from ``one`` to ``other``, None where too little to matter.

    A shift along the axis of distortion is left to the field, from which it cannot be told.
    """
    world_from_voxel = np.asarray(first.frame_from_voxel, np.float64)
    mask = head_mask(one)
    places = np.argwhere(mask) @ world_from_voxel[:3, :3].T + world_from_voxel[:3, 3]
    center = places.mean(axis=0)
    fixed = template(one, world_from_voxel, mask, center_mm=center, sigma_voxels=1.0, every=3)
    move, settled = align(fixed, other, inverted(world_from_voxel), start=np.eye(4))
    way = world_from_voxel[:3, 2] / np.linalg.norm(world_from_voxel[:3, 2])
    drift = move[:3, :3] @ center + move[:3, 3] - center
    move[:3, 3] -= way * float(way @ drift)
    moved_mm = rigid_displacement_mm(move, np.eye(4), places)
    return move if settled and moved_mm.mean() > _STILL_MM else None


def _common_axis(first: Volume, second: Volume, directions: tuple[str, str]) -> int:
    if first.frame != second.frame:
        raise FrameError(
            f"the pair's images are in {first.frame.name} and {second.frame.name}; needed one"
        )
    if first.data.ndim != 3 or second.data.ndim != 3:
        raise InputError("each image of an opposite pair is 3-D; give the mean of its volumes")
    axes = [phase_axis(d) for d in directions]
    ways = [
        np.asarray(v.frame_from_voxel, np.float64)[:3, a] / v.voxel_mm[a]
        for v, a in zip((first, second), axes, strict=True)
    ]
    if abs(float(ways[0] @ ways[1])) < 0.98:
        raise InputError(
            f"the pair's phase-encoding directions {directions[0]} and {directions[1]} run along "
            "different axes of the head; needed opposite ways along one axis"
        )
    return axes[0]


def _share(volume: Volume, first: Volume, direction: str, readout_s: float) -> float:
    """Give the voxels of ``first``, by its rising index, that 1 Hz moves a volume's signal."""
    axis = phase_axis(direction)
    way = np.asarray(volume.frame_from_voxel, np.float64)[:3, axis]
    columns = np.asarray(first.frame_from_voxel, np.float64)[:3, :3]
    along = np.linalg.solve(columns, way)
    return voxels_per_hz(direction, readout_s, volume.data.shape[axis]) * float(
        along[np.abs(along).argmax()]
    )


def _axis_last(volume: Volume, axis: int) -> Volume:
    order = [a for a in range(3) if a != axis] + [axis]
    return Volume(
        np.transpose(volume.data, order),
        np.asarray(volume.frame_from_voxel, np.float64)[:, [*order, 3]],
        volume.frame,
    )


def _on_grid_of(first: Volume, second: Volume, move: Floats) -> Grid:
    """Give ``second``, whose head is at ``move`` of the first's, on the voxels of ``first``."""
    index = np.indices(first.data.shape).reshape(3, -1).T.astype(np.float64)
    chain = inverted(np.asarray(second.frame_from_voxel, np.float64)) @ move
    chain = chain @ np.asarray(first.frame_from_voxel, np.float64)
    return sample_cubic(spline_coefficients(second.data), chain, index).reshape(first.data.shape)


def _scaled(one: Grid, other: Grid) -> tuple[Grid, Grid]:
    """Give both images at a typical brightness of 1; distortion leaves an image's sum as it is."""
    sums = [float(np.sum(image, dtype=np.float64)) for image in (one, other)]
    bright = float(np.percentile(one, 98))
    if min(sums) <= 0 or bright <= 0:
        raise QualityError("an EPI of the opposite pair is empty; check the fieldmap images")
    return one / np.float32(bright), other / np.float32(bright * sums[1] / sums[0])
