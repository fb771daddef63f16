"""A person's own cortex in fMRIPrep's output, and the fsaverage spheres to reach it by."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tmsguide.errors import InputError
from tmsguide.io.bids.participants import natural_key
from tmsguide.io.documents import one_line
from tmsguide.io.heads.freesurfer_surfaces import SPHERE, midway
from tmsguide.io.surfaces.gifti import read_surface_gifti
from tmsguide.io.templates import bundled

if TYPE_CHECKING:
    from pathlib import Path

    from tmsguide.model import Frame, Surface

__all__ = [
    "fsaverage5_sphere",
    "own_cortex_files",
    "own_fslr_files",
    "own_sphere_files",
    "read_own_cortex",
    "read_own_fslr",
    "read_own_spheres",
]

_SIDES = {"left": "L", "right": "R"}


def read_own_fslr(root: Path, *, frame: Frame) -> dict[str, Surface]:
    """Give the person's midthickness on the 32k fsLR mesh, ``left`` and ``right``.

    ``root`` is ``sub-<label>`` of fMRIPrep's output; the files are
    ``*_hemi-L_space-fsLR_den-32k_midthickness.surf.gii`` in the person's T1w coordinates.

    Raises
    ------
    InputError
        They are not there: without them CIFTI data have no place in this person's head.
    """
    paths = zip(_SIDES, own_fslr_files(root), strict=True)
    return {side: read_surface_gifti(path, frame=frame) for side, path in paths}


def own_fslr_files(root: Path) -> tuple[Path, ...]:
    """Give the files that `read_own_fslr` reads, left and right; refusals as there."""
    end = "space-fsLR_den-32k_midthickness.surf.gii"
    return tuple(_one(root, f"*hemi-{hemi}_{end}") for hemi in _SIDES.values())


def read_own_cortex(root: Path, *, frame: Frame) -> dict[str, Surface]:
    """Give the person's midthickness on the native mesh, ``left`` and ``right``.

    ``*_hemi-L_midthickness.surf.gii``, else half-way from ``white`` (before fMRIPrep 21
    ``smoothwm``) to ``pial``.

    Raises
    ------
    InputError
        The surfaces are not there.
    """
    return {side: _sheet(root, hemi, frame) for side, hemi in _SIDES.items()}


def own_cortex_files(root: Path) -> tuple[Path, ...]:
    """Give the files that `read_own_cortex` reads; refusals as there."""
    return tuple(path for hemi in _SIDES.values() for path in _sheet_files(root, hemi))


def _sheet_files(root: Path, hemi: str) -> tuple[Path, ...]:
    middle = _found(root, f"*hemi-{hemi}_midthickness.surf.gii")
    if middle is not None:
        return (middle,)
    white = _found(root, f"*hemi-{hemi}_white.surf.gii") or _one(
        root, f"*hemi-{hemi}_smoothwm.surf.gii"
    )
    return white, _one(root, f"*hemi-{hemi}_pial.surf.gii")


def _sheet(root: Path, hemi: str, frame: Frame) -> Surface:
    sheets = [read_surface_gifti(path, frame=frame) for path in _sheet_files(root, hemi)]
    return sheets[0] if len(sheets) == 1 else midway(*sheets)


def read_own_spheres(root: Path) -> dict[str, Surface]:
    """Give the person's registration to fsaverage on the native mesh, ``left`` and ``right``.

    ``*_hemi-L_space-fsaverage_desc-reg_sphere.surf.gii`` (fMRIPrep 23.1 without the space).

    Raises
    ------
    InputError
        They are not there (before fMRIPrep 23.1 only FreeSurfer's folder has them).
    """
    paths = zip(_SIDES, own_sphere_files(root), strict=True)
    return {side: read_surface_gifti(path, frame=SPHERE) for side, path in paths}


def own_sphere_files(root: Path) -> tuple[Path, ...]:
    """Give the files that `read_own_spheres` reads, left and right; refusals as there."""
    return tuple(
        _found(root, f"*hemi-{hemi}_space-fsaverage_desc-reg_sphere.surf.gii")
        or _one(root, f"*hemi-{hemi}_desc-reg_sphere.surf.gii")
        for hemi in _SIDES.values()
    )


def fsaverage5_sphere(side: str) -> Surface:
    """Give the fsaverage5 sphere of one hemisphere (10,242 vertices), as nilearn bundles it."""
    return read_surface_gifti(bundled(f"fsaverage5/sphere_{side}.gii.gz"), frame=SPHERE)


def _found(root: Path, pattern: str) -> Path | None:
    """Give the surface in ``anat`` or ``ses-*/anat`` (the first session's)."""
    for folder in (
        root / "anat",
        *sorted(root.glob("ses-*/anat"), key=lambda p: natural_key(str(p))),
    ):
        paths = sorted(folder.glob(pattern), key=lambda p: (len(p.name), p.name))
        if paths:
            return paths[0]
    return None


def _one(root: Path, pattern: str) -> Path:
    path = _found(root, pattern)
    if path is None:
        raise InputError(
            f"{one_line(root)} lacks anat/{pattern.removeprefix('*')}; needed the person's own "
            "surfaces, as template coordinates are not the person's; run fMRIPrep with surfaces "
            "(without --fs-no-reconall), for fsLR with --cifti-output 91k or --output-spaces fsLR"
        )
    return path
