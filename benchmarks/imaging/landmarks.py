"""Landmarks of brain and scalp: where our maps put them, and where they are."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from tmsguide.engines import correct_bias, register_deformable, register_linear
from tmsguide.head import head_prior, normalise, scalp_surface, segment
from tmsguide.head.marks.landmarks import find_landmarks
from tmsguide.head.marks.sidedness import Hemisphere, SideVerdict, sidedness
from tmsguide.head.marks.ten_twenty import ten_twenty
from tmsguide.io import mni_maps, mni_surfaces
from tmsguide.model import MNI, Anatomy, AnatomySettings, Frame, Points, Tissue, Volume
from tmsguide.phantom import PhantomSettings, person

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from tmsguide.phantom import Phantom

    Floats = NDArray[np.float64]
    Map = Callable[[Points], Points]

__all__ = ["measure"]

HERE = Path(__file__).parent
COLIN = HERE.resolve().parents[1].parent / "shared" / "data" / "heads" / "mcx" / "colin27_v3.mat"
# the default head at 1 mm; the functional scan is not looked at, so it is as short as may be
PERSON = replace(PhantomSettings.small(), t1w_mm=1.0, n_volumes=60)
PEOPLE = 3


def measure(*, quick: bool, say: Callable[[str], None]) -> dict[str, float]:
    """Give errors in mm of brain and scalp landmarks, and how often sides were told wrongly.

    ``quick`` takes one coarse generated person. The full run takes three and, where the shared
    data are present, Colin27, whose labels (drawn as greys) are carried to the template and whose
    landmarks raters placed.
    """
    brain: list[Floats] = []
    skin: list[Floats] = []
    grid: list[Floats] = []
    sides: list[tuple[SideVerdict, SideVerdict]] = []
    for seed in range(1 if quick else PEOPLE):
        say(f"landmarks of generated person {seed}")
        given = _person(seed, quick=quick)
        anatomy, back = _analysed(given.t1w, quick=quick)
        brain.append(_brain_error(back, given.native_from_mni))
        marks, places = _scalp_errors(given, anatomy, back)
        skin.append(marks)
        grid.append(places)
        # a generated head is symmetric: any verdict is wrong
        sides.append((_side(anatomy, back), SideVerdict.CANNOT_TELL))
    out = {
        "mni_landmark_error_mm": float(np.mean(brain)),
        "mni_landmark_error_max_mm": float(np.max(brain)),
        "scalp_fiducial_error_mm": float(np.mean(skin)),
        "ten_twenty_error_mm": float(np.mean(grid)),
    }
    if not quick and COLIN.exists():
        say("landmarks of Colin27")
        errors, found = _colin()
        out["mni_landmark_error_colin27_mm"] = float(errors.mean())
        out["mni_landmark_error_colin27_max_mm"] = float(errors.max())
        sides.append((found, SideVerdict.AS_LABELLED))
    out["sides_wrong"] = sum(_wrong(found, true) for found, true in sides)
    return {key: round(value, 2) for key, value in out.items()}


def _person(seed: int, *, quick: bool) -> Phantom:
    settings = replace(PERSON, t1w_mm=2.0) if quick else PERSON
    return person(*mni_maps(), label="bench", rng=np.random.default_rng(seed), settings=settings)


def _analysed(t1w: Volume, *, quick: bool) -> tuple[Anatomy, Map]:
    """Give the anatomy and t1w_from_mni by the chain's own steps."""
    maps = mni_maps()
    settings = AnatomySettings(label_mm=2.0) if quick else AnatomySettings()
    anatomy = segment(
        t1w,
        head_prior(*maps),
        bias=correct_bias,
        linear=register_linear,
        deformable=register_deformable,
        settings=settings,
    )
    return anatomy, _carried(anatomy, settings)


def _carried(anatomy: Anatomy, settings: AnatomySettings) -> Map:
    _, back = normalise(
        anatomy,
        mni_maps()[0],
        linear=register_linear,
        deformable=register_deformable,
        settings=settings,
    )
    return back


def _table() -> dict[str, dict[str, list[list[float]]]]:
    return tomllib.loads((HERE / "landmarks.toml").read_text("utf-8"))


def _brain_error(ours: Map, truth: Map) -> Floats:
    probes = Points(np.array(list(_table()["probes"].values()), dtype=np.float64), MNI)
    return np.asarray(np.linalg.norm(ours(probes).xyz_mm - truth(probes).xyz_mm, axis=1))


def _scalp_errors(given: Phantom, anatomy: Anatomy, back: Map) -> tuple[Floats, Floats]:
    """Give errors of the fiducials and of the 10-20 positions.

    The truth is the same rule on the true labels with the true map: what labels and map add.
    """
    true = _labelled(given.labels, given.t1w)
    scalp, real = scalp_surface(anatomy), scalp_surface(true)
    marks = find_landmarks(anatomy, scalp, back)
    there = find_landmarks(true, real, given.native_from_mni)
    places, meant = ten_twenty(scalp, marks), ten_twenty(real, there)
    off = [a.points.xyz_mm - b.points.xyz_mm for a, b in ((marks, there), (places, meant))]
    return np.linalg.norm(off[0], axis=1), np.linalg.norm(off[1], axis=1)


def _labelled(labels: Volume, t1w: Volume) -> Anatomy:
    """Give labels known for sure as an anatomy."""

    def placed(data: NDArray[np.generic]) -> Volume:
        return Volume(data, labels.frame_from_voxel, labels.frame)

    chance = np.eye(6, 5, -1, dtype=np.float32)[labels.data]
    brain = np.isin(labels.data, (Tissue.WM, Tissue.GM))
    return Anatomy(t1w, labels, placed(chance), placed(brain))


def _side(anatomy: Anatomy, back: Map) -> SideVerdict:
    average = mni_surfaces()
    left, right = (Hemisphere(average[s].pial, average[s].white) for s in ("left", "right"))
    return sidedness(anatomy, back, left=left, right=right).verdict


def _wrong(found: SideVerdict, true: SideVerdict) -> bool:
    return found not in (true, SideVerdict.CANNOT_TELL)


def _colin() -> tuple[Floats, SideVerdict]:
    """Give the distance of carried from raters' landmarks, and what the folds say of the sides."""
    from scipy.io import loadmat

    # their order is air, scalp, skull, CSF, grey, white, air inside the head
    labels = np.array([0, 5, 4, 3, 2, 1, 0], dtype=np.uint8)[loadmat(COLIN)["colin27"]]
    matrix = np.eye(4)
    matrix[:3, 3] = [-90.0, -126.0, -72.0]
    frame = Frame("colin27")
    grey = np.array([0, 100, 66, 22, 10, 80], dtype=np.float32)[labels]
    anatomy = _labelled(Volume(labels, matrix, frame), Volume(grey, matrix, frame))
    back = _carried(anatomy, AnatomySettings())
    pairs = np.array(list(_table()["raters"].values()), dtype=np.float64)
    carried = back(Points(pairs[:, 0], MNI)).xyz_mm
    return np.asarray(np.linalg.norm(carried - pairs[:, 1], axis=1)), _side(anatomy, back)
