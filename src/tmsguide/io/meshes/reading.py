"""Head meshes in and out: SimNIBS and Gmsh ``.msh``, and ``.vtu`` for ParaView."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tmsguide.errors import InputError
from tmsguide.io.documents import missing, one_line, read_bytes
from tmsguide.io.meshes.msh import GmshMesh, parse_msh
from tmsguide.io.meshes.values import checked_values
from tmsguide.io.meshes.writing import MshVersion, msh_pieces, vtu_pieces
from tmsguide.io.writing import atomic_stream
from tmsguide.model import HeadModel, Points, Tissue

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from tmsguide.model import Frame

    Floats = NDArray[np.float64]

__all__ = ["read_head_msh", "read_msh", "write_head_msh", "write_head_vtu"]

#: A head of 4.5 million tetrahedra with four fields takes .9 GB; more is not a head mesh.
LIMIT_BYTES = 4_000_000_000


def read_msh(path: Path) -> GmshMesh:
    """Read the tetrahedra of a Gmsh mesh (2.x or 4.1, text or binary) and the values on them.

    Raises
    ------
    InputError
        The file is missing, too large, no such mesh, truncated or odd.
    """
    try:
        size = path.stat().st_size
    except (OSError, ValueError) as error:
        raise missing(path, error) from error
    if size > LIMIT_BYTES:
        raise InputError(
            f"{one_line(path)} is larger than {LIMIT_BYTES / 1e9:g} GB, more than a head mesh "
            "ever needs; check that it is the right file"
        )
    return parse_msh(read_bytes(path, limit_bytes=max(size, 1)), str(path))


def read_head_msh(
    path: Path,
    *,
    frame: Frame,
    sigma_s_per_m: Mapping[Tissue, float],
    tissue_of_label: Mapping[int, Tissue] | None = None,
) -> HeadModel:
    """Read a head mesh, such as ``m2m_<subject>/<subject>.msh`` of SimNIBS, in ``frame``.

    Labels 1 to 10 are tissues as SimNIBS 4 numbers them, which are those of `Tissue`.
    ``tissue_of_label`` says what other labels mean, or the same ones mean otherwise;
    ``Tissue.AIR`` leaves them out. Positions are taken as millimetres RAS+. The mesh is given as
    it lies in the file; ``head.check_head`` tells whether a field can be solved on it.

    Raises
    ------
    InputError
        As `read_msh`; labels that are no tissue; a tissue without conductivity.
    """
    mesh = read_msh(path)
    meaning = {t.value: t for t in Tissue if t is not Tissue.AIR} | dict(tissue_of_label or {})
    labels, which, count = np.unique(mesh.label, return_inverse=True, return_counts=True)
    odd = [i for i, label in enumerate(labels) if int(label) not in meaning]
    if odd:
        listed = ", ".join(f"{labels[i]} ({count[i]} tetrahedra)" for i in odd[:8])
        raise InputError(
            f"{one_line(path)} has labels that are no tissue: {listed}; known are "
            f"{', '.join(map(str, sorted(meaning)))}. Say what they are with tissue_of_label, "
            "Tissue.AIR to leave them out"
        )
    tissues = [meaning[int(label)] for label in labels]
    tissue = np.array([t.value for t in tissues], dtype=np.uint8)[which]
    sigma = np.array([_sigma(t, sigma_s_per_m, path) for t in tissues])[which]
    kept = tissue != Tissue.AIR
    if not kept.any():
        raise InputError(f"{one_line(path)} holds nothing but air; check tissue_of_label")
    return HeadModel(Points(mesh.nodes_mm, frame), mesh.cells[kept], tissue[kept], sigma[kept])


def _sigma(tissue: Tissue, sigma_s_per_m: Mapping[Tissue, float], path: Path) -> float:
    if tissue is Tissue.AIR:
        return 0.0
    sigma = sigma_s_per_m.get(tissue, np.nan)
    if not (np.isfinite(sigma) and sigma > 0):
        raise InputError(
            f"{one_line(path)} holds {tissue.name}, whose conductivity is "
            f"{sigma_s_per_m.get(tissue)}; needed a positive number of S/m"
        )
    return float(sigma)


def write_head_msh(
    head: HeadModel,
    path: Path,
    *,
    values: Mapping[str, Floats] | None = None,
    version: MshVersion = MshVersion.V2_2,
) -> Path:
    """Write a head as binary ``.msh`` for SimNIBS and Gmsh; gives ``path``.

    ``values`` hold one number, vector or tensor per tetrahedron by name (`field_values` of a
    field). Labels are `Tissue` numbers; conductivities have no place in this format.

    Raises
    ------
    InputError
        Values of another length, an odd name, or a file that cannot be written.
    """
    table = checked_values(values or {}, len(head.cells))
    return _write(path, ".msh", msh_pieces(head, table, version))


def write_head_vtu(
    head: HeadModel, path: Path, *, values: Mapping[str, Floats] | None = None
) -> Path:
    """Write a head as ``.vtu`` for ParaView with tissue, conductivity and ``values``.

    Raises
    ------
    InputError
        As `write_head_msh`.
    """
    table = checked_values(values or {}, len(head.cells))
    return _write(path, ".vtu", vtu_pieces(head, table))


def _write(path: Path, suffix: str, pieces: Iterator[bytes]) -> Path:
    if path.suffix != suffix:
        raise InputError(f"{one_line(path)} needs a name ending in {suffix}")
    with atomic_stream(path) as stream:
        for piece in pieces:
            stream.write(piece)
    return path
