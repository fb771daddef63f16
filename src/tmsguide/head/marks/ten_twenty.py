"""The 10-20 positions on a scalp and their 10-10 extension, by the rule itself."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

import numpy as np

from tmsguide.errors import FrameError, GeometryError, InputError
from tmsguide.head.marks.tape import tape
from tmsguide.model import Landmarks, Points

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tmsguide.model import Surface

    Floats = NDArray[np.float64]
    Places = dict[str, Floats]

__all__ = ["FIDUCIALS", "Grid", "ten_twenty"]

FIDUCIALS = ("Nz", "Iz", "LPA", "RPA")
#: From nasion to inion and from ear to ear, at tenths of the tape.
MIDLINE = ("Fpz", "AFz", "Fz", "FCz", "Cz", "CPz", "Pz", "POz", "Oz")
CROWN = ("T7", "C5", "C3", "C1", "Cz", "C2", "C4", "C6", "T8")
#: From Fpz to Oz round the left and the right, at tenths.
LEFT = ("Fp1", "AF7", "F7", "FT7", "T7", "TP7", "P7", "PO7", "O1")
RIGHT = ("Fp2", "AF8", "F8", "FT8", "T8", "TP8", "P8", "PO8", "O2")
#: Across the head: three names of the left half at quarters from side to midline, then the right.
ROWS = {
    ("AF7", "AFz", "AF8"): (("", "AF3", ""), ("", "AF4", "")),
    ("F7", "Fz", "F8"): (("F5", "F3", "F1"), ("F6", "F4", "F2")),
    ("FT7", "FCz", "FT8"): (("FC5", "FC3", "FC1"), ("FC6", "FC4", "FC2")),
    ("TP7", "CPz", "TP8"): (("CP5", "CP3", "CP1"), ("CP6", "CP4", "CP2")),
    ("P7", "Pz", "P8"): (("P5", "P3", "P1"), ("P6", "P4", "P2")),
    ("PO7", "POz", "PO8"): (("", "PO3", ""), ("", "PO4", "")),
}
SETTLED_MM = 0.01
UNSEEN_MM = 10.0  # of a landmark carried from the template that the image does not show; assumed
STEP_MM = 2.0  # by which landmarks are moved to see what their error does


class Grid(Enum):
    """Which positions, in the order they are given."""

    TEN_TWENTY = "Fp1 Fpz Fp2 F7 F3 Fz F4 F8 T7 C3 Cz C4 T8 P7 P3 Pz P4 P8 O1 Oz O2"  # 21
    TEN_TEN = (
        "Fp1 Fpz Fp2 AF7 AF3 AFz AF4 AF8 F7 F5 F3 F1 Fz F2 F4 F6 F8 "
        "FT7 FC5 FC3 FC1 FCz FC2 FC4 FC6 FT8 T7 C5 C3 C1 Cz C2 C4 C6 T8 "
        "TP7 CP5 CP3 CP1 CPz CP2 CP4 CP6 TP8 P7 P5 P3 P1 Pz P2 P4 P6 P8 "
        "PO7 PO3 POz PO4 PO8 O1 Oz O2"
    )

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the positions; odd numbers are left, even ones right, z the midline."""
        return tuple(self.value.split())


def ten_twenty(scalp: Surface, landmarks: Landmarks, grid: Grid = Grid.TEN_TWENTY) -> Landmarks:
    """Give the positions of the 10-20 or 10-10 system on a scalp, measured as with a tape.

    Tapes lie taut in planes: nasion over Cz to inion and ear over Cz to ear (tenths; Cz halves
    both, found by turns), from Fpz round T7 or T8 to Oz (tenths), and across the head (quarters
    between its side and the midline). The row of ears and cheeks (F9, T9, A1...) is left out.

    Parameters
    ----------
    scalp
        Closed surface in the landmarks' frame.
    landmarks
        Nz, Iz, LPA and RPA, as `find_landmarks` gives them.

    Returns
    -------
    Landmarks
        On the scalp; ``uncertainty_mm`` follows from that of the landmarks. A landmark that the
        image does not show counts with 10 mm.

    Raises
    ------
    InputError, FrameError, GeometryError
        A landmark is missing, in another frame, or no such head.

    References
    ----------
    Jasper 1958, DOI 10.1016/0013-4694(58)90053-1; Jurcak 2007,
    DOI 10.1016/j.neuroimage.2006.09.024.
    """
    fixed = _fiducials(scalp, landmarks)
    places = _placed(scalp, fixed, None)
    names = grid.names
    at = np.stack([places[name] for name in names])
    variance = np.zeros(len(names))
    for name in FIDUCIALS:
        spread = float(landmarks.uncertainty_mm[landmarks.names.index(name)])
        if spread == 0.0:
            continue
        spread = spread if np.isfinite(spread) else UNSEEN_MM
        for way in _along_skin(fixed, name):
            moved = _placed(scalp, fixed | {name: fixed[name] + STEP_MM * way}, places["Cz"])
            shift = np.stack([moved[n] for n in names]) - at
            # the landmark's error is shared by the two directions along the skin
            variance += (shift**2).sum(axis=1) / STEP_MM**2 * spread**2 / 2
    return Landmarks(names, Points(at, scalp.vertices.frame), np.sqrt(variance))


def _fiducials(scalp: Surface, landmarks: Landmarks) -> Places:
    """Give the four landmarks, checked."""
    if landmarks.points.frame != scalp.vertices.frame:
        raise FrameError(
            f"landmarks are in {landmarks.points.frame.name}, the scalp in "
            f"{scalp.vertices.frame.name}; map them to the scalp's frame first"
        )
    absent = [name for name in FIDUCIALS if name not in landmarks.names]
    if absent:
        raise InputError(
            f"10-20 positions need {', '.join(FIDUCIALS)}; {', '.join(absent)} not among "
            f"{', '.join(landmarks.names)}"
        )
    return {name: landmarks.at(name) for name in FIDUCIALS}


def _placed(scalp: Surface, fixed: Places, near: Floats | None) -> Places:
    """Give every 10-10 position; ``near`` is where to start looking for Cz."""
    cz = _top(scalp, fixed) if near is None else near
    for _ in range(30):
        crown = tape(scalp, fixed["LPA"], cz, fixed["RPA"])
        sagittal = tape(scalp, fixed["Nz"], crown.scalp(np.array([0.5]))[0], fixed["Iz"])
        last, cz = cz, sagittal.scalp(np.array([0.5]))[0]
        if np.linalg.norm(cz - last) < SETTLED_MM:
            break
    else:
        raise GeometryError(
            "no place halves both tapes, nasion to inion and ear to ear; check that Nz, Iz, LPA "
            "and RPA are where their names say"
        )
    tenths = np.arange(1, 10) / 10
    out = dict(zip(MIDLINE, sagittal.scalp(tenths), strict=True))
    out |= dict(zip(CROWN, crown.scalp(tenths), strict=True)) | {"Cz": cz}
    for side in (LEFT, RIGHT):
        ring = tape(scalp, out["Fpz"], out[side[4]], out["Oz"]).scalp(tenths)
        out |= {name: at for name, at in zip(side, ring, strict=True) if name != side[4]}
    for (left, middle, right), (lefts, rights) in ROWS.items():
        row = tape(scalp, out[left], out[middle], out[right])
        half = row.fraction(out[middle])
        quarters = np.arange(1, 4) / 4
        there = row.scalp(np.concatenate([half * quarters, 1 - (1 - half) * quarters]))
        out |= {n: at for n, at in zip(lefts + rights, there, strict=True) if n}
    return out


def _top(scalp: Surface, fixed: Places) -> Floats:
    """Give the scalp point farthest above the plane of nasion and ears, to start from."""
    normal = np.cross(fixed["LPA"] - fixed["Nz"], fixed["RPA"] - fixed["Nz"])
    if not np.linalg.norm(normal) > 100.0:
        raise GeometryError("Nz, LPA and RPA lie on one line; check where they are")
    xyz = scalp.vertices.xyz_mm
    return np.asarray(xyz[np.argmax((xyz - fixed["Nz"]) @ normal)])


def _along_skin(fixed: Places, name: str) -> Floats:
    """Give two unit directions (2, 3) across the way from the head's middle to a landmark."""
    middle = np.mean([fixed[n] for n in FIDUCIALS], axis=0)
    out = fixed[name] - middle
    _, _, rows = np.linalg.svd(out[None] / np.linalg.norm(out))
    return np.asarray(rows[1:])
