from dataclasses import fields

import pytest

from tmsguide.errors import InputError
from tmsguide.model import PlanSettings, Protocol
from tmsguide.therapy import (
    Threshold,
    nibs_timing,
    protocol,
    protocols,
    screen_items,
    standing,
)
from tmsguide.therapy.library import rule, train_tables

# pulses and seconds of one session, computed by hand from the published pattern
SESSIONS = {
    "hfl": (3000, 75 * 4 + 74 * 26),  # 2224 s
    "hfl-dash": (3000, 75 * 4 + 74 * 11),  # 1114 s
    "hfl-modirrousta": (3000, 60 * 5 + 59 * 25),
    "itbs600": (600, 192),
    "itbs1800": (1800, 592),
    "ctbs600": (600, 40),
    "lfr": (1800, 1800),
    "lfr-short": (360, 360),
    "bilateral-right": (600, 600),
    "bilateral-left": (1500, 30 * 5 + 29 * 25),
    "bilateral-tbs-right": (1800, 120),
    "bilateral-tbs-left": (1800, 592),
    "saint": (1800, 592),
    "dtms-h1": (1980, 1190),
}
FULLY_CHECKED = {"hfl", "hfl-dash", "hfl-modirrousta", "itbs600", "bilateral-right"}


def test_every_protocol_has_its_published_pulses_and_duration():
    assert set(protocols()) == set(SESSIONS)
    for name, (pulses, seconds) in SESSIONS.items():
        assert protocol(name).pulses_per_session == pulses, name
        assert abs(protocol(name).session_s - seconds) < 1e-9, name


def test_stated_durations_of_the_main_protocols():
    named = {n: protocol(n).session_s for n in ("hfl", "hfl-dash", "itbs600", "itbs1800")}
    assert named == {"hfl": 2224.0, "hfl-dash": 1114.0, "itbs600": 192.0, "itbs1800": 592.0}


def test_accelerated_course_gives_ninety_thousand_pulses():
    p = protocol("saint")
    assert p.pulses_per_session * p.sessions_per_day == 18_000
    assert p.pulses_per_session * p.sessions_per_day * p.days == 90_000
    assert (p.intensity_percent_rmt, p.intensity_cap_percent_rmt) == (90.0, 120.0)
    assert p.session_gap_min == 50.0


def test_verified_means_that_nothing_is_left_unchecked():
    for name, p in protocols().items():
        entry = standing(name)
        assert p.verified == (not entry.unverified), name
        assert set(entry.unverified) <= {f.name for f in fields(Protocol)}, name
    assert {n for n, p in protocols().items() if p.verified} == FULLY_CHECKED


def test_every_protocol_has_source_side_and_regulatory_words():
    for p in protocols().values():
        assert len(p.source) > 10
        assert len(p.regulatory) > 10
        assert p.side in ("left", "right")
        assert 0 < p.intensity_percent_rmt <= p.intensity_cap_percent_rmt <= 120
        assert p.train_s > 0


def test_only_the_two_ten_hertz_labels_cover_adolescents():
    young = {n for n in protocols() if "adolescent" in standing(n).ages}
    assert young == {"hfl", "hfl-dash"}


def test_active_threshold_is_marked():
    active = {n for n in protocols() if standing(n).threshold is Threshold.ACTIVE}
    assert active == {"ctbs600", "bilateral-tbs-right", "bilateral-tbs-left"}


def test_default_protocol_is_in_the_library():
    assert PlanSettings().protocol in protocols()


def test_unknown_protocol_lists_the_known_ones():
    with pytest.raises(InputError, match=r"no protocol 'itbs'; choose one of .*itbs600"):
        protocol("itbs")


def test_tables_are_monotone_and_marked_unchecked():
    for table in train_tables():
        assert not table.verified
        assert list(table.frequency_hz) == sorted(table.frequency_hz)
        assert list(table.intensity_percent_rmt) == sorted(table.intensity_percent_rmt)
        for row in table.train_s:
            assert list(row) == sorted(row, reverse=True)
        for column in zip(*table.train_s, strict=True):
            assert list(column) == sorted(column, reverse=True)


@pytest.mark.parametrize(
    ("hz", "percent", "rossi", "chen"),
    [
        (10.0, 120.0, 4.2, 3.2),  # a cell
        (18.0, 120.0, 1.0, 0.8),  # next higher row
        (10.0, 111.0, 4.2, 3.2),  # next higher column
        (0.5, 80.0, 1800.0, 270.0),  # below the table: its first row and column
        (10.0, 131.0, 0.0, 0.0),  # above it: nothing is allowed
        (26.0, 100.0, 0.0, 0.0),
    ],
)
def test_tables_are_read_conservatively(hz, percent, rossi, chen):
    limits = {t.name: t.limit_s(hz, percent) for t in train_tables()}
    assert limits == {"rossi2009": rossi, "chen1997": chen}


def test_screen_has_thirteen_questions_and_the_metal_limit():
    keys = [i.key for i in screen_items()]
    assert len(keys) == 14 == len(set(keys))
    assert keys[-1] == "metal_near_coil"
    stops = {i.key for i in screen_items() if i.stop}
    assert stops == {"cochlear_implant", "neurostimulator", "pacemaker", "metal_near_coil"}


def test_library_cannot_be_changed():
    with pytest.raises(TypeError):
        protocols()["itbs600"] = None
    with pytest.raises(TypeError):
        rule("pulses").numbers["highest_per_day"] = 1e9


def test_nibs_timing_of_theta_burst_has_three_layers():
    assert nibs_timing(protocol("itbs600")) == {
        "pattern1_count": 3,
        "pattern1_interval": 0.02,
        "pattern1_duration": 0.06,
        "pattern2_count": 10,
        "pattern2_interval": 0.2,
        "pattern2_duration": 2.0,
        "pattern3_count": 20,
        "pattern3_interval": 10.0,
        "pattern3_duration": 200.0,
    }


def test_nibs_timing_counts_multiply_to_the_pulses():
    for p in protocols().values():
        product = 1
        for key, value in nibs_timing(p).items():
            product *= value if key.endswith("_count") else 1
        assert product == p.pulses_per_session
