"""Choose and read the fieldmap of one functional run in a raw BIDS dataset."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

import numpy as np

from tmsguide.errors import InputError
from tmsguide.io.bids.fieldmap_links import FieldmapImage, linked_groups
from tmsguide.io.bids.readouts import needed_number, phase_direction, readout_time_s
from tmsguide.io.images.nifti import read_volume
from tmsguide.io.images.nifti_header import read_header
from tmsguide.model import Scan, Volume

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from tmsguide.model import Frame

__all__ = ["FieldmapFiles", "FieldmapKind", "FieldmapScans", "find_fieldmaps", "read_fieldmap"]

_UNITS = ("Hz", "rad/s", "T")
_MAGNITUDES = ("magnitude1", "magnitude", "magnitude2")
#: Cosine beyond which two phase-encoding axes of one head count as one.
_ALIGNED = 0.9


class FieldmapKind(Enum):
    """How a field was measured, most trusted first where a run has several.

    A pair of EPI shares the run's geometry and needs no unwrapping.
    """

    PAIR = "two opposite phase-encoding directions"
    PHASE_DIFFERENCE = "phase difference of two echoes"
    TWO_PHASES = "phases of two echoes"
    DIRECT = "measured field"
    SINGLE = "opposite phase-encoding direction, paired with the run itself"


@dataclass(frozen=True, slots=True)
class FieldmapFiles:
    """The fieldmap of one run: its images in order, its magnitude, and how it was linked.

    ``link`` is ``B0FieldSource`` or ``IntendedFor``; ``notes`` name fieldmaps that were left.
    """

    kind: FieldmapKind
    images: tuple[FieldmapImage, ...]
    magnitude: Path | None
    link: str
    notes: tuple[str, ...] = ()

    @property
    def source(self) -> str:
        """The fieldmap in words, for people."""
        names = " and ".join(image.path.name for image in self.images)
        return f"fieldmap {names} ({self.kind.value})"


@dataclass(frozen=True, slots=True, eq=False)
class FieldmapScans:
    """A fieldmap in memory, of one kind: ``phases`` or ``direct`` with ``magnitude``, or ``pair``.

    Each scan's metadata is its sidecar; those of a pair hold TotalReadoutTime in any case.
    """

    source: str
    phases: tuple[Scan, ...] = ()
    direct: Scan | None = None
    pair: tuple[Scan, ...] = ()
    magnitude: Volume | None = None


def find_fieldmaps(root: Path, bold: Path, sidecar: Mapping[str, object]) -> FieldmapFiles | None:
    """Choose the fieldmap of the run ``bold`` (its metadata ``sidecar``), None if there is none.

    BIDS rules: images whose B0FieldIdentifier the run names as B0FieldSource, else images whose
    IntendedFor names the run. Everything that the correction will need is checked here, image
    data aside, the run's own PhaseEncodingDirection and readout time included.

    Raises
    ------
    InputError
        A linked image or key is missing; the message names the file and the key.
    """
    link, groups = linked_groups(root, bold, sidecar)
    if not groups:
        return None
    phase_direction(sidecar, bold.name)
    shape = read_header(bold).shape
    readout_time_s(sidecar, shape, name=bold.name)
    found, refusals = [], []
    for group in groups:
        try:
            found.append(_complete(group, bold, sidecar))
        except InputError as refusal:
            refusals.append(refusal)
    if not found:
        raise refusals[0]
    rank = list(FieldmapKind)
    kind, images, magnitude = min(found, key=lambda choice: rank.index(choice[0]))
    left = [i for group in groups for i in group if i not in images and i.path != bold]
    notes = [f"fieldmap not used: {image.path.name}" for image in left]
    notes += [f"fieldmap not used: {refusal}" for refusal in refusals]
    return FieldmapFiles(kind, images, magnitude, link, tuple(notes))


_BY_EPI = (FieldmapKind.PAIR, FieldmapKind.SINGLE)


def read_fieldmap(files: FieldmapFiles, *, frame: Frame) -> FieldmapScans:
    """Read the images of a fieldmap as float32 in ``frame`` (its headers' scanner coordinates).

    Raises
    ------
    InputError
        A file is damaged, holds NaN or infinity, or has volumes that cannot be told apart.
    """
    magnitude = (
        None if files.magnitude is None else _first(read_volume(files.magnitude, frame=frame))
    )
    scans = []
    for image in files.images:
        volume = read_volume(image.path, frame=frame)
        metadata = dict(image.sidecar)
        if files.kind in _BY_EPI:
            metadata["TotalReadoutTime"] = readout_time_s(
                image.sidecar, volume.data.shape, name=image.path.name
            )
        elif volume.data.ndim == 4:
            raise InputError(
                f"{image.path.name} is 4-D with {volume.data.shape[3]} volumes; needed one 3-D "
                "image; convert the fieldmap again"
            )
        scans.append(Scan(volume, None, metadata))
    if files.kind in _BY_EPI:
        return FieldmapScans(files.source, pair=tuple(scans))
    if files.kind is FieldmapKind.DIRECT:
        return FieldmapScans(files.source, direct=scans[0], magnitude=magnitude)
    return FieldmapScans(files.source, phases=tuple(scans), magnitude=magnitude)


def _first(volume: Volume) -> Volume:
    data = volume.data[..., 0] if volume.data.ndim == 4 else volume.data
    return Volume(data, volume.frame_from_voxel, volume.frame)


def _complete(
    group: Sequence[FieldmapImage], bold: Path, sidecar: Mapping[str, object]
) -> tuple[FieldmapKind, tuple[FieldmapImage, ...], Path | None]:
    """Give kind, images and magnitude of one fieldmap, with every key that its kind needs."""
    kind, images = _chosen(group, bold, sidecar)
    for image in images:
        _check(image, kind)
    return kind, images, None if kind in _BY_EPI else _magnitude(images[0])


def _chosen(
    group: Sequence[FieldmapImage], bold: Path, sidecar: Mapping[str, object]
) -> tuple[FieldmapKind, tuple[FieldmapImage, ...]]:
    by_suffix = {image.name.suffix: image for image in reversed(group)}
    if "phasediff" in by_suffix:
        return FieldmapKind.PHASE_DIFFERENCE, (by_suffix["phasediff"],)
    if "fieldmap" in by_suffix:
        return FieldmapKind.DIRECT, (by_suffix["fieldmap"],)
    for there, lacking in (("phase1", "phase2"), ("phase2", "phase1")):
        if there in by_suffix and lacking not in by_suffix:
            name = by_suffix[there].path.name
            raise InputError(
                f"{name} has no {lacking} beside it for {bold.name}; needed both echoes; add "
                f"{name.replace(there, lacking)}, linked to the same run"
            )
    if "phase1" in by_suffix:
        return FieldmapKind.TWO_PHASES, (by_suffix["phase1"], by_suffix["phase2"])
    return _opposite(group, bold, sidecar)


def _opposite(
    group: Sequence[FieldmapImage], bold: Path, sidecar: Mapping[str, object]
) -> tuple[FieldmapKind, tuple[FieldmapImage, ...]]:
    """Choose two images read out in opposite ways, the first of them the run's own way."""
    own = _way(bold, phase_direction(sidecar, bold.name))
    images = [image for image in group if image.path != bold]
    cosines = [float(_way(i.path, phase_direction(i.sidecar, i.path.name)) @ own) for i in images]
    same = [i for i, c in zip(images, cosines, strict=True) if c > _ALIGNED]
    other = [i for i, c in zip(images, cosines, strict=True) if c < -_ALIGNED]
    if same and other:
        return FieldmapKind.PAIR, (same[0], other[0])
    if other:
        return FieldmapKind.SINGLE, (other[0],)
    names = ", ".join(image.path.name for image in images) or "no image"
    raise InputError(
        f"the EPI fieldmap of {bold.name} ({names}) has no image read out the opposite way; "
        "needed one; check PhaseEncodingDirection in the sidecars, or remove the link"
    )


def _way(path: Path, direction: str) -> NDArray[np.float64]:
    """Give the unit vector (3,), RAS, of a phase-encoding direction of the image as stored."""
    m = read_header(path).frame_from_voxel
    column = m[:3, "ijk".index(direction[0])]
    way = column / np.linalg.norm(column)
    return np.asarray(-way if direction.endswith("-") else way)


def _check(image: FieldmapImage, kind: FieldmapKind) -> None:
    name = image.path.name
    if kind in _BY_EPI:
        readout_time_s(image.sidecar, read_header(image.path).shape, name=name)
    elif kind is FieldmapKind.PHASE_DIFFERENCE:
        needed_number(image.sidecar, "EchoTime1", name)
        needed_number(image.sidecar, "EchoTime2", name)
    elif kind is FieldmapKind.TWO_PHASES:
        needed_number(image.sidecar, "EchoTime", name)
    elif image.sidecar.get("Units") not in _UNITS:
        raise InputError(
            f"{name} has Units {image.sidecar.get('Units')!r} in its sidecar; needed "
            f"{', '.join(_UNITS)} to use the fieldmap; add Units from the scan protocol"
        )


def _magnitude(image: FieldmapImage) -> Path:
    """Give the magnitude that was acquired with ``image``."""
    stem = image.path.name.partition(".")[0].rpartition("_")[0]
    for suffix in _MAGNITUDES:
        for extension in (".nii.gz", ".nii"):
            path = image.path.with_name(f"{stem}_{suffix}{extension}")
            if path.exists():
                return path
    raise InputError(
        f"{image.path.name} has no magnitude image beside it; needed {stem}_magnitude1.nii.gz; "
        "add it"
    )
