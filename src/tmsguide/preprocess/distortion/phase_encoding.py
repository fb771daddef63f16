"""Phase-encoding directions of BIDS, and how far a field in Hz moves signal along them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tmsguide.errors import FrameError, InputError
from tmsguide.model import Distortion, Volume
from tmsguide.num.interpolation import sample_linear
from tmsguide.num.rigid import inverted

if TYPE_CHECKING:
    from tmsguide.model import Affine

__all__ = ["distortion_from_field", "phase_axis", "voxels_per_hz"]

_SHORTEST_READOUT_S, _LONGEST_READOUT_S = 0.002, 0.5


def phase_axis(direction: str) -> int:
    """Give the voxel axis of a BIDS ``PhaseEncodingDirection``.

    Raises
    ------
    InputError
        It is not i, j or k with an optional -.

    Examples
    --------
    >>> phase_axis("j-")
    1
    """
    if direction not in ("i", "i-", "j", "j-", "k", "k-"):
        raise InputError(
            f"PhaseEncodingDirection is {direction!r}; needed i, j or k, with - where the voxel "
            "index falls; correct the sidecar"
        )
    return "ijk".index(direction[0])


def voxels_per_hz(direction: str, readout_s: float, voxels: int) -> float:
    """Give how many voxels, towards rising index, 1 Hz of off-resonance moves signal.

    Positive off-resonance moves signal the way of ``direction`` (as BIDS and SDCFlows have it).
    ``readout_s`` is BIDS' TotalReadoutTime, which spans ``voxels - 1`` echo spacings, whereas a
    turn of phase per spacing moves signal by all ``voxels``.

    Examples
    --------
    >>> round(voxels_per_hz("j-", 0.0395, 80), 6)
    -0.04
    """
    phase_axis(direction)
    if not _SHORTEST_READOUT_S <= readout_s <= _LONGEST_READOUT_S:
        raise InputError(
            f"the total readout time is {readout_s:g} s; needed {_SHORTEST_READOUT_S:g} to "
            f"{_LONGEST_READOUT_S:g} s; check TotalReadoutTime (seconds, not milliseconds)"
        )
    size = readout_s * voxels / (voxels - 1)
    return -size if direction.endswith("-") else size


def distortion_from_field(
    field_hz: Volume,
    reference_from_field: Affine,
    reference: Volume,
    *,
    phase_direction: str,
    readout_s: float,
    source: str,
) -> Distortion:
    """Give the `Distortion` of a run whose still image is ``reference``, from a field in Hz.

    The field lies in undistorted space; ``reference_from_field`` is the rigid map of its frame to
    the reference's. Beyond the field's grid its edge holds.

    Raises
    ------
    FrameError
        The map does not lead from the field's frame to the reference's.
    InputError
        The direction or the readout time cannot be.
    """
    axis = phase_axis(phase_direction)
    world_from_voxel = np.asarray(reference.frame_from_voxel, np.float64)
    shape = reference.data.shape[:3]
    per_hz = voxels_per_hz(phase_direction, readout_s, shape[axis])
    way = world_from_voxel[:3, axis]
    length_mm = float(np.linalg.norm(way))
    _check_frames(field_hz, reference_from_field, reference)
    chain = (
        inverted(np.asarray(field_hz.frame_from_voxel, np.float64))
        @ inverted(reference_from_field.matrix)
        @ world_from_voxel
    )
    index = np.indices(shape).reshape(3, -1).T.astype(np.float64)
    at = np.clip(index @ chain[:3, :3].T + chain[:3, 3], 0, np.asarray(field_hz.data.shape) - 1.0)
    hz = sample_linear(np.ascontiguousarray(field_hz.data, np.float32), np.eye(4), at)
    shift = (hz * per_hz * length_mm).reshape(shape).astype(np.float32)
    return Distortion(
        Volume(shift, reference.frame_from_voxel, reference.frame), way / length_mm, source
    )


def _check_frames(field_hz: Volume, reference_from_field: Affine, reference: Volume) -> None:
    given = (reference_from_field.source, reference_from_field.target)
    if given != (field_hz.frame, reference.frame):
        raise FrameError(
            f"the field is in {field_hz.frame.name} and the run in {reference.frame.name}; the "
            f"map given leads from {given[0].name} to {given[1].name}"
        )
