from dataclasses import replace

import numpy as np
import pytest

from tests.head.colin import ELECTRODES, colin
from tests.head.doubles import shells
from tmsguide.errors import FrameError
from tmsguide.head import scalp_surface
from tmsguide.head.marks.landmarks import fiducials, find_landmarks
from tmsguide.head.marks.profile import front_notch, outline, rear_knob
from tmsguide.model import Points, Surface, Volume, native_frame

AXES = np.eye(3)


def bust():
    """A head of ellipsoids with brow, nose and a knob behind; front is +y, up is +z."""
    from skimage.measure import marching_cubes

    grid = np.stack(np.meshgrid(*[np.arange(-130, 131, 2.0)] * 3, indexing="ij"), -1)

    def level(centre, axes):
        return np.linalg.norm((grid - centre) / axes, axis=-1)

    parts = [
        level((0, 0, 0), (76, 92, 90)),
        level((0, 84, -42), (12, 22, 16)),  # nose
        level((0, -86, -20), (14, 10, 8)),  # knob of the occiput
    ]
    solid = np.min(parts, axis=0)
    at, faces, _, _ = marching_cubes(-solid, -1.0)
    return Surface(Points(at * 2.0 - 130, native_frame("bust")), faces.astype(np.int64))


def test_profile_finds_notch_and_knob():
    midline = np.array([[0, 90.0, -20], [0, -90, -20], [0, 0, 90]])
    profile = outline(bust(), midline, AXES)
    assert np.allclose(profile.ahead, [0, 1, 0])
    notch = front_notch(profile, np.array([0, 85.0, -20]))
    # where the ball of the head meets the nose's ellipse, from their equations (x = 0)
    z = np.linspace(-60, 10, 7001)
    head = 92 * np.sqrt(1 - (z / 90) ** 2)
    nose = 84 + 22 * np.sqrt(np.maximum(1 - ((z + 42) / 16) ** 2, 0))
    nose = np.where(np.abs(z + 42) < 16, nose, 0)
    front = np.maximum(head, nose)
    crossing = z[np.flatnonzero(nose > head).max()]
    assert notch == pytest.approx([0, front[np.argmin(np.abs(z - crossing))], crossing], abs=2.5)
    knob = rear_knob(profile, np.array([0, -90.0, -14]))
    assert knob == pytest.approx([0, -96, -20], abs=2.5)


def test_smooth_ball_shows_nothing():
    _, centre = shells()
    scalp = scalp_surface(shells()[0])
    midline = centre + np.array([[0, 60.0, -20], [0, -60, -20], [0, 0, 64]])
    profile = outline(scalp, midline, AXES)
    assert front_notch(profile, centre + np.array([0, 60.0, -20])) is None
    assert rear_knob(profile, centre + np.array([0, -60.0, -10])) is None


def test_colin27_agrees_with_marks_of_others():
    anatomy, scalp, from_mni = colin()
    found = find_landmarks(anatomy, scalp, from_mni)
    assert found.names == tuple(f.name for f in fiducials())
    off = {n: np.linalg.norm(found.at(n) - ELECTRODES[n]) for n in found.names}
    assert off["Nz"] < 5.0  # 3.5 mm; taken from the scalp's own notch
    assert max(off.values()) < 5.0  # the template places were marked on this very head
    assert np.isfinite(found.uncertainty_mm).all()


def test_nasion_follows_the_scalp_not_the_map():
    """A map that is 8 mm off must not move a nasion that the scalp shows."""
    anatomy, scalp, from_mni = colin()
    here = find_landmarks(anatomy, scalp, from_mni).at("Nz")
    moved = find_landmarks(
        anatomy, scalp, lambda p: from_mni(Points(p.xyz_mm + np.array([0, 0, 8.0]), p.frame))
    )
    assert moved.at("Nz") == pytest.approx(here, abs=1.0)


def test_cut_face_leaves_the_nasion_unknown():
    anatomy, _, from_mni = colin()
    labels = anatomy.labels.data.copy()
    labels[:, 195:, :70] = 0  # before the brow and below z = -2 mm
    labels[:, 185:, :50] = 0
    kept = labels > 0
    cut = replace(
        anatomy,
        labels=Volume(labels, anatomy.labels.frame_from_voxel, anatomy.labels.frame),
        t1w=Volume(anatomy.t1w.data * kept, anatomy.t1w.frame_from_voxel, anatomy.t1w.frame),
    )
    found = find_landmarks(cut, scalp_surface(cut), from_mni)
    spread = dict(zip(found.names, found.uncertainty_mm, strict=True))
    assert spread["Nz"] == np.inf
    assert np.isfinite([spread["Iz"], spread["LPA"], spread["RPA"]]).all()


def test_scalp_without_signal_is_not_trusted():
    """Scalp that was filled in from a prior shows no grey: the inion there is unknown."""
    anatomy, scalp, from_mni = colin()
    grey = anatomy.t1w.data.copy()
    grey[:, :40] = 0
    dark = replace(anatomy, t1w=Volume(grey, anatomy.t1w.frame_from_voxel, anatomy.t1w.frame))
    found = find_landmarks(dark, scalp, from_mni)
    spread = dict(zip(found.names, found.uncertainty_mm, strict=True))
    assert spread["Iz"] == np.inf
    assert np.isfinite(spread["Nz"])


def test_parts_of_two_people_are_refused():
    anatomy, scalp, _ = colin()
    with pytest.raises(FrameError, match="one person"):
        find_landmarks(anatomy, scalp, lambda p: Points(p.xyz_mm, native_frame("other")))
