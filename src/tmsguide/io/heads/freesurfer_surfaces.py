"""FreeSurfer's surface files: from its own coordinates to the scanner's."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tmsguide.errors import InputError
from tmsguide.io.documents import one_line, read_bytes
from tmsguide.model import Frame, Points, Surface

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

__all__ = [
    "SPHERE",
    "midway",
    "read_freesurfer_sphere",
    "read_freesurfer_surface",
    "scanner_from_tk",
    "volume_scanner_from_tk",
]

#: Where spherical surfaces live: no place in the head, only the order of the cortex.
SPHERE = Frame("fsaverage/sphere")

_MAGIC = b"\xff\xff\xfe"
_LIMIT_BYTES = 400_000_000
#: A surface and the volumes it was drawn on may disagree by this in where the centre lies.
_AGREE_MM = 0.5


@dataclass(frozen=True, slots=True, eq=False)
class _Drawn:
    """What a file holds: points (N, 3), triangles (F, 3) and, where stated, its geometry."""

    xyz_mm: Floats
    triangles: NDArray[np.int64]
    in_scanner: bool
    scanner_from_tk: Floats | None


def read_freesurfer_surface(
    path: Path, *, frame: Frame, scanner_from_tk: Floats | None = None
) -> Surface:
    """Read ``lh.white``, ``lh.pial`` ... in scanner RAS millimetres.

    FreeSurfer stores positions in "tkRAS", whose origin is the middle of its conformed volume.
    The way to the scanner stands in the file's own footer; ``scanner_from_tk`` (4, 4), of the
    folder's volumes, serves where the footer is missing, and must agree where it is there.

    Raises
    ------
    InputError
        Missing or damaged file, no geometry at all, or a geometry that contradicts the volumes.

    References
    ----------
    FreeSurfer wiki, "CoordinateSystems": scanner = Norig * inv(Torig) * tkRAS.
    """
    drawn = _read(path)
    name = one_line(path)
    if drawn.in_scanner:
        return Surface(Points(drawn.xyz_mm, frame), drawn.triangles)
    own = drawn.scanner_from_tk
    if own is not None and scanner_from_tk is not None:
        gap_mm = float(np.linalg.norm(_moved(drawn.xyz_mm, own - scanner_from_tk), axis=1).max())
        if gap_mm > _AGREE_MM:
            raise InputError(
                f"{name} was drawn on a volume that lies {gap_mm:.1f} mm from those in mri/; "
                "needed surfaces and volumes of one run; run FreeSurfer again"
            )
    chosen = own if own is not None else scanner_from_tk
    if chosen is None:
        raise InputError(
            f"{name} does not say where its volume lies (no volume geometry); needed "
            "mri/orig.mgz of the same run beside it"
        )
    return Surface(Points(_moved(drawn.xyz_mm, chosen), frame), drawn.triangles)


def read_freesurfer_sphere(path: Path) -> Surface:
    """Read ``lh.sphere.reg`` or ``lh.sphere``, in the frame `SPHERE`.

    Raises
    ------
    InputError
        Missing or damaged file, or points that lie on no sphere round the origin.
    """
    drawn = _read(path)
    radius = np.linalg.norm(drawn.xyz_mm, axis=1)
    if radius.min() < 0.9 * radius.max():
        raise InputError(
            f"{one_line(path)} is no sphere (radius {radius.min():.1f} to {radius.max():.1f}); "
            "give sphere.reg"
        )
    return Surface(Points(drawn.xyz_mm, SPHERE), drawn.triangles)


def midway(white: Surface, pial: Surface) -> Surface:
    """Give the middle of the cortex: the mean of matching white and pial vertices.

    Raises
    ------
    InputError
        The two are not of one hemisphere of one run.
    """
    if len(white.vertices) != len(pial.vertices):
        raise InputError(
            f"white surface has {len(white.vertices)} vertices and pial {len(pial.vertices)}; "
            "needed both of one run"
        )
    middle = (white.vertices.xyz_mm + pial.vertices.xyz_mm) / 2
    return Surface(Points(middle, white.vertices.frame), white.triangles)


def _moved(xyz_mm: Floats, matrix: Floats) -> Floats:
    return np.asarray(xyz_mm @ matrix[:3, :3].T + matrix[:3, 3])


def _read(path: Path) -> _Drawn:
    """Take a triangular surface apart: stamp, counts, big-endian floats and ints, footer."""
    data = read_bytes(path, limit_bytes=_LIMIT_BYTES)
    name = one_line(path)
    if data[:3] != _MAGIC:
        raise InputError(
            f"{name} is no FreeSurfer surface (triangles); give lh.white, lh.pial ..."
        )
    start = data.find(b"\n\n", 3, 2000) + 2
    if start < 2 or len(data) < start + 8:
        raise _damaged(name, "its heading is cut")
    n, f = (int(v) for v in np.frombuffer(data, ">i4", 2, start))
    body = start + 8
    end = body + 12 * (n + f)
    if n < 4 or f < 4 or end > len(data):
        raise _damaged(name, f"{n} vertices and {f} triangles do not fit in it")
    xyz = np.frombuffer(data, ">f4", 3 * n, body).astype(np.float64).reshape(n, 3)
    triangles = np.frombuffer(data, ">i4", 3 * f, body + 12 * n).astype(np.int64).reshape(f, 3)
    if not np.isfinite(xyz).all() or np.abs(xyz).max() > 1e4:
        raise _damaged(name, "positions are not finite millimetres")
    if triangles.min() < 0 or triangles.max() >= n:
        raise _damaged(name, "triangles name absent points")
    footer = data[end : end + 20_000]
    in_scanner = footer[:4] == (2).to_bytes(4, "big") and footer[4:8] == (1).to_bytes(4, "big")
    return _Drawn(xyz, triangles, in_scanner, _scanner_from_tk(footer, name))


def _damaged(name: str, what: str) -> InputError:
    return InputError(f"{name} is damaged ({what}); copy it again")


def _scanner_from_tk(footer: bytes, name: str) -> Floats | None:
    """Give the way to the scanner from the footer's volume geometry; None where it has none."""
    text = footer.decode("ascii", "replace")
    if not re.search(r"valid\s*=\s*1\b", text):
        return None
    found = {
        key: re.search(rf"{key}\s*=((?:\s+[-+0-9.eE]+){{3}})", text)
        for key in ("volume", "voxelsize", "xras", "yras", "zras", "cras")
    }
    if not all(found.values()):
        raise _damaged(name, "its volume geometry is cut")
    try:
        rows = {k: np.array(m[1].split(), np.float64) for k, m in found.items() if m is not None}
    except ValueError as error:
        raise _damaged(name, "its volume geometry holds no numbers") from error
    return scanner_from_tk(
        axes=np.column_stack([rows["xras"], rows["yras"], rows["zras"]]),
        centre_mm=rows["cras"],
    )


def scanner_from_tk(*, axes: Floats, centre_mm: Floats) -> Floats:
    """Give the (4, 4) map from tkRAS to the scanner of a volume.

    ``axes`` (3, 3) has the direction of each voxel axis as a column, ``centre_mm`` (3,) the place
    of the volume's middle ("c_ras"). In tkRAS the middle is the origin and the voxel axes run to
    the left, down and to the front, whatever the volume's own directions.
    """
    tk_axes = np.array([[-1.0, 0, 0], [0, 0, 1.0], [0, -1.0, 0]])
    matrix = np.eye(4)
    matrix[:3, :3] = axes @ tk_axes.T
    matrix[:3, 3] = centre_mm
    return matrix


def volume_scanner_from_tk(frame_from_voxel: Floats, shape: tuple[int, ...]) -> Floats:
    """Give the same map from a volume's affine and its (X, Y, Z) size."""
    edge_mm = np.linalg.norm(frame_from_voxel[:3, :3], axis=0)
    centre = frame_from_voxel[:3, :3] @ (np.asarray(shape[:3]) / 2) + frame_from_voxel[:3, 3]
    return scanner_from_tk(axes=frame_from_voxel[:3, :3] / edge_mm, centre_mm=centre)
