"""Labels of other programs in our heads: theirs win inside, and every layer stays closed."""

import numpy as np
import pytest
from scipy import ndimage

from tests.io.foreign import turned, world
from tests.io.refusals import refused
from tests.tolerance import EXACT, Tol, assert_close
from tmsguide.errors import FrameError, QualityError
from tmsguide.head.tissues.merging import anatomy_from_labels, with_brain_labels
from tmsguide.model import Anatomy, Tissue, Volume, native_frame

FRAME = native_frame("01")
SHAPE, MM = (82, 84, 86), 2.0
AFFINE = np.diag([-MM, MM, MM, 1.0])  # LAS
AFFINE[:3, 3] = 81, -83, -85
SIX = ndimage.generate_binary_structure(3, 1)


def ball(affine, shape, radius, centre=(0.0, 0, 0)):
    return np.linalg.norm(world(affine, shape) - centre, axis=-1) < radius


def brain(affine, shape, *, gm=56.0, wm=46.0, bump=None):
    """WM in GM, a CSF ventricle on the left, no sulcal CSF; ``bump`` (radius, centre) is GM."""
    labels = np.zeros(shape, np.uint8)
    labels[ball(affine, shape, gm)] = Tissue.GM
    if bump is not None:
        labels[ball(affine, shape, *bump)] = Tissue.GM
    labels[ball(affine, shape, wm)] = Tissue.WM
    labels[ball(affine, shape, 10.0, (-15.0, 0, 0))] = Tissue.CSF
    return labels


def head(**layers):
    """Our anatomy: the brain of `brain`, CSF to 62 mm, bone to 70, scalp to 78."""
    labels = np.zeros(SHAPE, np.uint8)
    for tissue, reach in ((Tissue.SCALP, 78), (Tissue.BONE, 70), (Tissue.CSF, 62)):
        labels[ball(AFFINE, SHAPE, reach)] = tissue
    inner = brain(AFFINE, SHAPE, **layers)
    labels[inner > 0] = inner[inner > 0]
    chance = np.stack([labels == k for k in range(1, 6)], -1).astype(np.float32)

    def like(data):
        return Volume(data, AFFINE, FRAME)

    t1w = like(np.random.default_rng(0).uniform(0, 1, SHAPE).astype(np.float32))
    return Anatomy(t1w, like(labels), like(chance), like(inner > 0))


def check_nested(labels, *, shell_mm=2.0):
    """The laws: brain touches no bone, CSF no scalp, bone no air; skull 2 mm thick."""

    def near(mask, steps=1):
        return ndimage.binary_dilation(mask, SIX, steps)

    inner = np.isin(labels, (1, 2, 3))
    assert not (near(np.isin(labels, (1, 2))) & ~inner).any()
    skull = inner | np.isin(labels, (4, 7, 8))
    assert not (near(inner, round(shell_mm / MM)) & ~skull).any()
    assert not (near(skull) & (labels == 0)).any()


def test_our_own_brain_given_back_changes_nothing():
    anatomy = head()
    given = Volume(brain(AFFINE, SHAPE), AFFINE, FRAME)
    got = with_brain_labels(anatomy, given, labelled_by="us")
    assert (got.labels.data == anatomy.labels.data).all()
    assert_close(got.probability.data, anatomy.probability.data, EXACT)
    check_nested(got.labels.data)
    assert (got.brain_mask.data == (brain(AFFINE, SHAPE) > 0)).all()  # the ventricle with it


def test_given_labels_win_from_an_oblique_grid():
    """Another brain on an oblique 1.5 mm grid: found again within the voxels' edges."""
    shape = (96, 92, 90)
    affine = turned(1.5, shape, centre=(0.0, 0, 0))
    given = Volume(brain(affine, shape, gm=52.0, wm=40.0), affine, FRAME)
    got = with_brain_labels(head(), given, labelled_by="FreeSurfer 7.4")
    truth = brain(AFFINE, SHAPE, gm=52.0, wm=40.0)
    for tissue in (Tissue.WM, Tissue.GM):
        a, b = got.labels.data == tissue, truth == tissue
        assert 2 * (a & b).sum() / (a.sum() + b.sum()) > 0.97  # measured .991 and .983
    ventricle = (got.labels.data == Tissue.CSF) & ball(AFFINE, SHAPE, 38.0)
    assert world(AFFINE, SHAPE)[ventricle][:, 0].max() < 0  # left stays left
    assert got.brain_mask.data[ventricle].all()
    rim = (head().labels.data == Tissue.GM) & (truth == 0)
    assert (got.labels.data[rim] == Tissue.CSF).mean() > 0.9  # our surplus cortex became CSF
    check_nested(got.labels.data)
    assert got.labelled_by == "FreeSurfer 7.4 (brain), tmsguide (skull and scalp)"
    outside = ~ball(AFFINE, SHAPE, 64.0)
    assert (got.labels.data == head().labels.data)[outside].all()  # our skull and scalp stand


@pytest.mark.parametrize("reach", [66.0, 71.0, 77.0])
def test_brain_beyond_our_skull_pushes_it_out(reach):
    """A bulge into bone, through it and to the skin: layers give way and stay closed."""
    bump = (14.0, (0.0, reach - 14.0, 0.0))
    given = Volume(brain(AFFINE, SHAPE, bump=bump), AFFINE, FRAME)
    got = with_brain_labels(head(), given, labelled_by="x")
    assert (got.labels.data == Tissue.GM)[given.data == Tissue.GM].mean() > 0.99
    check_nested(got.labels.data)
    far = world(AFFINE, SHAPE)[..., 1] < 30
    assert (got.labels.data == head().labels.data)[far].all()


def test_probabilities_follow_the_labels():
    shape = (96, 92, 90)
    affine = turned(1.5, shape, centre=(0.0, 0, 0))
    given = Volume(brain(affine, shape, bump=(14.0, (0.0, 57.0, 0))), affine, FRAME)
    got = with_brain_labels(head(), given, labelled_by="x")
    chance, labels = got.probability.data, got.labels.data
    assert_close(chance.sum(-1)[labels > 0], np.ones((labels > 0).sum()), Tol(1e-6, "float32"))
    assert not chance[labels == 0].any()
    assert (chance.argmax(-1) + 1 == labels)[labels > 0].all()
    partial = (chance[..., 0] > 0.2) & (chance[..., 0] < 0.8)
    assert partial.sum() > 1000  # voxels on the border of white matter keep their shares
    assert chance.dtype == np.float32


def test_sinus_air_is_kept():
    anatomy = head()
    labels = anatomy.labels.data.copy()
    sinus = ball(AFFINE, SHAPE, 5.0, (0.0, 68.0, -20.0))
    labels[sinus] = Tissue.AIR
    anatomy = Anatomy(
        anatomy.t1w, Volume(labels, AFFINE, FRAME), anatomy.probability, anatomy.brain_mask
    )
    bump = (14.0, (20.0, 50.0, 0.0))
    given = Volume(brain(AFFINE, SHAPE, bump=bump), AFFINE, FRAME)
    got = with_brain_labels(anatomy, given, labelled_by="x")
    assert (got.labels.data[sinus] == Tissue.AIR).mean() > 0.9


def test_brains_that_do_not_belong_are_refused():
    anatomy = head()
    own = brain(AFFINE, SHAPE)
    call = {"labelled_by": "x"}
    other = Volume(own, AFFINE, native_frame("02"))
    refused(with_brain_labels, anatomy, other, **call, words=["sub-02"], error=FrameError)
    bone = Volume(np.where(own == 1, 4, own).astype(np.uint8), AFFINE, FRAME)
    refused(with_brain_labels, anatomy, bone, **call, words=["0 to 3"])
    half = Volume(own * 0.5, AFFINE, FRAME)
    refused(with_brain_labels, anatomy, half, **call, words=["whole"])
    small = Volume((ball(AFFINE, SHAPE, 20.0) * 1).astype(np.uint8), AFFINE, FRAME)
    refused(with_brain_labels, anatomy, small, **call, words=["ml"], error=QualityError)
    shifted = AFFINE.copy()
    shifted[1, 3] += 60
    away = Volume(own, shifted, FRAME)
    refused(with_brain_labels, anatomy, away, **call, words=["skull"], error=QualityError)


def whole_head():
    labels = head().labels.data.copy()
    rest = ball(AFFINE, SHAPE, 78.0)
    for tissue, at in (
        (Tissue.EYE, (25.0, 68, -10)),
        (Tissue.MUSCLE, (-60.0, 35, 0)),
        (Tissue.BLOOD, (0.0, 0, 61)),
        (Tissue.SPONGY_BONE, (0.0, -66, 0)),
    ):
        labels[ball(AFFINE, SHAPE, 6.0, at) & rest] = tissue
    labels[labels == Tissue.BONE] = Tissue.COMPACT_BONE
    return Volume(labels, AFFINE, FRAME)


def test_whole_heads_keep_their_numbers_and_fill_five_columns():
    labels = whole_head()
    t1w = head().t1w
    got = anatomy_from_labels(t1w, labels, labelled_by="SimNIBS charm")
    assert (got.labels.data == labels.data).all()
    assert got.t1w is t1w
    column = {1: 0, 2: 1, 3: 2, 4: 3, 5: 4, 6: 4, 7: 3, 8: 3, 9: 2, 10: 4}
    for number in np.unique(labels.data[labels.data > 0]):
        here = labels.data == number
        assert (got.probability.data[here].argmax(-1) == column[int(number)]).all()
    assert_close(got.probability.data.sum(-1), (labels.data > 0).astype(float), EXACT)
    assert got.brain_mask.data[ball(AFFINE, SHAPE, 9.0, (-15.0, 0, 0))].all()
    assert not got.brain_mask.data[~np.isin(labels.data, (1, 2, 3, 9))].any()


def test_t1w_is_brought_to_the_labels_grid():
    shape = (60, 62, 64)
    affine = turned(3.0, shape, centre=(0.0, 0, 0))
    t1w = Volume(world(affine, shape)[..., 0].astype(np.float32), affine, FRAME)
    got = anatomy_from_labels(t1w, whole_head(), labelled_by="x")
    assert got.t1w.data.shape == SHAPE
    inside = ball(AFFINE, SHAPE, 60.0)
    expected = world(AFFINE, SHAPE)[..., 0][inside]
    assert_close(got.t1w.data[inside], expected, Tol(1e-6, "linear in x, float32; measured 3e-8"))


def test_heads_without_layers_are_refused():
    t1w, labels = head().t1w, whole_head()
    call = {"labelled_by": "x"}
    bare = Volume(brain(AFFINE, SHAPE), AFFINE, FRAME)
    refused(anatomy_from_labels, t1w, bare, **call, words=["SCALP"])
    odd = Volume(np.where(labels.data == 6, 12, labels.data), AFFINE, FRAME)
    refused(anatomy_from_labels, t1w, odd, **call, words=["12"])
    other = Volume(labels.data, AFFINE, native_frame("02"))
    refused(anatomy_from_labels, t1w, other, **call, words=["sub-02"], error=FrameError)
