"""Where a NIfTI header puts its voxels: the q-form and s-form, checked against each other.

Left and right rest on these two 4x4 matrices. An axis stored right-to-left (LAS) is ordinary
NIfTI and accepted. What is refused is a header that says two things, or nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tmsguide.errors import InputError

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["world_from_voxel"]

#: Two forms may differ by this over the volume: below the precision of any navigator.
AGREE_MM = 0.5
#: Largest |cosine| between voxel axes: 0.5 mm over a 250 mm head.
SHEAR = 2e-3
SMALLEST_MM, LARGEST_MM = 0.2, 10.0
_AGAIN = "export the scan again from DICOM with dcm2niix"


def world_from_voxel(
    raw: Any, shape: tuple[int, ...], name: str
) -> tuple[str, int, NDArray[np.float64]]:
    """Give (form, code, frame_from_voxel) of a nibabel NIfTI header.

    ``form`` is "Q" where the q-form has a code, else "S"; ``frame_from_voxel`` (4, 4) is the
    s-form where it has a code, else the q-form, in RAS+ millimetres.

    Raises
    ------
    InputError
        No form has a code; the two disagree (mirrored, or over 0.5 mm); a matrix is singular,
        sheared or has voxels outside 0.2 to 10 mm; the units are not millimetres.
    """
    _millimetres(raw, name)
    q_code, s_code = int(raw["qform_code"]), int(raw["sform_code"])
    if q_code <= 0 and s_code <= 0:
        raise InputError(
            f"{name} has no orientation (q-form code {q_code}, s-form code {s_code}), so left and "
            f"right are unknown; {_AGAIN}"
        )
    q = _qform(raw, name) if q_code > 0 else None
    s = _sform(raw, name) if s_code > 0 else None
    if q is not None and s is not None:
        _agree(q, s, shape, name)
    affine = s if s is not None else q
    if affine is None:
        raise AssertionError
    return ("Q", q_code, affine) if q_code > 0 else ("S", s_code, affine)


def _millimetres(raw: Any, name: str) -> None:
    unit = {1: "metres", 3: "micrometres"}.get(int(raw["xyzt_units"]) & 0x07)
    if unit:
        raise InputError(f"{name} gives positions in {unit}; needed millimetres; {_AGAIN}")


def _qform(raw: Any, name: str) -> NDArray[np.float64]:
    b, c, d = (float(raw[key]) for key in ("quatern_b", "quatern_c", "quatern_d"))
    zooms = _floats(raw["pixdim"][1:4])
    a2 = 1 - (b * b + c * c + d * d)
    if not np.isfinite([b, c, d, *zooms]).all() or a2 < -1e-5 or (zooms <= 0).any():
        raise InputError(f"{name} has an impossible q-form quaternion or voxel size; {_AGAIN}")
    a = np.sqrt(max(a2, 0.0))
    rotation = np.array(
        [
            [a * a + b * b - c * c - d * d, 2 * (b * c - a * d), 2 * (b * d + a * c)],
            [2 * (b * c + a * d), a * a + c * c - b * b - d * d, 2 * (c * d - a * b)],
            [2 * (b * d - a * c), 2 * (c * d + a * b), a * a + d * d - b * b - c * c],
        ]
    )
    qfac = -1.0 if float(raw["pixdim"][0]) < 0 else 1.0  # 0 counts as 1 (nifti1.h)
    affine = np.eye(4)
    affine[:3, :3] = rotation * zooms * [1, 1, qfac]
    affine[:3, 3] = [float(raw[key]) for key in ("qoffset_x", "qoffset_y", "qoffset_z")]
    return _sound(affine, "q-form", name)


def _sform(raw: Any, name: str) -> NDArray[np.float64]:
    affine = np.eye(4)
    affine[:3] = [_floats(raw[key]) for key in ("srow_x", "srow_y", "srow_z")]
    return _sound(affine, "s-form", name)


def _floats(stored: Any) -> NDArray[np.float64]:
    # one by one: an array cast warns about signalling NaN, which a damaged header may hold
    return np.array([float(v) for v in stored])


def _sound(affine: NDArray[np.float64], form: str, name: str) -> NDArray[np.float64]:
    if not np.isfinite(affine).all() or np.abs(affine).max() > 1e5:
        raise InputError(f"{name} has NaN, infinite or huge numbers in its {form}; {_AGAIN}")
    voxel_mm = np.linalg.norm(affine[:3, :3], axis=0)
    if voxel_mm.min() < SMALLEST_MM or voxel_mm.max() > LARGEST_MM:
        raise InputError(
            f"{name} has voxels of {_numbers(voxel_mm)} mm by its {form}; needed {SMALLEST_MM:g} "
            f"to {LARGEST_MM:g} mm; check the units, or {_AGAIN}"
        )
    axes = affine[:3, :3] / voxel_mm
    shear = np.abs(axes.T @ axes - np.eye(3)).max()
    if shear > SHEAR:
        raise InputError(
            f"{name} has a sheared {form} (voxel axes {np.degrees(np.arcsin(min(shear, 1))):.2f} "
            "degrees off square), which no navigator can follow; resample the scan onto a square "
            f"grid, or {_AGAIN}"
        )
    return affine


def _agree(
    q: NDArray[np.float64], s: NDArray[np.float64], shape: tuple[int, ...], name: str
) -> None:
    mirrored = [np.linalg.det(m[:3, :3]) < 0 for m in (q, s)]
    if mirrored[0] != mirrored[1]:
        raise InputError(
            f"{name}: its q-form reads {_letters(q)} and its s-form {_letters(s)}, one a mirror "
            f"image of the other, so left and right would swap; {_AGAIN}"
        )
    corners = np.array(list(np.ndindex(2, 2, 2))) * (np.asarray(shape) - 1.0)
    gap_mm = np.linalg.norm(corners @ (q - s)[:3, :3].T + (q - s)[:3, 3], axis=1).max()
    if gap_mm > AGREE_MM:
        raise InputError(
            f"{name}: its q-form ({_letters(q)}, origin {_numbers(q[:3, 3])} mm) and its s-form "
            f"({_letters(s)}, origin {_numbers(s[:3, 3])} mm) disagree by up to {gap_mm:.2f} mm; "
            "make them equal, keeping the one that fits the scanner"
        )


def _letters(affine: NDArray[np.float64]) -> str:
    """Name the direction in which each voxel axis runs, such as LAS."""
    main = np.abs(affine[:3, :3]).argmax(axis=0)
    return "".join("LPI"[r] if affine[r, i] < 0 else "RAS"[r] for i, r in enumerate(main))


def _numbers(values: NDArray[np.float64]) -> str:
    return " ".join(f"{v:.4g}" for v in values)
