"""A head from a file, whoever made it: a mesh, or labels that are meshed here."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tmsguide.errors import GeometryError, InputError
from tmsguide.head import check_head, mended, mesh_outline, tetrahedralise
from tmsguide.io import check_t1w, conductivities, read_head_msh, read_volume
from tmsguide.io.documents import one_line
from tmsguide.model import Volume
from tmsguide.model.progress import silent

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tmsguide.model import Frame, HeadModel, Surface

__all__ = ["head_kind", "load_head"]

_LABELS = (".nii", ".nii.gz")


def head_kind(path: Path) -> str:
    """Give ``mesh`` or ``labels``, by the file's name, if such a file is there.

    Raises
    ------
    InputError
        No such file, or another kind.
    """
    name = path.name.lower()
    if not (name.endswith((".msh", *_LABELS))):
        raise InputError(
            f"{one_line(path)} is no head that can be read; needed a SimNIBS or Gmsh mesh (.msh) "
            "or a label image (.nii, .nii.gz) with SimNIBS' tissue numbers"
        )
    if not path.is_file():
        raise InputError(f"{one_line(path)} is not there; check the path of the head")
    return "mesh" if name.endswith(".msh") else "labels"


def load_head(
    path: Path,
    *,
    frame: Frame,
    edge_mm: float,
    mend: bool,
    say: Callable[[str], None] = silent,
) -> tuple[HeadModel, Surface]:
    """Give a sound head with the default conductivities, and its outside as the scalp.

    ``edge_mm`` is the lattice step for label images; ``mend`` turns inverted cells and drops loose
    parts and unused nodes first.

    Raises
    ------
    InputError
        A file that cannot be read or holds no head.
    GeometryError
        A head on which no field can be solved; the message says whether mending helps.
    """
    sigma = {tissue: row.sigma_s_per_m for tissue, row in conductivities().items()}
    if head_kind(path) == "mesh":
        say("reading the mesh")
        head = read_head_msh(path, frame=frame, sigma_s_per_m=sigma)
    else:
        labels = _labels(path, frame)
        say("meshing the labels")
        head = tetrahedralise(labels, edge_mm=edge_mm, sigma_s_per_m=sigma)
    if mend:
        head = mended(head)
    try:
        check_head(head)
    except GeometryError as error:
        text = str(error).replace("head.mended", "the option --mend")
        raise GeometryError(f"{one_line(path)}: {text}") from error
    return head, mesh_outline(head)


def _labels(path: Path, frame: Frame) -> Volume:
    check_t1w(path)
    volume = read_volume(path, frame=frame)
    whole = np.rint(volume.data)
    if np.abs(volume.data - whole).max() > 1e-3 or whole.min() < 0 or whole.max() > 255:
        raise InputError(
            f"{one_line(path)} holds numbers that are no labels ({volume.data.min():g} to "
            f"{volume.data.max():g}); needed whole tissue numbers, 1 (WM) to 5 (scalp), as "
            "SimNIBS writes them to final_tissues.nii.gz"
        )
    return Volume(whole.astype(np.uint8), volume.frame_from_voxel, volume.frame)
