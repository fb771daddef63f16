"""The whole chain on a phantom whose connectivity, motion and header error are planted."""

import dataclasses

import numpy as np
import pytest

from tests.preprocess.phantoms import SIGNAL, T1W, Epi, anatomy, tissue
from tests.tolerance import STORED, assert_close
from tmsguide.errors import FrameError, InputError, QualityError
from tmsguide.model import BoldSettings, Points, Prepared, Scan, ScanVerdict, Volume
from tmsguide.num.rigid import rigid_displacement_mm, rigid_from_parameters
from tmsguide.preprocess import Person, RawRun, clean_prepared, clean_runs

FRAMES = 170
SEED = Points(np.array([[9.0, 45.2, -18.1]]), T1W)
SITE_MM = np.array([-29.4, 23.9, 20.2])  # left
SETTINGS = BoldSettings(grid_mm=3.0, fwhm_mm=4.0)
PERSON = Person(SEED)


def clean_one(scan, head, **options):
    """One raw run of one echo through the chain."""
    return clean_runs([RawRun("rest", (scan,))], head, PERSON, settings=SETTINGS, **options)


def prepared(scan, confounds, **more):
    """A scan that lies in T1w space already."""
    return Prepared(
        tr_s=2.0,
        origin="another program",
        scan=scan,
        confounds=confounds,
        metadata=scan.metadata,
        **more,
    )


def _course(rng):
    """A course (FRAMES,) within the band."""
    k = np.arange(12, 60)
    waves = np.cos(np.pi * k * (np.arange(FRAMES)[:, None] + 0.5) / FRAMES)
    course = waves @ rng.normal(size=len(k))
    return course / course.std()


def _signal(xyz, change, everywhere=0.0):
    """Signal (V,): cortex follows ``change`` round the seed and its negative round the site.

    ``everywhere`` is common to all cortex: the global signal.
    """
    near = np.exp(-0.5 * ((xyz - SEED.xyz_mm) ** 2).sum(axis=1) / 64)
    site = np.exp(-0.5 * ((xyz - SITE_MM) ** 2).sum(axis=1) / 64)
    parts = tissue(xyz)
    cortex = 0.03 * change * (near - site) * parts[:, 1]
    return (parts @ SIGNAL) * (1 + cortex + everywhere * parts[:, 1])


@dataclasses.dataclass
class Planted:
    scan: Scan
    t1w_from_bold: np.ndarray
    motion: np.ndarray
    jumps: tuple


@pytest.fixture(scope="module")
def head():
    return anatomy()


@pytest.fixture(scope="module")
def planted():
    rng = np.random.default_rng(8)
    truth = rigid_from_parameters(np.array([3, -4, 2, 0.03, -0.02, 0.05]), np.zeros(3))
    epi = Epi(shape=(34, 40, 30), voxel_mm=3.8, t1w_from_bold=truth)
    drift = rng.normal(0, 0.02, (FRAMES, 6)).cumsum(axis=0) * [1, 1, 1, 0.01, 0.01, 0.01]
    jumps = (60, 61, 120)
    drift[list(jumps), 2] += 1.5
    course = _course(rng)
    scanner = np.sin(np.arange(FRAMES) / 3.0)
    frames = []
    for t in range(FRAMES):
        xyz = epi.places(rigid_from_parameters(drift[t], np.zeros(3)))
        signal = _signal(xyz, course[t], 0.01 * scanner[t]) + rng.normal(0, 0.7, len(xyz))
        frames.append(signal.reshape(epi.shape))
    scan = epi.scan(frames, TaskName="oneback")
    return Planted(scan, truth, drift, jumps)


@pytest.fixture(scope="module")
def cleaned(planted, head):
    phrases = []
    out = clean_one(planted.scan, head, progress=phrases.append)
    assert len(phrases) == 6
    return out


def _near(clean, place_mm):
    return clean.gm & (np.linalg.norm(clean.denoised.where.xyz_mm - place_mm, axis=1) < 8)


def _r(clean, place_mm):
    series = clean.denoised.series
    return np.corrcoef(
        series[:, _near(clean, SEED.xyz_mm)].mean(axis=1),
        series[:, _near(clean, place_mm)].mean(axis=1),
    )[0, 1]


def test_the_planted_anticorrelation_is_found_on_its_side(cleaned):
    assert _r(cleaned, SITE_MM) < -0.97  # measured -0.998
    assert abs(_r(cleaned, SITE_MM * [-1, 1, 1])) < 0.5  # mirrored, right: nothing planted


def test_header_error_and_motion_are_found(cleaned, planted):
    brain = np.random.default_rng(0).uniform(-35, 35, (200, 3))
    error = rigid_displacement_mm(cleaned.runs[0].t1w_from_bold, planted.t1w_from_bold, brain)
    assert error.mean() < 0.25  # measured 0.15 of 3.8 mm voxels
    change = np.diff(cleaned.motion, axis=0) - np.diff(planted.motion, axis=0)
    # measured 0.022 mm and 0.059 degrees, jumps of 1.5 mm included
    assert np.abs(change[:, :3]).max() < 0.05
    assert np.degrees(np.abs(change[:, 3:])).max() < 0.1


def test_jumps_are_dropped_and_said(cleaned, planted):
    dropped = np.flatnonzero(~cleaned.denoised.kept)
    # into and out of each stretch; frame 61 lies alone between two jumps
    assert dropped.tolist() == [60, 61, 62, 120, 121]
    assert cleaned.fd_mm[60] > 1.2
    assert cleaned.denoised.quality.max_fd_mm == cleaned.fd_mm.max()


def test_shapes_and_scales(cleaned):
    denoised, count = cleaned.denoised, len(cleaned.denoised.where)
    kept = int(denoised.kept.sum())
    assert denoised.series.shape == (kept, count)
    assert denoised.series.dtype == np.float32
    assert denoised.kept.shape == cleaned.fd_mm.shape == cleaned.dvars.shape == (FRAMES,)
    assert cleaned.gm.shape == (count,)
    assert 0.1 < cleaned.gm.mean() < 0.6
    assert denoised.where.frame == cleaned.mean_bold.frame == T1W
    assert_close((denoised.series.astype(float) ** 2).mean(axis=0), np.ones(count), STORED)
    assert cleaned.carpet.shape == (FRAMES, 300)
    assert denoised.tr_s == 2.0


def test_both_with_and_without_global_signal(cleaned):
    without = cleaned.other_global
    assert without.series.shape == cleaned.denoised.series.shape
    assert without.quality.dof == cleaned.denoised.quality.dof + 1
    shared = without.series.mean(axis=1)
    left = cleaned.denoised.series.mean(axis=1)
    assert left.std() < 0.05 * shared.std()  # measured 0.013
    assert cleaned.confound_names[-1] == "global_signal"


def test_a_short_task_run_works_and_is_flagged(cleaned):
    quality = cleaned.denoised.quality
    assert quality.verdict is ScanVerdict.CAUTION
    words = " ".join(quality.problems)
    assert "short" in words
    assert "task run (oneback), not rest" in words
    assert quality.seed_coverage > 0.9
    assert 20 <= quality.dof < 60


def test_preprocessed_data_give_the_same_answer(planted, head):
    """The phantom resampled by another route into T1w space, with its true motion."""
    still = Epi(shape=(34, 40, 30), voxel_mm=3.8)
    rng = np.random.default_rng(8)
    rng.normal(0, 0.02, (FRAMES, 6))
    course = _course(rng)
    xyz = still.places(np.eye(4))
    data = np.stack([_signal(xyz, c) + rng.normal(0, 0.7, len(xyz)) for c in course], axis=1)
    volume = Volume(data.reshape(*still.shape, FRAMES), still.bold_from_voxel, T1W)
    names = ("trans_x", "trans_y", "trans_z", "rot_x", "rot_y", "rot_z")
    table = dict(zip(names, planted.motion.T, strict=True))
    table["framewise_displacement"] = np.full(FRAMES, 0.1)
    table["framewise_displacement"][0] = np.nan  # as fMRIPrep writes it
    table["non_steady_state_outlier00"] = (np.arange(FRAMES) == 0).astype(float)
    scan = Scan(volume, tr_s=2.0, metadata={"TaskName": "rest"})
    out = clean_prepared([prepared(scan, table)], head, PERSON, settings=SETTINGS)
    assert out.runs[0].t1w_from_bold is None
    assert np.isnan(out.denoised.quality.coregistration_cost)
    assert np.flatnonzero(~out.denoised.kept).tolist() == [0]
    assert _r(out, SITE_MM) < -0.9


def test_bright_first_frames_are_dropped_and_said(planted, head):
    """Two frames before steady magnetisation."""
    data = planted.scan.volume.data[..., :150].copy()
    data[..., 0] *= 1.3
    data[..., 1] *= 1.08
    scan = dataclasses.replace(
        planted.scan, volume=dataclasses.replace(planted.scan.volume, data=data)
    )
    out = clean_one(scan, head)
    assert not out.denoised.kept[:2].any()
    assert out.denoised.kept[2:10].all()
    assert any("first 2 frames" in problem for problem in out.denoised.quality.problems)


def test_two_runs_are_joined(planted, head, cleaned):
    """The same run twice: twice the frames, each half as it was alone."""
    runs = [RawRun(name, (planted.scan,)) for name in ("run-1", "run-2")]
    out = clean_runs(runs, head, PERSON, settings=SETTINGS)
    alone = cleaned.denoised.series
    assert out.denoised.run_frames == (len(alone), len(alone))
    assert [run.name for run in out.runs] == ["run-1", "run-2"]
    assert_close(out.denoised.series[len(alone) :], alone, STORED)
    assert_close(out.denoised.series[: len(alone)], alone, STORED)
    assert out.denoised.kept.shape == out.fd_mm.shape == (2 * FRAMES,)
    whole, half = out.denoised.quality, cleaned.denoised.quality
    assert whole.usable_s == 2 * half.usable_s
    assert whole.dof == 2 * half.dof


def test_a_run_that_cannot_be_used_is_left_out_and_named(planted, head, cleaned):
    short = dataclasses.replace(
        planted.scan,
        volume=dataclasses.replace(planted.scan.volume, data=planted.scan.volume.data[..., :40]),
    )
    runs = [RawRun("run-1", (short,)), RawRun("run-2", (planted.scan,))]
    out = clean_runs(runs, head, PERSON, settings=SETTINGS)
    assert [run.name for run in out.runs] == ["run-2"]
    assert_close(out.denoised.series, cleaned.denoised.series, STORED)
    assert any("run-1 was left out" in problem for problem in out.denoised.quality.problems)


def test_of_different_repetition_times_the_one_with_most_minutes_is_taken(planted, head, cleaned):
    other = dataclasses.replace(planted.scan, tr_s=1.5, metadata={})
    runs = [RawRun("run-1", (other,)), RawRun("run-2", (planted.scan,))]
    out = clean_runs(runs, head, PERSON, settings=SETTINGS)
    assert [run.name for run in out.runs] == ["run-2"]
    assert_close(out.denoised.series, cleaned.denoised.series, STORED)
    assert any("run-1 was left out" in problem for problem in out.denoised.quality.problems)


def test_what_came_denoised_is_not_denoised_again(head, cleaned):
    """Our own cleaned grey matter, given back as another program's."""
    where = cleaned.denoised.where
    given = Prepared(
        tr_s=2.0,
        origin="another program",
        series=np.ascontiguousarray(cleaned.denoised.series[:, cleaned.gm]),
        where=Points(where.xyz_mm[cleaned.gm], where.frame),
        denoised=True,
    )
    out = clean_prepared([given], head, PERSON, settings=SETTINGS)
    assert out.other_global is None
    assert _r(out, SITE_MM) < -0.97
    assert abs(_r(out, SITE_MM * [-1, 1, 1])) < 0.5
    assert any("came denoised" in words for words in out.denoised.quality.problems)


def test_wrong_frames_are_refused(planted, head):
    wrong = Points(np.zeros((1, 3)), planted.scan.volume.frame)
    run = RawRun("rest", (planted.scan,))
    with pytest.raises(FrameError, match="the seed is in sub-phantom/bold"):
        clean_runs([run], head, Person(wrong))
    names = ("trans_x", "trans_y", "trans_z", "rot_x", "rot_y", "rot_z")
    still = {name: np.zeros(FRAMES) for name in names}
    with pytest.raises(FrameError, match="space-T1w"):
        clean_prepared([prepared(planted.scan, still)], head, PERSON)
    with pytest.raises(InputError, match="one point"):
        clean_runs([run], head, Person(Points(np.zeros((2, 3)), T1W)))


def test_a_confounds_table_must_fit(planted, head):
    scan = dataclasses.replace(
        planted.scan, volume=dataclasses.replace(planted.scan.volume, frame=T1W)
    )
    with pytest.raises(InputError, match="lacks trans_x"):
        clean_prepared([prepared(scan, {})], head, PERSON)
    names = ("trans_x", "trans_y", "trans_z", "rot_x", "rot_y", "rot_z")
    with pytest.raises(InputError, match="has 3 values"):
        clean_prepared([prepared(scan, {n: np.zeros(3) for n in names})], head, PERSON)


def test_a_restless_scan_is_refused_before_the_long_work(planted, head):
    said = []
    strict = dataclasses.replace(SETTINGS, fd_limit_mm=0.001)
    with pytest.raises(QualityError, match="minutes"):
        clean_runs(
            [RawRun("rest", (planted.scan,))],
            head,
            PERSON,
            settings=strict,
            progress=said.append,
        )
    assert said == ["estimating head motion"]
