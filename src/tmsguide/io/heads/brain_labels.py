"""Structure numbers of FreeSurfer, FastSurfer and the HCP pipelines as tissue labels."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import numpy as np

from tmsguide.errors import InputError
from tmsguide.io.documents import read_toml_resource
from tmsguide.model import Tissue

if TYPE_CHECKING:
    from typing import Any

    from numpy.typing import NDArray

__all__ = ["brain_tissues"]

#: More unknown voxels than this part of the labelled ones: not FreeSurfer's numbers.
_MOST_UNKNOWN = 0.01
_LARGEST = 15_000


def brain_tissues(
    structures: NDArray[Any], brain: NDArray[np.bool_], name: str
) -> NDArray[np.uint8]:
    """Give WM, GM and CSF (X, Y, Z) uint8 of structure numbers, 0 outside the brain.

    Every voxel of ``brain`` that carries no brain structure is CSF: these programs leave the CSF
    of the sulci unlabelled. ``name`` is for the errors.

    Raises
    ------
    InputError
        The numbers are not FreeSurfer's, or no grey or white matter is among them.
    """
    whole = np.rint(structures)
    if whole.min() < 0 or np.abs(whole - structures).max() > 1e-3:
        raise InputError(
            f"{name} holds numbers that are no structures ({whole.min():g} to {whole.max():g}); "
            "needed FreeSurfer's whole numbers, as in aparc+aseg"
        )
    table, known = _tables()
    number = np.minimum(whole, _LARGEST).astype(np.int64)
    labelled = number > 0
    unknown = labelled & ~known[number]
    if unknown.sum() > _MOST_UNKNOWN * max(int(labelled.sum()), 1):
        odd = ", ".join(str(n) for n in np.unique(number[unknown])[:8])
        raise InputError(
            f"{name} has structure numbers that FreeSurfer does not give to the brain: {odd}; "
            "needed aseg, aparc+aseg or wmparc"
        )
    tissue: NDArray[np.uint8] = np.asarray(table[number])
    tissue[brain & (tissue == 0)] = Tissue.CSF
    missing = [t.name for t in (Tissue.WM, Tissue.GM) if not (tissue == t).any()]
    if missing:
        raise InputError(
            f"{name} labels no {' and no '.join(missing)}; needed a whole segmentation, as in "
            "aparc+aseg"
        )
    return tissue


def _tables() -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
    """Give tissue by structure number, and which numbers are known."""
    content = read_toml_resource("tmsguide.io.data", "freesurfer_tissues.toml")
    table = np.zeros(_LARGEST + 1, np.uint8)
    for tissue in (Tissue.WM, Tissue.GM, Tissue.CSF):
        for first, last in cast("list[tuple[int, int]]", content[tissue.name]):
            table[first : last + 1] = tissue
    return table, table > 0
