from dataclasses import replace

import numpy as np
import pytest

from tests.therapy.test_check import ALL_NO, GOOD, target
from tmsguide.errors import FrameError, InputError
from tmsguide.model import MNI, Placement, Points, Subject, Verdict, native_frame
from tmsguide.therapy import MtMethod, make_plan, protocol, worst

SUBJECT = Subject("01", age_years=40.0)
POSE = Placement(np.eye(4), native_frame("01"), 1e6, 4.0)
NEEDED = {"protocol": protocol("itbs600"), "e_at_target_v_per_m": 0.9, "depth_mm": 19.0}


def test_plan_carries_what_it_was_given():
    spare = replace(target(x=-38.0), method="group")
    plan = make_plan(
        SUBJECT,
        target(),
        POSE,
        **NEEDED,
        alternatives=(spare,),
        rmt_percent_mso=50.0,
        mt_method=MtMethod.EMG,
        screening=ALL_NO,
        quality=GOOD,
    )
    assert plan.subject is SUBJECT
    assert plan.alternatives == (spare,)
    assert plan.placement is POSE
    assert plan.dose_percent_rmt == 120.0
    assert (plan.e_at_target_v_per_m, plan.depth_mm) == (0.9, 19.0)
    assert worst(plan.findings) is Verdict.ALLOW


def test_plan_without_clinic_data_warns_but_stands():
    plan = make_plan(SUBJECT, target(), POSE, **NEEDED)
    warned = {f.rule for f in plan.findings if f.verdict is Verdict.WARN}
    assert {"screen", "motor_threshold", "scan_quality"} <= warned
    assert worst(plan.findings) is Verdict.WARN


def test_rules_see_the_depth_adjusted_dose():
    needed = {**NEEDED, "protocol": protocol("saint")}
    plan = make_plan(SUBJECT, target(), POSE, **needed, rmt_percent_mso=50.0, depth_m1_mm=15.0)
    assert plan.dose_percent_rmt == 90.0
    words = next(f.reason for f in plan.findings if f.rule == "intensity")
    assert "111.6 %" in words


def test_another_persons_target_or_pose_is_refused():
    other = replace(target(), point=Points(target().point.xyz_mm, native_frame("02")))
    with pytest.raises(
        FrameError, match="target cluster is in sub-02/T1w, the plan is for sub-01"
    ):
        make_plan(SUBJECT, other, POSE, **NEEDED)
    with pytest.raises(FrameError, match="target cluster is in sub-02"):
        make_plan(SUBJECT, target(), POSE, **NEEDED, alternatives=(other,))
    with pytest.raises(FrameError, match="the pose is in MNI"):
        make_plan(SUBJECT, target(), replace(POSE, frame=MNI), **NEEDED)


@pytest.mark.parametrize("wrong", [{"e_at_target_v_per_m": float("nan")}, {"depth_mm": 0.0}])
def test_missing_field_or_depth_is_refused(wrong):
    with pytest.raises(InputError, match="a plan needs a positive number"):
        make_plan(SUBJECT, target(), POSE, **{**NEEDED, **wrong})
