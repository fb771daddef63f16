"""One run's distortion from whatever fieldmap was acquired, and words where there is none."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tmsguide.errors import EngineError, InputError
from tmsguide.model import Affine, Volume
from tmsguide.num.alignment import align, template
from tmsguide.num.rigid import inverted, rigid_displacement_mm
from tmsguide.preprocess.distortion.fieldmaps import field_from_direct, field_from_phases
from tmsguide.preprocess.distortion.pepolar import field_from_pair
from tmsguide.preprocess.distortion.phase_encoding import distortion_from_field, phase_axis
from tmsguide.preprocess.movement.motion import head_mask
from tmsguide.preprocess.resampling import undistorted

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from tmsguide.model import Distortion, LinearRegistrar, Scan

    Floats = NDArray[np.float64]

__all__ = ["distortion_caution", "run_distortion"]

#: A head moves less than this between scans of a session; more is a registration gone astray.
_FAR_MM = 12.0
_AXIS_WORDS = {"i": "first", "j": "second", "k": "third"}


def run_distortion(
    reference: Volume,
    *,
    phase_direction: str,
    readout_s: float,
    source: str,
    phases: Sequence[Scan] = (),
    direct: Scan | None = None,
    pair: Sequence[Scan] = (),
    magnitude: Volume | None = None,
    linear: LinearRegistrar | None = None,
) -> Distortion:
    """Give the `Distortion` of a run from its own fieldmap, by the way that fits what is there.

    ``reference`` is the run's 3-D still image as acquired, ``phase_direction`` and ``readout_s``
    its BIDS PhaseEncodingDirection and total readout time, ``source`` words for people. Of
    ``phases`` (one difference or two echoes), ``direct`` (with ``Units``) and ``pair`` (one or two
    EPI whose metadata hold PhaseEncodingDirection and TotalReadoutTime) exactly one is given;
    the first two come with ``magnitude``. One EPI alone is paired with the reference. Fieldmap and
    run start from their headers (scanner coordinates); small motion between them is sought, by
    ``linear`` (mutual information) where given.

    Raises
    ------
    InputError
        Not exactly one kind of fieldmap, or metadata that are missing or cannot be.
    QualityError
        An image in which no head is seen.
    """
    if (len(phases) > 0) + (direct is not None) + (len(pair) > 0) != 1:
        raise InputError("a run's distortion needs one kind of fieldmap: phases, direct or pair")

    def shifted(field: Volume, to_run: Affine) -> Distortion:
        return distortion_from_field(
            field,
            to_run,
            reference,
            phase_direction=phase_direction,
            readout_s=readout_s,
            source=source,
        )

    if pair:
        field, to_run = _from_pair(reference, pair, (phase_direction, readout_s), linear)
        return shifted(field, to_run)
    if magnitude is None:
        raise InputError("a gradient-echo fieldmap needs its magnitude image; give magnitude1")
    field = field_from_phases(phases, magnitude) if phases else _direct(direct, magnitude)
    to_run = _as_by_headers(field, reference)
    if linear is None:
        return shifted(field, to_run)
    plain = undistorted(reference, shifted(field, to_run))
    return shifted(field, _registered(plain, magnitude, to_run, linear))


def distortion_caution(
    sidecar: Mapping[str, object], *, why: str = "no fieldmap was found"
) -> str:
    """Give what to know about a run that is not corrected, in plain words.

    Examples
    --------
    >>> "not corrected" in distortion_caution({"PhaseEncodingDirection": "j-"})
    True
    """
    direction = str(sidecar.get("PhaseEncodingDirection", ""))
    along = _AXIS_WORDS.get(direction[:1])
    where = f" along the {along} image axis" if along else ""
    return (
        f"susceptibility distortion was not corrected because {why}: brain near "
        f"air is drawn out of place{where}, and near the subgenual cingulate several "
        "millimetres are possible; the seed and the cortex under it may be misplaced by as much"
    )


def _direct(direct: Scan | None, magnitude: Volume) -> Volume:
    if direct is None:
        raise InputError("a run's distortion needs one kind of fieldmap: phases, direct or pair")
    return field_from_direct(direct, magnitude)


def _from_pair(
    reference: Volume,
    pair: Sequence[Scan],
    run: tuple[str, float],
    linear: LinearRegistrar | None,
) -> tuple[Volume, Affine]:
    """Give the field of an opposite pair and the map of its frame to the run's."""
    stills = [_still(scan) for scan in pair]
    encoded = [_encoding(scan) for scan in pair]
    if len(pair) == 1:
        # Both worlds are the scanner's: the field comes out where the run's reference lies.
        other = Volume(stills[0].data, stills[0].frame_from_voxel, reference.frame)
        field = field_from_pair(
            reference,
            other,
            directions=(run[0], encoded[0][0]),
            readouts_s=(run[1], encoded[0][1]),
        )
        return field, Affine(np.eye(4), reference.frame, reference.frame)
    if len(pair) != 2:
        raise InputError(f"an opposite pair is one or two EPI, given {len(pair)}")
    ways = [_way(v, d) for v, (d, _) in zip(stills, encoded, strict=True)]
    first = int(np.argmax([float(way @ _way(reference, run[0])) for way in ways]))
    order = (first, 1 - first)
    field = field_from_pair(
        stills[order[0]],
        stills[order[1]],
        directions=(encoded[order[0]][0], encoded[order[1]][0]),
        readouts_s=(encoded[order[0]][1], encoded[order[1]][1]),
    )
    # Of the two, the image that is distorted the run's own way looks most like the run.
    return field, _laid_on(reference, stills[order[0]], linear)


def _still(scan: Scan) -> Volume:
    data = np.asarray(scan.volume.data, np.float32)
    if data.ndim == 4:
        data = np.median(data, axis=3)
    return Volume(data, scan.volume.frame_from_voxel, scan.volume.frame)


def _encoding(scan: Scan) -> tuple[str, float]:
    direction = scan.metadata.get("PhaseEncodingDirection")
    readout = scan.metadata.get("TotalReadoutTime")
    if not isinstance(direction, str) or not isinstance(readout, int | float):
        raise InputError(
            "an EPI fieldmap needs PhaseEncodingDirection and TotalReadoutTime; given "
            f"{direction!r} and {readout!r}; add them to its sidecar"
        )
    return direction, float(readout)


def _way(volume: Volume, direction: str) -> Floats:
    """Give the unit vector (3,) in which a volume's positive frequencies are drawn."""
    axis = phase_axis(direction)
    way = np.asarray(volume.frame_from_voxel, np.float64)[:3, axis] / volume.voxel_mm[axis]
    return np.asarray(-way if direction.endswith("-") else way, np.float64)


def _as_by_headers(field: Volume, reference: Volume) -> Affine:
    return Affine(np.eye(4), field.frame, reference.frame)


def _laid_on(reference: Volume, image: Volume, linear: LinearRegistrar | None) -> Affine:
    """Give the rigid map of ``image`` to the reference: by ``linear``, else least squares."""
    start = _as_by_headers(image, reference)
    if linear is not None:
        return _registered(reference, image, start, linear)
    still = np.ascontiguousarray(reference.data, np.float32)
    world_from_voxel = np.asarray(reference.frame_from_voxel, np.float64)
    mask = head_mask(still)
    middle = np.argwhere(mask).mean(axis=0)
    center = world_from_voxel[:3, :3] @ middle + world_from_voxel[:3, 3]
    moving = np.ascontiguousarray(image.data, np.float32)
    voxel_from_world = inverted(np.asarray(image.frame_from_voxel, np.float64))
    move = np.eye(4)
    for blur in (2.0, 1.0):
        fixed = template(
            still, world_from_voxel, mask, center_mm=center, sigma_voxels=blur, every=2
        )
        move, settled = align(fixed, moving, voxel_from_world, start=move)
    found = Affine(inverted(move), image.frame, reference.frame)
    return found if settled and _near(found, reference) else start


def _registered(fixed: Volume, moving: Volume, start: Affine, linear: LinearRegistrar) -> Affine:
    """Give the engine's rigid map where it is believable, else what the headers say."""
    try:
        found = linear(fixed, moving, initial=start, dof=6)
    except EngineError:
        return start
    return found if _near(found, fixed) else start


def _near(found: Affine, fixed: Volume) -> bool:
    corners = np.array(list(np.ndindex(2, 2, 2))) * (np.asarray(fixed.data.shape) - 1.0)
    m = np.asarray(fixed.frame_from_voxel, np.float64)
    places = corners @ m[:3, :3].T + m[:3, 3]
    return bool(rigid_displacement_mm(found.matrix, np.eye(4), places).mean() <= _FAR_MM)
