"""Transforms as ITK and ANTs store them: text, MATLAB and HDF5 files, turned from LPS to RAS."""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from tmsguide.errors import InputError
from tmsguide.io.documents import missing, one_line, read_bytes

if TYPE_CHECKING:
    from pathlib import Path

    Floats: TypeAlias = NDArray[np.float64]

__all__ = ["Displacements", "Step", "itk_steps"]

#: Largest displacement field read: every voxel of a 0.5 mm MNI template (364 x 436 x 364).
LARGEST_VOXELS = 64_000_000
_MOST_NUMBERS = 64
_LPS = np.array([-1.0, -1.0, 1.0])
_FLIP = np.diag([-1.0, -1.0, 1.0, 1.0])
_TEXT = "#Insight Transform File"
_AGAIN = "copy it again, or run the program that wrote it again"
_MATRIX = ("AffineTransform", "MatrixOffsetTransformBase", "Rigid3DTransform")
_FIELD = "DisplacementFieldTransform"


@dataclass(frozen=True, slots=True, eq=False)
class Displacements:
    """Shifts (X, Y, Z, 3) float32 mm in RAS, on a grid placed by ``world_from_voxel`` (4, 4)."""

    shift_mm: NDArray[np.float32]
    world_from_voxel: Floats


#: One map of a chain: a (4, 4) matrix or a field of displacements, both in RAS.
Step: TypeAlias = NDArray[np.float64] | Displacements


def itk_steps(path: Path) -> list[Step]:
    """Give the maps that a point meets, first to last: (4, 4) RAS matrices and displacements.

    ITK stores a composite back to front: the last map of the file is applied first
    (itk::CompositeTransform).

    Raises
    ------
    InputError
        Missing or damaged, a kind of transform that is not known, or far too large.
    """
    try:
        with path.open("rb") as stream:
            start = stream.read(32)
    except (OSError, ValueError) as error:
        raise missing(path, error) from error
    if start.startswith(b"\x89HDF\r\n\x1a\n"):
        return _hdf5(path)
    if start.startswith(_TEXT.encode()):
        return _text(path)
    return _matlab(path)


def _hdf5(path: Path) -> list[Step]:
    import h5py  # type: ignore[import-untyped]

    try:
        with h5py.File(path, "r") as file:
            group = file["TransformGroup"]
            names = sorted(group, key=int)
            if not names:
                raise _damaged(path, "it holds no transform")
            steps = [step for name in names if (step := _hdf5_step(group[name], path)) is not None]
    except (OSError, KeyError, ValueError, TypeError, RuntimeError, AttributeError) as error:
        raise _damaged(path, error) from error
    return steps[::-1]


def _hdf5_step(stored: Any, path: Path) -> Step | None:
    kind = _kind(stored["TransformType"][()].ravel()[0])
    if kind == "CompositeTransform":  # says only that others follow
        return None
    # files of ITK before 4.8 spell the names without the s
    word = "Transform" if "TransformParameters" in stored else "Tranform"
    numbers, fixed = stored[f"{word}Parameters"], stored[f"{word}FixedParameters"]
    if fixed.size > _MOST_NUMBERS:
        raise _damaged(path, f"{fixed.size} fixed parameters")
    placed = np.asarray(fixed[()], np.float64)
    if kind == _FIELD:
        return _displacements(numbers, placed, path)
    if numbers.size > _MOST_NUMBERS:
        raise _damaged(path, f"{numbers.size} parameters of a linear map")
    return _linear(kind, np.asarray(numbers[()], np.float64), placed, path=path)


def _displacements(stored: Any, fixed: Floats, path: Path) -> Displacements:
    if fixed.size != 18 or not np.isfinite(fixed).all() or fixed[:3].min() < 1:
        raise _damaged(path, "the grid of its displacement field makes no sense")
    shape = tuple(int(n) for n in fixed[:3])
    count = int(np.prod(shape, dtype=object))
    if count > LARGEST_VOXELS:
        raise InputError(
            f"{one_line(path)} holds a displacement field of {shape[0]} x {shape[1]} x {shape[2]} "
            f"voxels; at most {LARGEST_VOXELS / 1e6:g} million are read; give a coarser one"
        )
    if stored.size != 3 * count:
        raise _damaged(path, f"{stored.size} displacements for {count} voxels")
    numbers = np.asarray(stored[()], np.float32).reshape(*shape[::-1], 3)
    if not np.isfinite(numbers).all():
        raise _damaged(path, "its displacements hold NaN or infinity")
    # ITK: x fastest among voxels, the three components fastest of all
    shift = np.ascontiguousarray(numbers.transpose(2, 1, 0, 3)) * _LPS.astype(np.float32)
    world = np.eye(4)
    world[:3, :3] = fixed[9:].reshape(3, 3) * fixed[6:9]
    world[:3, 3] = fixed[3:6]
    if abs(np.linalg.det(world[:3, :3])) < 1e-9:
        raise _damaged(path, "the grid of its displacement field is flat")
    return Displacements(shift, _FLIP @ world)


def _text(path: Path) -> list[Step]:
    kinds: list[tuple[str, dict[str, Floats]]] = []
    for line in read_bytes(path).decode("utf-8", errors="replace").splitlines():
        key, _, value = line.partition(":")
        if key.strip() == "Transform":
            kinds.append((_kind(value), {}))
        elif key.strip() in ("Parameters", "FixedParameters") and kinds:
            kinds[-1][1][key.strip()] = _numbers(value, path)
    composite = bool(kinds) and kinds[0][0] == "CompositeTransform"
    linear = kinds[1:] if composite else kinds
    if not linear or (len(linear) > 1 and not composite):
        raise InputError(
            f"{one_line(path)} holds {len(linear)} transforms side by side (head motion has one "
            "per volume); needed a single map between two images; give that file"
        )
    none = np.zeros(0)
    steps: list[Step] = [
        _linear(kind, had.get("Parameters", none), had.get("FixedParameters", none), path=path)
        for kind, had in linear
    ]
    return steps[::-1]


def _matlab(path: Path) -> list[Step]:
    from scipy.io import loadmat

    data = read_bytes(path)
    try:
        table = loadmat(BytesIO(data))
    except Exception as error:  # scipy raises many kinds on bytes that are no MATLAB file
        raise InputError(
            f"{one_line(path)} is no transform that is known; needed one of ITK or ANTs (.txt, "
            ".mat, .h5), FreeSurfer (.lta, .xfm) or FSL (.mat)"
        ) from error
    kinds = [name for name in table if name.endswith("_3_3")]
    if len(kinds) != 1:
        raise _damaged(path, "it holds no single three-dimensional transform")
    numbers = np.asarray(table[kinds[0]], np.float64).ravel()
    fixed = np.asarray(table.get("fixed", ()), np.float64).ravel()
    return [_linear(_kind(kinds[0]), numbers, fixed, path=path)]


def _linear(kind: str, numbers: Floats, fixed: Floats, *, path: Path) -> Floats:
    """Give the RAS matrix of a linear ITK transform: M (x - c) + c + t in LPS."""
    wanted = {"Euler3DTransform": 6, "VersorRigid3DTransform": 6, "TranslationTransform": 3}
    wanted |= dict.fromkeys(_MATRIX, 12)
    if kind == "IdentityTransform":
        return np.eye(4)
    if kind not in wanted:
        raise InputError(
            f"{one_line(path)} holds a {one_line(kind)}, which is not read; needed an affine or "
            "rigid transform, or a displacement field"
        )
    if numbers.size != wanted[kind] or not np.isfinite([*numbers, *fixed]).all():
        raise _damaged(path, f"{numbers.size} parameters of a {kind}")
    turn = np.eye(3)
    if kind in _MATRIX:
        turn = numbers[:9].reshape(3, 3)
    elif kind == "Euler3DTransform":
        turn = _euler(numbers[:3], z_first=fixed.size > 3 and fixed[3] != 0)
    elif kind == "VersorRigid3DTransform":
        turn = _versor(numbers[:3])
    centre = fixed[:3] if fixed.size >= 3 else np.zeros(3)
    matrix = np.eye(4)
    matrix[:3, :3] = turn
    matrix[:3, 3] = numbers[-3:] + centre - turn @ centre
    if abs(np.linalg.det(turn)) < 1e-9:
        raise _damaged(path, "its matrix is flat (determinant 0)")
    return np.asarray(_FLIP @ matrix @ _FLIP, np.float64)


def _euler(angles: Floats, *, z_first: bool) -> Floats:
    (cx, cy, cz), (sx, sy, sz) = np.cos(angles), np.sin(angles)
    x = np.array([[1, 0, 0], [0, cx, -sx], [0, sx, cx]])
    y = np.array([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]])
    z = np.array([[cz, -sz, 0], [sz, cz, 0], [0, 0, 1]])
    turned: Floats = z @ y @ x if z_first else z @ x @ y  # itk::Euler3DTransform
    return turned


def _versor(v: Floats) -> Floats:
    x, y, z = v
    w = np.sqrt(max(0.0, 1 - float(v @ v)))
    return np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
            [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
            [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
        ]
    )


def _kind(stored: Any) -> str:
    word = stored.decode("ascii", errors="replace") if isinstance(stored, bytes) else str(stored)
    return word.strip().partition("_")[0]


def _numbers(words: str, path: Path) -> Floats:
    try:
        return np.array([float(word) for word in words.split()])
    except ValueError as error:
        raise _damaged(path, error) from error


def _damaged(path: Path, why: object) -> InputError:
    return InputError(f"{one_line(path)} is a damaged transform ({one_line(why)}); {_AGAIN}")
