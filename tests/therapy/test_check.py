from dataclasses import replace

import numpy as np
import pytest

from tmsguide.errors import InputError
from tmsguide.model import (
    Points,
    Quality,
    ScanVerdict,
    Subject,
    Target,
    Verdict,
    native_frame,
)
from tmsguide.therapy import (
    MtMethod,
    Support,
    check,
    protocol,
    protocols,
    screen_items,
    support,
    worst,
)

ADULT = Subject("01", age_years=34.0)
TEEN = Subject("02", age_years=16.0)
CHILD = Subject("03", age_years=13.0)
ALL_NO = {i.key: False for i in screen_items()}
GOOD = Quality(0.1, 0.5, 1500.0, 1680.0, 210.0, 70.0, 45.0, 0.95, 0.3, ScanVerdict.GOOD)


def target(*, x=-42.0, radius_mm=4.0, confidence=0.95):
    at = Points(np.array([[x, 40.0, 30.0]]), native_frame("01"))
    return Target(at, -0.4, "cluster", "Cash 2021", None, radius_mm, confidence)


def run(name, subject=ADULT, **changes):
    p = protocol(name)
    given = {
        "dose_percent_rmt": p.intensity_percent_rmt,
        "rmt_percent_mso": 50.0,
        "mt_method": MtMethod.EMG,
        "screening": ALL_NO,
        "quality": GOOD,
        "target": target(x=-42.0 if p.side == "left" else 42.0),
        **changes,
    }
    return {f.rule: f for f in check(p, subject, **given)}


def test_adult_with_everything_in_order_is_allowed():
    found = run("itbs600")
    assert worst(found.values()) is Verdict.ALLOW


@pytest.mark.parametrize(
    ("name", "carried"),
    [
        ("hfl", Support.CLEARED_LABEL_EXCEEDS_TABLE),
        ("hfl-dash", Support.CLEARED_LABEL_EXCEEDS_TABLE),
        ("dtms-h1", Support.CLEARED_LABEL_EXCEEDS_TABLE),
        ("itbs600", Support.CLEARED_LABEL_EXCEEDS_TABLE),
        ("saint", Support.CLEARED_LABEL_EXCEEDS_TABLE),
        ("itbs1800", Support.PUBLISHED_RCT),
        ("ctbs600", Support.PUBLISHED_RCT),
        ("lfr", Support.PUBLISHED_RCT),
        ("bilateral-left", Support.PUBLISHED_RCT),
        ("hfl-modirrousta", Support.WITHIN_TABLE),  # 5 s at 10 Hz and 110 %
    ],
)
def test_what_carries_each_protocol(name, carried):
    p = protocol(name)
    assert support(p, dose_percent_rmt=p.intensity_percent_rmt) is carried


def test_standard_protocol_passes_one_table_and_fails_the_other():
    found = run("hfl")
    assert found["train_rossi2009"].verdict is Verdict.ALLOW
    assert "4.2 s" in found["train_rossi2009"].reason
    assert found["train_chen1997"].verdict is Verdict.WARN
    assert "3.2 s" in found["train_chen1997"].reason
    assert found["train_support"].verdict is Verdict.ALLOW


def test_deep_tms_fails_both_tables_and_is_another_coil():
    found = run("dtms-h1")
    assert found["train_rossi2009"].verdict is Verdict.WARN
    assert found["train_chen1997"].verdict is Verdict.WARN
    assert found["coil"].verdict is Verdict.WARN
    assert "H1" in found["coil"].reason


def test_gentle_trains_are_within_both_tables():
    gentle = replace(protocol("hfl"), name="gentle", bursts_per_train=30)
    assert support(gentle, dose_percent_rmt=110.0) is Support.WITHIN_TABLE


def test_a_changed_protocol_loses_its_label():
    longer = replace(protocol("hfl"), bursts_per_train=41)
    denser = replace(protocol("itbs600"), inter_train_s=4.0)
    twice = replace(protocol("itbs600"), sessions_per_day=2, session_gap_min=60.0)
    more = replace(protocol("itbs600"), trains=21)
    for p in (longer, denser, twice, more):
        assert support(p, dose_percent_rmt=120.0) is Support.UNSUPPORTED
        found = check(p, ADULT, dose_percent_rmt=120.0)
        assert worst(found) is Verdict.FORBID


def test_theta_burst_of_ones_own_is_blocked():
    own = replace(protocol("itbs600"), name="my-itbs")
    found = {f.rule: f for f in check(own, ADULT, dose_percent_rmt=80.0)}
    assert found["train_support"].verdict is Verdict.FORBID
    assert found["regulatory"].verdict is Verdict.WARN


def test_dose_above_the_cap_or_the_tables_is_forbidden():
    assert run("itbs600", dose_percent_rmt=120.1)["intensity"].verdict is Verdict.FORBID
    bold = replace(protocol("hfl"), intensity_cap_percent_rmt=200.0)
    found = {f.rule: f for f in check(bold, ADULT, dose_percent_rmt=131.0)}
    assert found["intensity"].verdict is Verdict.FORBID
    assert "cap of 130 %" in found["intensity"].reason
    assert found["train_support"].verdict is Verdict.FORBID


def test_pauses_between_strong_fast_trains():
    def verdict(pause_s, dose):
        p = replace(protocol("hfl"), inter_train_s=pause_s)
        found = {f.rule: f for f in check(p, ADULT, dose_percent_rmt=dose)}
        return found["inter_train_pause"].verdict if "inter_train_pause" in found else None

    assert verdict(1.0, 110.0) is Verdict.FORBID
    assert verdict(3.0, 110.0) is Verdict.WARN
    assert verdict(5.0, 110.0) is Verdict.ALLOW
    assert verdict(1.0, 100.0) is None


def test_adult_ages():
    assert run("itbs600")["age"].verdict is Verdict.ALLOW
    assert run("itbs1800")["age"].verdict is Verdict.WARN
    unknown = run("itbs600", Subject("04"))
    assert unknown["age"].verdict is Verdict.WARN
    assert "not recorded" in unknown["age"].reason


def test_adolescent_ages():
    for name in ("hfl", "hfl-dash"):
        found = run(name, TEEN)
        assert found["age"].verdict is Verdict.ALLOW
        assert "adjunct" in found["age"].reason
        assert found["train_support"].verdict is Verdict.ALLOW
    burst, accelerated = run("itbs600", TEEN), run("saint", TEEN)
    assert burst["age"].verdict is Verdict.WARN
    assert "theta burst is off-label" in burst["age"].reason
    assert "written reason" in burst["age"].reason
    assert burst["train_support"].verdict is Verdict.WARN  # the label is for adults
    assert accelerated["age"].verdict is Verdict.WARN
    assert "adults only" in accelerated["age"].reason


@pytest.mark.parametrize(
    ("age", "verdict"),
    [(14.9, Verdict.WARN), (15.0, Verdict.ALLOW), (21.9, Verdict.ALLOW), (22.0, Verdict.ALLOW)],
)
def test_age_borders_of_the_cleared_protocol(age, verdict):
    assert run("hfl", Subject("05", age_years=age))["age"].verdict is verdict


@pytest.mark.parametrize(("age", "verdict"), [(21.9, Verdict.WARN), (22.0, Verdict.ALLOW)])
def test_age_border_of_adult_only_protocols(age, verdict):
    for name in ("itbs600", "saint", "dtms-h1"):
        assert run(name, Subject("05", age_years=age))["age"].verdict is verdict


def test_children_are_off_label_with_every_protocol():
    for name in protocols():
        found = run(name, CHILD)["age"]
        assert found.verdict is Verdict.WARN
        assert "below 15 years" in found.reason


def test_impossible_age_is_refused():
    with pytest.raises(InputError, match="age of 06 is -1 years"):
        run("hfl", Subject("06", age_years=-1.0))


def test_missing_screen_warns():
    found = run("itbs600", screening=None)["screen"]
    assert found.verdict is Verdict.WARN
    assert "TASS/Rossi screen not recorded" in found.reason


def test_each_yes_is_a_finding_and_implants_exclude():
    found = run("itbs600", screening={**ALL_NO, "seizure": True, "pacemaker": True})
    assert found["screen_seizure"].verdict is Verdict.WARN
    assert found["screen_pacemaker"].verdict is Verdict.FORBID
    assert "screen" not in found
    assert not found["screen_seizure"].verified


def test_incomplete_and_unknown_answers():
    found = run("itbs600", screening={"seizure": False})
    assert found["screen"].verdict is Verdict.WARN
    assert "pregnancy" in found["screen"].reason
    with pytest.raises(InputError, match="unknown questions seizures"):
        run("itbs600", screening={"seizures": True})


def test_motor_threshold_words():
    missing = run("itbs600", rmt_percent_mso=None, mt_method=MtMethod.UNKNOWN)
    assert missing["motor_threshold"].verdict is Verdict.WARN
    assert "threshold_method" not in missing
    visual = run("itbs600", mt_method=MtMethod.VISUAL)["threshold_method"]
    assert visual.verdict is Verdict.WARN
    assert "11 %" in visual.reason
    assert run("itbs600", mt_method=MtMethod.UNKNOWN)["threshold_method"].verdict is Verdict.WARN
    assert "threshold_method" not in run("itbs600")
    assert run("ctbs600")["active_threshold"].verdict is Verdict.WARN


@pytest.mark.parametrize("verdict", [ScanVerdict.CAUTION, ScanVerdict.INSUFFICIENT])
def test_poor_scan_warns_with_its_problems(verdict):
    poor = replace(GOOD, verdict=verdict, usable_s=240.0, problems=("much movement",))
    found = run("itbs600", quality=poor)["scan_quality"]
    assert found.verdict is Verdict.WARN
    assert "weak data" in found.reason
    assert "4 usable minutes" in found.reason
    assert "much movement." in found.reason
    assert run("itbs600", quality=None)["scan_quality"].verdict is Verdict.WARN


def test_wide_or_unknown_target_region_warns():
    assert run("itbs600", target=target(radius_mm=10.0))["target_region"].verdict is Verdict.ALLOW
    wide = run("itbs600", target=target(radius_mm=10.4))["target_region"]
    assert wide.verdict is Verdict.WARN
    assert "The 95 % region of the target" in wide.reason
    none = run("itbs600", target=target(radius_mm=None, confidence=None))["target_region"]
    assert none.verdict is Verdict.WARN


def test_target_on_the_wrong_side_warns():
    assert run("itbs600", target=target(x=42.0))["side"].verdict is Verdict.WARN
    assert "side" not in run("itbs600", target=target(x=-42.0))
    assert run("ctbs600", target=target(x=-42.0))["side"].verdict is Verdict.WARN
    assert "side" not in run("ctbs600", target=target(x=42.0))


def test_field_ratio_is_reported_and_never_raises_the_dose():
    low, high = run("itbs600", e_field_ratio=0.9), run("itbs600", e_field_ratio=1.335)
    assert low["field_ratio"].verdict is Verdict.ALLOW
    assert high["field_ratio"].verdict is Verdict.WARN
    assert "not raised" in high["field_ratio"].reason
    with pytest.raises(InputError, match="field ratio"):
        run("itbs600", e_field_ratio=0.0)


def test_pulses_beyond_the_published():
    def verdict(**changes):
        p = replace(protocol("saint"), **changes)
        return {f.rule: f for f in check(p, ADULT, dose_percent_rmt=90.0)}["pulses"].verdict

    assert verdict() is Verdict.ALLOW
    assert verdict(days=6) is Verdict.WARN
    assert verdict(sessions_per_day=11) is Verdict.FORBID


def test_short_gaps_of_accelerated_courses_warn():
    p = replace(protocol("saint"), session_gap_min=20.0)
    found = {f.rule: f for f in check(p, ADULT, dose_percent_rmt=90.0)}
    assert found["spacing"].verdict is Verdict.WARN
    assert found["train_support"].verdict is Verdict.FORBID


def test_unchecked_numbers_are_said_to_be_unchecked():
    found = run("saint")["protocol_numbers"]
    assert found.verdict is Verdict.WARN
    assert not found.verified
    assert "intensity_cap_percent_rmt" in found.reason
    assert "protocol_numbers" not in run("hfl")
    assert "not yet checked" in run("hfl")["train_chen1997"].reason


def test_hearing_protection_is_always_there():
    assert all("hearing" in run(name) for name in protocols())


@pytest.mark.parametrize(
    "changes",
    [
        {"trains": 0},
        {"burst_hz": 0.0},
        {"inter_train_s": -1.0},
        {"session_gap_min": float("nan")},
        {"pulses_per_burst": 30},
    ],
)
def test_impossible_protocols_are_refused(changes):
    with pytest.raises(InputError, match="protocol itbs600"):
        check(replace(protocol("itbs600"), **changes), ADULT, dose_percent_rmt=80.0)


@pytest.mark.parametrize("percent", [0.0, -80.0, float("nan"), float("inf")])
def test_impossible_doses_are_refused(percent):
    with pytest.raises(InputError, match="dose must be above 0"):
        check(protocol("itbs600"), ADULT, dose_percent_rmt=percent)


def test_stronger_than_in_the_series_is_unsupported():
    own = replace(protocol("hfl-modirrousta"), intensity_cap_percent_rmt=120.0)
    assert support(own, dose_percent_rmt=111.0) is Support.UNSUPPORTED
