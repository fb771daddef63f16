"""The benchmark of imaging: what it makes of its parts' figures, and that its timed steps run."""

import numpy as np
import pytest
from benchmarks import imaging
from benchmarks.children import Child
from benchmarks.imaging import timed_people, times
from benchmarks.targeting import planted

from tests.shared_data import shared

FAST = {"anatomy": [20.0, 30.0], "registration to MNI": [5.0, 6.0]}
SLOW = {"anatomy": [40.0, 50.0], "registration to MNI": [7.0, 9.0]}


def test_a_figure_without_data_is_null_and_goals_come_first():
    found = imaging._merged([{"beside": 1.0}, {"dice_gm": 0.9}])
    assert tuple(found)[: len(imaging.KEYS)] == imaging.KEYS
    assert found["dice_gm"] == 0.9
    assert found["beside"] == 1.0
    assert found["dice_skull"] is None


def test_the_slower_person_and_the_longest_memory_are_reported():
    bold = {"functional scan": [11.0, 17.0]}
    found = times._figures(
        {
            "generated": {"seconds": FAST, "peak_rss_gb": 2.5},
            "forrest02": {
                "seconds": SLOW | {"functional scan": [6.0, 8.0]},
                "peak_rss_gb": 1.5,
                "volumes": 156,
                "global_signal_out": -0.3,
                "global_signal_in": -0.1,
            },
            "bold": {"seconds": bold, "peak_rss_gb": 2.0, "volumes": 300},
        }
    )
    assert (found["seconds_anatomy"], found["cpu_seconds_anatomy"]) == (47.0, 59.0)
    assert (found["seconds_bold_300_volumes"], found["bold_volumes"]) == (11.0, 300)
    assert found["sgacc_dlpfc_r_forrest02"] == -0.3
    assert found["peak_rss_gb"] == 2.5


def test_a_scan_is_lengthened_without_a_jump(tmp_path):
    import nibabel

    shared("bids/sub-forrest02")
    folder = timed_people.lengthened(tmp_path / "longer", volumes=160)
    made = nibabel.load(next(folder.glob("sub-*/func/*_bold.nii.gz")))
    assert made.shape[3] == 160
    assert made.header.get_zooms()[3] == 2.0
    data = np.asarray(made.dataobj[..., 150:160])
    assert np.array_equal(data[..., 6], data[..., 4])  # frame 155 is the last, 156 is 154 again
    assert not np.array_equal(data[..., 5], data[..., 4])


@pytest.mark.slow
def test_the_timed_steps_run_on_a_coarse_person():
    found = Child("imaging.part", ("times", "--quick")).result()
    figures = found["figures"]
    assert not found["absent"]
    assert figures["bold_volumes"] == 120
    assert figures["sgacc_dlpfc_r_forrest02"] is None
    assert 0 < figures["seconds_bold_300_volumes"] < found["wall_s"]
    assert 0 < figures["seconds_anatomy"] < found["wall_s"]
    assert 0.1 < figures["peak_rss_gb"] < 6  # measured 0.97


@pytest.mark.slow
def test_planted_sites_are_measured_on_a_few_coarse_people():
    # what the figures are is the benchmark's matter; that they are figures is this test's
    found = planted.measure(quick=True, say=lambda _: None)
    assert tuple(found)[: len(planted.KEYS)] == planted.KEYS
    assert 0 < found["planted_error_mm_30min"] < 25
    assert 0 <= found["coverage_95"] <= 1
    assert found["coverage_people"] == 8
    assert 0 <= found["supported_30min"] <= 1
