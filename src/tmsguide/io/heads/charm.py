"""A SimNIBS head folder (m2m_<subject>): tissue labels, maps to MNI, mesh and positions."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from tmsguide.errors import InputError
from tmsguide.io.documents import one_line
from tmsguide.io.heads.charm_maps import check_round_trip, read_position_map
from tmsguide.io.heads.eeg_positions import read_eeg_positions
from tmsguide.io.images.nifti import check_t1w, read_t1w, read_volume
from tmsguide.model import Frame, Points, Tissue, Volume

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from tmsguide.model import Anatomy, Landmarks, Warp

__all__ = ["CHARM_MNI", "CharmHead", "is_charm", "read_charm"]

#: SimNIBS names its template MNI152_T1_1mm, FSL's name for this space. That charm's atlas lies in
#: exactly this one of the MNI spaces is unverified; they differ by 1 to 3 mm.
CHARM_MNI = Frame("MNI152NLin6Asym")

_LABELS = ("final_tissues.nii.gz", "label_prep/tissue_labeling_upsampled.nii.gz")
#: SimNIBS 3 (headreco, mri2mesh) left these in m2m_<subject>; %s is the subject.
_OLD = ("T1fs_conform.nii.gz", "%s_T1fs_conform.nii.gz", "%s_final_contr.nii.gz")
#: Air pockets, from the tag 1099 of their surface.
_AIR_POCKETS = 99
_CAPS = 64


@dataclass(frozen=True, slots=True, eq=False)
class CharmHead:
    """What charm leaves of one head, in its T1's world, which is that of the scan it was given.

    ``anatomy`` on the grid of the labels; ``mni_from_t1w`` and ``t1w_from_mni`` lead to and from
    `CHARM_MNI`; ``mesh`` is the .msh file, None where it is not there; ``positions`` are the
    electrode caps and fiducials of ``eeg_positions/`` by file name.
    """

    anatomy: Anatomy
    mni_from_t1w: Warp
    t1w_from_mni: Warp
    mesh: Path | None
    positions: Mapping[str, Landmarks] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def is_charm(folder: Path) -> bool:
    """Tell whether ``folder`` is a head folder of SimNIBS, of any version."""
    return folder.is_dir() and folder.name.startswith("m2m_")


def read_charm(folder: Path, *, frame: Frame) -> CharmHead:
    """Read ``m2m_<subject>`` of SimNIBS 4 in ``frame``, the person's T1w frame.

    Raises
    ------
    InputError
        No such folder, a folder of SimNIBS 3, a missing or damaged piece, or pieces of two heads.
    QualityError
        The labels hold no brain worth the name.

    References
    ----------
    Puonti et al. 2020, NeuroImage 219:117044, doi:10.1016/j.neuroimage.2020.117044 (charm);
    SimNIBS manual, "charm", "Coordinates in SimNIBS" (world of m2m_<subject>/T1.nii.gz).
    """
    # only here: the room of heads brings numba along, which reading a table should not
    from tmsguide.head.tissues.merging import anatomy_from_labels

    subject = _subject(folder)
    t1w = read_t1w(_needed(folder, "T1.nii.gz"), frame=frame).volume
    labels_path = next((folder / name for name in _LABELS if (folder / name).exists()), None)
    labels = _labels(labels_path or _needed(folder, _LABELS[0]), frame)
    notes = (
        ()
        if labels_path == folder / _LABELS[0]
        else ("final_tissues.nii.gz is not there; the labels before meshing are used",)
    )
    anatomy = anatomy_from_labels(t1w, labels, labelled_by="SimNIBS charm")
    there = read_position_map(
        _needed(folder, "toMNI/Conform2MNI_nonl.nii.gz"), source=frame, target=CHARM_MNI
    )
    back = read_position_map(
        _needed(folder, "toMNI/MNI2Conform_nonl.nii.gz"), source=CHARM_MNI, target=frame
    )
    _check_way(there, back, t1w, folder)
    check_round_trip(there, back, _some_brain(anatomy), f"{one_line(folder)}/toMNI")
    positions, odd = _positions(folder / "eeg_positions", frame)
    mesh = folder / f"{subject}.msh"
    return CharmHead(
        anatomy=anatomy,
        mni_from_t1w=there,
        t1w_from_mni=back,
        mesh=mesh if mesh.is_file() else None,
        positions=positions,
        notes=notes + odd,
    )


def _subject(folder: Path) -> str:
    subject = folder.resolve().name.removeprefix("m2m_")
    if not is_charm(folder):
        raise InputError(
            f"{one_line(folder)} is no head folder of SimNIBS; needed m2m_<subject>, as charm "
            "writes it"
        )
    old = [name % subject if "%" in name else name for name in _OLD]
    if not (folder / "T1.nii.gz").exists() and any((folder / name).exists() for name in old):
        raise InputError(
            f"{one_line(folder)} is of SimNIBS 3 (headreco or mri2mesh), whose head lies in a "
            "conformed space that need not be the scan's; run charm of SimNIBS 4, or give the T1w "
            "alone"
        )
    return subject


def _needed(folder: Path, name: str) -> Path:
    path = folder / name
    if not (path.exists() or path.is_symlink()):
        raise InputError(
            f"{one_line(folder)} lacks {name}; copy the whole folder, or let charm run to its end"
        )
    return path


def _labels(path: Path, frame: Frame) -> Volume:
    check_t1w(path)
    volume = read_volume(path, frame=frame)
    whole = np.rint(volume.data)
    whole[whole == _AIR_POCKETS] = Tissue.AIR
    odd = np.unique(whole[(whole < 0) | (whole > max(Tissue))])
    if len(odd) or np.abs(whole - volume.data)[volume.data < _AIR_POCKETS].max() > 1e-3:
        listed = ", ".join(f"{v:g}" for v in odd[:8]) or "fractions"
        raise InputError(
            f"{one_line(path)} holds labels that are no tissue: {listed}; needed SimNIBS' "
            "numbers, 1 (WM) to 10 (muscle)"
        )
    return Volume(whole.astype(np.uint8), volume.frame_from_voxel, frame)


def _check_way(there: Warp, back: Warp, t1w: Volume, folder: Path) -> None:
    """Refuse maps under each other's name: the one from the T1w lies on the T1's grid."""

    def on_t1w(warp: Warp) -> bool:
        same = np.allclose(warp.source_from_voxel, t1w.frame_from_voxel, atol=0.01)
        return bool(same) and warp.displacement_mm.shape[:3] == t1w.data.shape

    if on_t1w(back) and not on_t1w(there):
        raise InputError(
            f"{one_line(folder)}/toMNI has Conform2MNI and MNI2Conform under each other's name, "
            "as a preview of SimNIBS 4 wrote them; run charm of a release"
        )


def _some_brain(anatomy: Anatomy) -> Points:
    """Give some 2,000 places of the brain."""
    at = np.argwhere(np.asarray(anatomy.brain_mask.data))
    m = anatomy.brain_mask.frame_from_voxel
    return Points(at[:: max(1, len(at) // 2000)] @ m[:3, :3].T + m[:3, 3], anatomy.t1w.frame)


def _positions(folder: Path, frame: Frame) -> tuple[dict[str, Landmarks], tuple[str, ...]]:
    """Give the caps that can be read, and words about those that cannot: none of them is vital."""
    found, notes = {}, []
    for path in sorted(folder.glob("*.csv"))[:_CAPS]:
        try:
            found[path.stem] = read_eeg_positions(path, frame=frame)
        except InputError as error:
            notes.append(f"positions left out: {error}")
    return found, tuple(notes)
