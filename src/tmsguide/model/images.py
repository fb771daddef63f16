"""Images as they flow: a volume in a frame, a scan with its timing, tissue labels."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum
from typing import TYPE_CHECKING

import numpy as np

from tmsguide.errors import FrameError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from numpy.typing import NDArray

    from tmsguide.model.spaces import Frame

__all__ = ["Anatomy", "Distortion", "Scan", "Tissue", "Volume"]


class Tissue(IntEnum):
    """Tissue labels in SimNIBS 4 numbering; 0 is air and everything outside the head.

    Our own segmentation gives the first five; the others come with labels or meshes of others.
    """

    AIR = 0
    WM = 1
    GM = 2
    CSF = 3
    BONE = 4
    SCALP = 5
    EYE = 6
    COMPACT_BONE = 7
    SPONGY_BONE = 8
    BLOOD = 9
    MUSCLE = 10


@dataclass(frozen=True, slots=True, eq=False)
class Volume:
    """A 3-D (X, Y, Z) or 4-D (X, Y, Z, T) array placed in a frame.

    ``frame_from_voxel`` is (4, 4), millimetres from voxel index. Any axis order or sign is allowed
    (RAS, LAS, oblique); only the world it maps to is RAS+.
    """

    data: NDArray[Any]
    frame_from_voxel: NDArray[np.float64]
    frame: Frame

    def __post_init__(self) -> None:
        if self.data.ndim not in (3, 4):
            raise FrameError(f"a volume is 3-D or 4-D, given shape {self.data.shape}")
        if self.frame_from_voxel.shape != (4, 4):
            raise FrameError(f"a voxel affine is (4, 4), given {self.frame_from_voxel.shape}")

    @property
    def voxel_mm(self) -> NDArray[np.float64]:
        """Edge lengths of a voxel, (3,) in millimetres."""
        return np.asarray(np.linalg.norm(self.frame_from_voxel[:3, :3], axis=0), dtype=np.float64)


@dataclass(frozen=True, slots=True, eq=False)
class Scan:
    """A volume with its repetition time and sidecar metadata; ``tr_s`` is None for anatomy."""

    volume: Volume
    tr_s: float | None = None
    metadata: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class Anatomy:
    """What one T1w gives: all volumes share one grid in the person's T1w frame.

    ``t1w`` bias-corrected; ``labels`` uint8 `Tissue`; ``probability`` float32 (X, Y, Z, 5) in the
    order WM, GM, CSF, BONE, SCALP; ``brain_mask`` bool; ``problems`` in plain words (defacing...);
    ``labelled_by`` names the program that drew the labels.
    """

    t1w: Volume
    labels: Volume
    probability: Volume
    brain_mask: Volume
    problems: tuple[str, ...] = ()
    labelled_by: str = "tmsguide"


@dataclass(frozen=True, slots=True, eq=False)
class Distortion:
    """Where the scanner drew what lies elsewhere: the shift along the phase-encoding axis.

    ``shift_mm`` (X, Y, Z) float32 lies in the undistorted space of a functional run's reference;
    a place x there is found in the raw image at ``x + shift_mm(x) * direction``. ``direction``
    (3,) is a unit vector of that frame (RAS), the way of rising voxel index along the axis.
    ``source`` names the fieldmap for people.
    """

    shift_mm: Volume
    direction: NDArray[np.float64]
    source: str
