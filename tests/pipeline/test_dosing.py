"""From stored exposures to intensities and plain data."""

import numpy as np

from tmsguide.field import Spread
from tmsguide.model import Placement, Points, Tissue, native_frame
from tmsguide.pipeline.dosing import Exposures, dose_table, intensities_of
from tmsguide.therapy import protocol, protocols, standing

FRAME = native_frame("dose")


def spread(mean):
    share = {Tissue.GM: 0.9, Tissue.WM: 0.1}
    return Spread(0.99 * mean, mean, 0.05 * mean, 0.9 * mean, 1.1 * mean, share, share, 1e-4)


def exposures():
    pose = Placement(np.diag([1.0, -1.0, -1.0, 1.0]), FRAME, 1e6, 4.0)
    return Exposures(
        motor_point=Points(np.array([[-37.0, -20.0, 50.0]]), FRAME),
        motor_placement=pose,
        motor_source="a paper",
        depth_target_mm=18.0,
        depth_m1_mm=16.0,
        e_target_v_per_m=spread(1.0),
        e_motor_v_per_m=spread(1.2),
        motor_over_target=spread(1.2),
        full_solves=9,
    )


def resting():
    names = [p if isinstance(p, str) else p.name for p in protocols()]
    chosen = next(
        n for n in names if standing(n) is None or standing(n).threshold.value != "active"
    )
    return protocol(chosen)


def test_intensities_stand_side_by_side_and_never_pass_the_cap():
    plan = resting()
    found = intensities_of(exposures(), plan, 50.0)
    values = [item.percent_mso for item in found.items]
    assert len(values) == 3
    assert max(values) <= plan.intensity_cap_percent_rmt / 100 * 50.0 + 1e-9
    matched = found.items[2]
    assert matched.unclamped_percent_mso == values[0] * 1.2
    assert intensities_of(exposures(), plan, None) is None


def test_table_is_plain_and_names_tissues():
    found = intensities_of(exposures(), resting(), 50.0)
    table = dose_table(exposures(), found)
    assert table["motor_over_target"]["sobol_total"] == {"GM": 0.9, "WM": 0.1}
    assert table["intensities"][0]["method"] == "percent of motor threshold"
    assert dose_table(exposures(), None)["intensities"] == []
