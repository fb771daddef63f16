"""Maps between images as other programs store them, given as maps of points in RAS millimetres.

A file that resamples image A onto the grid of image B (``from-A_to-B_mode-image_xfm``) maps
*points* the other way, from B to A: for each place of B it says where to look in A. Every reader
here gives that map of points, whatever the format.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from tmsguide.errors import FrameError, InputError
from tmsguide.io.documents import one_line, read_bytes
from tmsguide.io.images.nifti_header import read_header
from tmsguide.io.transforms.itk import Displacements, itk_steps
from tmsguide.model import Affine, Frame, Points, Warp

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from tmsguide.io.transforms.itk import Step

    Floats = NDArray[np.float64]

__all__ = ["PointMap", "read_affine", "read_transform"]

#: A map of points that knows its frames: an `Affine`, a `Warp`.
PointMap = Callable[[Points], Points]


def read_transform(
    path: Path,
    *,
    source: Frame,
    target: Frame,
    source_image: Path | None = None,
    target_image: Path | None = None,
) -> PointMap:
    """Give the map of points that resamples an image of frame ``target`` onto ``source``.

    Of ``from-A_to-B_mode-image_xfm`` the ``source`` is B and the ``target`` A. Read are ITK and
    ANTs (.txt, .mat, .h5 with affines and displacement fields), FreeSurfer (.lta, .xfm) and FSL
    (.mat, which needs both images). Affines alone give an `Affine`; with one displacement field
    the `Warp` is exact on the field's grid and as linear between its nodes as in ITK.

    Raises
    ------
    InputError
        A file that is missing, damaged, of an unknown kind or far too large.
    """
    steps = _steps(path, source_image=source_image, target_image=target_image)
    try:
        return _composed(steps, source, target)
    except (FrameError, np.linalg.LinAlgError) as error:
        raise InputError(
            f"{one_line(path)} is no map that can be used ({one_line(error)}); run the program "
            "that wrote it again"
        ) from error


def read_affine(path: Path, *, source: Frame, target: Frame) -> Affine:
    """Read a map that must be linear, as `read_transform` of ITK, ANTs or FreeSurfer files.

    Raises
    ------
    InputError
        As `read_transform`, or the file holds a displacement field.
    """
    found = read_transform(path, source=source, target=target)
    if not isinstance(found, Affine):
        raise InputError(
            f"{one_line(path)} holds a displacement field; needed a rigid or affine transform"
        )
    return found


def _steps(path: Path, *, source_image: Path | None, target_image: Path | None) -> list[Step]:
    if path.name.endswith(".lta"):
        return [_lta(path)]
    if path.name.endswith(".xfm"):
        return [_xfm(path)]
    if path.name.endswith(".mat"):
        numbers = _table(path)
        if numbers is not None:
            return [_fsl(numbers, path, source_image=source_image, target_image=target_image)]
    return itk_steps(path)


def _composed(steps: Sequence[Step], source: Frame, target: Frame) -> PointMap:
    """Join the maps that a point meets, first to last, into one."""
    first = next((i for i, step in enumerate(steps) if isinstance(step, Displacements)), None)
    if first is None:
        return Affine(_product(steps), source=source, target=target)
    field = steps[first]
    assert isinstance(field, Displacements)  # noqa: S101
    source_from_voxel = np.linalg.inv(_product(steps[:first])) @ field.world_from_voxel
    out = np.empty_like(field.shift_mm)
    plane = np.indices((1, *out.shape[1:3])).reshape(3, -1).T
    for i in range(len(out)):  # a plane at a time, for memory
        voxel = plane + np.array([i, 0, 0])
        at = _moved(field.world_from_voxel, voxel) + field.shift_mm[i].reshape(-1, 3)
        for step in steps[first + 1 :]:
            at = _stepped(step, at)
        out[i] = (at - _moved(source_from_voxel, voxel)).reshape(out.shape[1:])
    return Warp(out, source_from_voxel, source, target)


def _stepped(step: Step, at: Floats) -> Floats:
    if not isinstance(step, Displacements):
        return _moved(step, at)
    here = Frame("within a chain of transforms")
    return Warp(step.shift_mm, step.world_from_voxel, here, here)(Points(at, here)).xyz_mm


def _product(steps: Sequence[Step]) -> Floats:
    whole = np.eye(4)
    for step in steps:
        assert not isinstance(step, Displacements)  # noqa: S101
        whole = step @ whole
    return whole


def _moved(matrix: Floats, at: NDArray[Any]) -> Floats:
    moved: Floats = at @ matrix[:3, :3].T + matrix[:3, 3]
    return moved


def _lta(path: Path) -> Floats:
    """Give the map of points destination -> source of a FreeSurfer registration."""
    from nitransforms.io.lta import FSLinearTransform  # type: ignore[import-untyped]

    words = read_bytes(path).decode("utf-8", errors="replace")
    try:
        matrix: Floats = np.asarray(FSLinearTransform.from_string(words).to_ras(), np.float64)
    except (AssertionError, IndexError, ValueError, TypeError, NotImplementedError) as error:
        raise InputError(
            f"{one_line(path)} is no FreeSurfer registration between two images "
            f"({one_line(error)}); needed an .lta of kind voxel-to-voxel or RAS-to-RAS"
        ) from error
    return matrix


def _xfm(path: Path) -> Floats:
    """Give the map template -> person of FreeSurfer's talairach.xfm, stored the other way."""
    words = read_bytes(path).decode("utf-8", errors="replace")
    _, found, tail = words.partition("Linear_Transform")
    try:
        numbers = np.array([float(w) for w in tail.partition(";")[0].replace("=", " ").split()])
        matrix = np.vstack([numbers.reshape(3, 4), [0.0, 0, 0, 1]])
        return np.asarray(np.linalg.inv(matrix), np.float64)
    except (ValueError, np.linalg.LinAlgError) as error:
        what = "a damaged matrix" if found else "no Linear_Transform"
        raise InputError(
            f"{one_line(path)} has {what}; needed FreeSurfer's talairach.xfm or its like"
        ) from error


def _table(path: Path) -> Floats | None:
    """Give the 4 x 4 numbers of a text file, None if it is something else."""
    try:
        numbers = np.array([float(w) for w in read_bytes(path).decode("ascii").split()])
    except ValueError:
        return None
    if numbers.size != 16 or not np.isfinite(numbers).all():
        return None
    return numbers.reshape(4, 4)


def _fsl(
    numbers: Floats, path: Path, *, source_image: Path | None, target_image: Path | None
) -> Floats:
    if source_image is None or target_image is None:
        raise InputError(
            f"{one_line(path)} is a matrix of FSL, which has a meaning only with its two images; "
            "needed the image that was moved and the reference it was moved to"
        )
    back = np.linalg.inv(_world_from_fsl(source_image))
    try:
        inverse = np.linalg.inv(numbers)
    except np.linalg.LinAlgError as error:
        raise InputError(f"{one_line(path)} has no inverse; run flirt again") from error
    return np.asarray(_world_from_fsl(target_image) @ inverse @ back, np.float64)


def _world_from_fsl(image: Path) -> Floats:
    """RAS millimetres from FSL's: scaled voxels, the first axis turned where RAS is right-handed.

    References
    ----------
    Jenkinson 2012, NeuroImage 62:782, doi:10.1016/j.neuroimage.2011.09.015.
    """
    header = read_header(image)
    affine = header.frame_from_voxel
    sizes = np.linalg.norm(affine[:3, :3], axis=0)
    fsl = np.diag([*sizes, 1.0])
    if np.linalg.det(affine[:3, :3]) > 0:
        fsl[0] = [-sizes[0], 0, 0, (header.shape[0] - 1) * sizes[0]]
    return np.asarray(affine @ np.linalg.inv(fsl), np.float64)
