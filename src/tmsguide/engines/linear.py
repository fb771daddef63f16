"""Rigid and affine registration that starts from several places and keeps the best."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from tmsguide.engines.greedy import affine_search
from tmsguide.engines.itk import coarsened, itk_from_volume
from tmsguide.engines.similarity import shared_information
from tmsguide.errors import EngineError, InputError
from tmsguide.model import Affine

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from numpy.typing import NDArray

    from tmsguide.model import Volume

__all__ = ["register_linear"]

COARSE_MM = 6.0
FINE_MM = 2.0
# chin up or down is how heads differ most between scanner and template
NOD_DEG = (0.0, 20.0, -20.0)
# shared information: noise .02, mean BOLD with T1w .11, T1w with the head prior .27 (measured)
HOPELESS = 0.04


def register_linear(
    fixed: Volume, moving: Volume, *, initial: Affine | None = None, dof: int = 12
) -> Affine:
    """Give the affine ``fixed_from_moving`` that lines two images up, whatever their contrasts.

    Without ``initial`` the headers as they are, matched centres of mass, and these with the head
    nodded by 20 degrees each way are tried on coarse images, and the best is refined. Voxels of
    ``fixed`` that are not a number are left out of the comparison.

    Parameters
    ----------
    fixed, moving
        3-D images, each in its own frame.
    initial
        fixed_from_moving to start from; it is then the only start.
    dof
        6 rigid, 7 with one scale, 12 affine.

    Raises
    ------
    InputError
        ``dof`` is none of these.
    EngineError
        The images tell nothing about each other even at the best place found.
    """
    if dof not in (6, 7, 12):
        raise InputError(f"dof is {dof}; needed 6 (rigid), 7 (similarity) or 12 (affine)")
    coarse, fine = _images(fixed, moving, COARSE_MM), _images(fixed, moving, FINE_MM)
    masked = "mask" in fine
    found = []
    for start in _starts(fixed, moving) if initial is None else [initial.inverse().matrix]:
        rough = affine_search(coarse, start, dof=min(dof, 7), iterations=(40,), masked=masked)
        found.append((_score(fixed, moving, rough), rough))
    rough = max(found, key=lambda pair: pair[0])[1]
    best = affine_search(fine, rough, dof=dof, iterations=(60, 40), masked=masked)
    if _score(fixed, moving, best) < max(pair[0] for pair in found) - 0.01:
        best = rough
    score = _score(fixed, moving, best)
    if score < HOPELESS:
        raise EngineError(
            f"{moving.frame.name} could not be lined up with {fixed.frame.name}: they share "
            f"{score:.3f} of information (needed {HOPELESS}). Check that both images show the "
            "same part of the body and that their headers are right"
        )
    return _affine(fixed, moving, best)


def _images(fixed: Volume, moving: Volume, voxel_mm: float) -> Mapping[str, Any]:
    images = {
        "fixed": coarsened(itk_from_volume(fixed), voxel_mm),
        "moving": coarsened(itk_from_volume(moving), voxel_mm),
    }
    known = np.isfinite(fixed.data)
    if not known.all():
        mask = itk_from_volume(replace(fixed, data=known.astype(np.float32)))
        images["mask"] = coarsened(mask, voxel_mm)
    return images


def _starts(fixed: Volume, moving: Volume) -> Iterator[NDArray[np.float64]]:
    """Give moving_from_fixed matrices to start from."""
    middle, other = _centre(fixed), _centre(moving)
    for pivot in (middle, other):  # as the headers say (turned about the middle), centres matched
        for nod in NOD_DEG:
            c, s = np.cos(np.deg2rad(nod)), np.sin(np.deg2rad(nod))
            start = np.eye(4)
            start[:3, :3] = [[1, 0, 0], [0, c, -s], [0, s, c]]
            start[:3, 3] = pivot - start[:3, :3] @ middle
            yield start


def _centre(volume: Volume) -> NDArray[np.float64]:
    """Give the centre of mass in millimetres, (3,)."""
    data = np.nan_to_num(np.asarray(volume.data[::2, ::2, ::2], dtype=np.float64))
    weight = np.clip(data, 0, np.percentile(data, 99))
    total = max(float(weight.sum()), 1e-12)
    index = [
        float(weight.sum(axis=tuple(a for a in range(3) if a != axis)) @ np.arange(n)) / total
        for axis, n in enumerate(weight.shape)
    ]
    matrix = volume.frame_from_voxel
    return np.asarray(matrix[:3, :3] @ (2 * np.asarray(index)) + matrix[:3, 3])


def _affine(fixed: Volume, moving: Volume, moving_from_fixed: NDArray[np.float64]) -> Affine:
    return Affine(moving_from_fixed, source=fixed.frame, target=moving.frame).inverse()


def _score(fixed: Volume, moving: Volume, moving_from_fixed: NDArray[np.float64]) -> float:
    return shared_information(fixed, moving, _affine(fixed, moving, moving_from_fixed))
