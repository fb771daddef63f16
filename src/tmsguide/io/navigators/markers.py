"""A coil pose as navigators exchange it, and the guards every format shares."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tmsguide.errors import FrameError, InputError
from tmsguide.io.documents import one_line

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from tmsguide.model import Frame, Placement, Target

__all__ = [
    "NavigatorMarker",
    "foreign_name",
    "marker_from_plan",
    "numbers",
    "one_frame",
    "pose_from_axes",
    "rigid",
]

#: Axes further off square than this are a damaged or foreign file (Brainsight's 3 decimals: 1e-3).
LARGEST_DEFECT = 1e-2


@dataclass(frozen=True, slots=True, eq=False)
class NavigatorMarker:
    """A named coil pose in a RAS+ millimetre frame, and the cortical target it was made for.

    ``matsimnibs`` (4, 4) has the coil's axes as columns (x lateral, y away from the handle, z into
    the head) and its centre in millimetres. ``target_mm`` is (3,) or None.
    """

    name: str
    matsimnibs: NDArray[np.float64]
    frame: Frame
    target_mm: NDArray[np.float64] | None = None

    def __post_init__(self) -> None:
        name = self.name
        if not name or name != name.strip() or not name.isprintable() or name[0] in "#<":
            raise InputError(
                f"marker name {one_line(name)!r} cannot be written; needed printable words that "
                "start with no # or <, without tabs or spaces at the ends"
            )
        if len(name) > 100:
            raise InputError(f"marker name has {len(name)} letters; needed at most 100")
        object.__setattr__(self, "matsimnibs", rigid(self.matsimnibs, name))
        if self.target_mm is not None:
            target = np.asarray(self.target_mm, dtype=np.float64)
            if target.shape != (3,) or not np.isfinite(target).all():
                raise InputError(f"target of marker {name!r} needs 3 finite millimetres")
            object.__setattr__(self, "target_mm", target)


def marker_from_plan(name: str, placement: Placement, target: Target) -> NavigatorMarker:
    """Give the marker of a placement and the target it stimulates.

    Raises
    ------
    FrameError
        Placement and target are in different frames.
    """
    if placement.frame != target.point.frame:
        raise FrameError(
            f"placement is in {placement.frame.name} and target in {target.point.frame.name}; "
            "map the target to the placement's frame first"
        )
    return NavigatorMarker(
        name, placement.matsimnibs, placement.frame, target_mm=target.point.xyz_mm[0]
    )


def foreign_name(text: str, fallback: str) -> str:
    r"""Give a name found in another program's file in a form that every format can hold.

    Examples
    --------
    >>> foreign_name(" #left\u00a0DLPFC ", "pose 1")
    'left DLPFC'
    """
    spaced = "".join(c if c.isprintable() else " " for c in text)
    return spaced.strip().lstrip("#< ")[:100].strip() or fallback


def rigid(matrix: NDArray[np.float64], name: str) -> NDArray[np.float64]:
    """Give a (4, 4) pose with exactly orthonormal axes, nearest to those given.

    Rounded files lose up to 1e-3 of squareness; the polar factor restores it (Higham 1988).

    Raises
    ------
    InputError
        Not a finite pose, mirrored (left-handed) axes, or axes off square by more than 1e-2.
    """
    pose = np.asarray(matrix, dtype=np.float64)
    if pose.shape != (4, 4) or not np.isfinite(pose).all() or np.abs(pose).max() > 1e5:
        raise InputError(f"pose of {one_line(name)!r} is no finite 4 x 4 matrix in millimetres")
    if not np.allclose(pose[3], [0, 0, 0, 1], atol=1e-6):
        raise InputError(
            f"pose of {one_line(name)!r} has last row {pose[3].tolist()}; needed 0 0 0 1; "
            "check that the matrix is not transposed"
        )
    axes = pose[:3, :3]
    defect = np.abs(axes.T @ axes - np.eye(3)).max()
    if defect > LARGEST_DEFECT:
        raise InputError(
            f"pose of {one_line(name)!r} has axes {defect:.2g} off unit length or square; needed "
            f"at most {LARGEST_DEFECT:g}; export it again as unit vectors"
        )
    if np.linalg.det(axes) < 0:
        raise InputError(
            f"pose of {one_line(name)!r} has mirrored (left-handed) axes, which would swap left "
            "and right; export it again with right-handed axes"
        )
    if defect < 1e-9:
        return pose
    u, _, vt = np.linalg.svd(axes)
    squared = pose.copy()
    squared[:3, :3] = u @ vt
    return squared


def numbers(words: Sequence[str], name: str) -> NDArray[np.float64]:
    """Give words of a file as finite numbers, none beyond 1e5.

    Raises
    ------
    InputError
        A word that is no such number.
    """
    try:
        values = np.array([float(word) for word in words])
    except ValueError as error:
        raise InputError(
            f"pose of {one_line(name)!r} holds no number ({one_line(error)}); export it again"
        ) from error
    if not (np.abs(values) < 1e5).all():
        raise InputError(
            f"pose of {one_line(name)!r} is not finite or beyond 1e5 mm; export it again"
        )
    return values


def pose_from_axes(
    columns: NDArray[np.float64], centre_mm: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Give the (4, 4) pose of three axis columns (3, 3) and a centre (3,)."""
    pose = np.eye(4)
    pose[:3, :3] = columns
    pose[:3, 3] = centre_mm
    return pose


def one_frame(markers: Sequence[NavigatorMarker]) -> Frame:
    """Give the frame that all markers share.

    Raises
    ------
    InputError
        No markers, or two with the same name.
    FrameError
        Markers of different frames.
    """
    if not markers:
        raise InputError("no markers to write; needed at least one")
    names = [marker.name for marker in markers]
    if len(set(names)) != len(names):
        raise InputError("two markers have the same name; rename one of them")
    frames = {marker.frame.name for marker in markers}
    if len(frames) > 1:
        raise FrameError(
            f"markers lie in several frames ({', '.join(sorted(frames))}); a navigator file holds "
            "one; map them to one frame first"
        )
    return markers[0].frame
