import numpy as np
import pytest

from tests.tolerance import EXACT, assert_close
from tmsguide.errors import FrameError, InputError, QualityError
from tmsguide.model import MNI, Affine, ConnectivityMap, Points, Target, native_frame
from tmsguide.targeting import agreement, group_targets, landmark, with_score
from tmsguide.targeting.definitions import definition
from tmsguide.targeting.group import site_targets

NATIVE = native_frame("01")
SHIFT = np.eye(4)
SHIFT[:3, 3] = 4, -6, 11
NATIVE_FROM_MNI = Affine(SHIFT, source=MNI, target=NATIVE)


def target(xyz, frame=NATIVE):
    return Target(Points(np.array([xyz], dtype=float), frame), -0.2, "m", "s")


def cortex(*, spare=()):
    """One grey point 3 mm medial of each landmark, but for those left out."""
    names = ["5cm", "beam-f3", "ba9", "ba46", "fox-2012", "weigand-2018"]
    near = [landmark(n).mni_mm for n in names if n not in spare]
    return NATIVE_FROM_MNI(Points(np.array(near) + np.array([3.0, 0, 0]), MNI))


def test_group_sites_are_mapped_and_moved_to_the_nearest_grey_matter():
    found = group_targets(NATIVE_FROM_MNI, cortex())
    assert len(found) == 6
    for one, grey in zip(found, cortex().xyz_mm, strict=True):
        assert_close(one.point.xyz_mm[0], grey, EXACT)
        assert one.point.frame == NATIVE
        assert np.isnan(one.score)
        assert one.samples is None
        assert one.region_radius_mm is None
        assert one.notes == ("moved 3.0 mm to the nearest grey matter",)
        assert one.source
    assert [one.name for one in found] == [
        *("5cm-site", "beam-f3-site", "ba9-site", "ba46-site"),
        *("fox-2012-site", "weigand-2018-site"),
    ]
    assert found[1].method == landmark("beam-f3").title


def test_sites_asked_for_come_in_that_order_and_say_what_is_unverified():
    asked = [definition("dysphoric-site"), definition("beam-f3-site")]
    above = np.array([d.site_mni_mm for d in asked]) + np.array([0, 0, 4.0])
    grey = NATIVE_FROM_MNI(Points(above, MNI))
    dysphoric, f3 = site_targets(NATIVE_FROM_MNI, grey, asked)
    assert_close(dysphoric.point.xyz_mm, grey.xyz_mm[:1], EXACT)
    assert_close(f3.point.xyz_mm, grey.xyz_mm[1:], EXACT)
    assert dysphoric.notes == (
        "moved 4.0 mm to the nearest grey matter",
        "the coordinate is unverified",
    )
    assert f3.notes == ("moved 4.0 mm to the nearest grey matter",)
    with pytest.raises(InputError, match="sgacc-peak compares with seed, it has no coordinate"):
        site_targets(NATIVE_FROM_MNI, grey, [definition("sgacc-peak")])


def test_a_site_far_from_grey_matter_stays_and_says_so():
    only = Points(cortex().xyz_mm[:1], NATIVE)  # grey matter at the 5 cm site alone
    ba46 = group_targets(NATIVE_FROM_MNI, only)[3]
    assert_close(ba46.point.xyz_mm[0], np.array([-40.0, 34, 40]), EXACT)
    assert "no grey matter within 10 mm (nearest 35.2 mm" in ba46.notes[0]


def test_no_grey_matter_and_a_map_to_another_person_are_refused():
    with pytest.raises(QualityError, match="no grey-matter points"):
        group_targets(NATIVE_FROM_MNI, Points(np.empty((0, 3)), NATIVE))
    with pytest.raises(FrameError, match=r"map leads to sub-01/T1w, grey matter is in sub-02/T1w"):
        group_targets(NATIVE_FROM_MNI, Points(np.zeros((1, 3)), native_frame("02")))


def test_score_is_the_map_at_the_nearest_place_within_reach():
    where = Points(np.array([[0.0, 0, 0], [8.0, 0, 0]]), NATIVE)
    cmap = ConnectivityMap(z=np.array([-0.1, -0.4]), where=where, seed="s", dof=50.0)
    assert with_score(target([5, 0, 0]), cmap).score == -0.4
    assert with_score(target([3, 0, 0]), cmap).score == -0.1
    assert with_score(target([18.1, 0, 0]), cmap).score == -0.2
    with pytest.raises(FrameError, match="target is in MNI152NLin2009aSym"):
        with_score(target([0, 0, 0], MNI), cmap)


def test_agreement_is_the_table_of_distances():
    table = agreement([target([0, 0, 0]), target([3, 4, 0]), target([0, 0, 12])])
    assert_close(table, np.array([[0, 5, 12], [5, 0, 13], [12, 13, 0]]), EXACT)
    with pytest.raises(FrameError, match="MNI152NLin2009aSym and sub-01/T1w"):
        agreement([target([0, 0, 0]), target([0, 0, 0], MNI)])
    with pytest.raises(InputError, match="no target"):
        agreement([])
