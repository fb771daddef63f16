"""Laws that hold for every protocol, dose, age and answer."""

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from tmsguide.model import Subject, Verdict
from tmsguide.therapy import check, dose, protocol, protocols, screen_items, worst

ORDER = (Verdict.ALLOW, Verdict.WARN, Verdict.FORBID)
names = st.sampled_from(sorted(protocols()))
ages = st.one_of(st.none(), st.floats(5, 90))
doses = st.floats(40, 150)


@st.composite
def some_protocols(draw):
    """A library protocol, often changed a little, sometimes renamed."""
    p = protocol(draw(names))
    return replace(
        p,
        name=draw(st.sampled_from([p.name, p.name, "own"])),
        bursts_per_train=max(1, p.bursts_per_train + draw(st.integers(-30, 30))),
        trains=max(1, p.trains + draw(st.integers(-5, 5))),
        inter_train_s=draw(st.sampled_from([p.inter_train_s, 0.5, 3.0, 6.0, 30.0])),
        sessions_per_day=max(1, p.sessions_per_day + draw(st.integers(-2, 2))),
        days=max(1, p.days + draw(st.integers(-3, 3))),
    )


harsher = st.fixed_dictionaries(
    {
        "bursts_per_train": st.integers(0, 60),
        "trains": st.integers(0, 60),
        "sessions_per_day": st.integers(0, 9),
        "days": st.integers(0, 30),
    }
)


def gravity(p, subject, percent):
    return ORDER.index(worst(check(p, subject, dose_percent_rmt=percent)))


@settings(max_examples=300, deadline=None)
@given(some_protocols(), ages, doses, harsher, st.floats(0, 60))
def test_more_pulses_or_intensity_never_make_it_safer(p, age, percent, more, stronger):
    subject = Subject("01", age_years=age)
    heavier = replace(p, **{k: getattr(p, k) + v for k, v in more.items()})
    assert gravity(heavier, subject, percent + stronger) >= gravity(p, subject, percent)


@settings(max_examples=150, deadline=None)
@given(some_protocols(), ages, doses)
def test_each_rule_alone_never_gets_milder_with_intensity(p, age, percent):
    subject = Subject("01", age_years=age)
    low = {f.rule: f.verdict for f in check(p, subject, dose_percent_rmt=percent)}
    high = {f.rule: f.verdict for f in check(p, subject, dose_percent_rmt=percent + 10)}
    for rule, verdict in low.items():
        assert ORDER.index(high[rule]) >= ORDER.index(verdict)


@settings(max_examples=100, deadline=None)
@given(some_protocols(), doses, st.floats(0, 10))
def test_shorter_pauses_never_make_it_safer(p, percent, less):
    subject = Subject("01", age_years=30.0)
    denser = replace(p, inter_train_s=max(0.0, p.inter_train_s - less))
    assert gravity(denser, subject, percent) >= gravity(p, subject, percent)


@settings(max_examples=100, deadline=None)
@given(st.sets(st.sampled_from([i.key for i in screen_items()])), names)
def test_more_yes_answers_never_make_it_safer(yes, name):
    p, subject = protocol(name), Subject("01", age_years=30.0)
    answers = {i.key: False for i in screen_items()}

    def grave(answers):
        found = check(p, subject, dose_percent_rmt=80.0, screening=answers)
        return ORDER.index(worst(found))

    assert grave(answers | dict.fromkeys(yes, True)) >= grave(answers)


@settings(max_examples=150, deadline=None)
@given(some_protocols(), ages, doses)
def test_every_finding_has_words_and_a_source_and_repeats(p, age, percent):
    subject = Subject("01", age_years=age)
    found = check(p, subject, dose_percent_rmt=percent)
    assert found == check(p, subject, dose_percent_rmt=percent)
    assert len({f.rule for f in found}) == len(found)
    for f in found:
        assert f.reference.strip()
        assert f.reason.strip()
        assert isinstance(f.verified, bool)


@settings(max_examples=200, deadline=None)
@given(names, st.floats(20, 100), st.floats(10, 30), st.floats(10, 30), st.floats(0.3, 3.0))
def test_no_dose_is_ever_above_the_cap(name, rmt, target_mm, motor_mm, ratio):
    p = protocol(name)
    d = dose(
        p,
        rmt_percent_mso=rmt,
        depth_target_mm=target_mm,
        depth_m1_mm=motor_mm,
        slope_percent_mso_per_mm=0.9,
        e_field_ratio=ratio,
    )
    cap = p.intensity_cap_percent_rmt * (1 + 1e-12)
    assert d.percent_rmt <= cap
    assert d.adjusted_percent_rmt is None or d.adjusted_percent_rmt <= cap
    assert d.percent_rmt == p.intensity_percent_rmt  # neither depth nor field change it
