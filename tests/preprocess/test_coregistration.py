import numpy as np
import pytest

from tests.preprocess.phantoms import BOLD, T1W, Epi, anatomy, stored
from tmsguide.errors import EngineError, QualityError
from tmsguide.model import Affine, Anatomy
from tmsguide.num.rigid import (
    inverted,
    rigid_displacement_mm,
    rigid_from_parameters,
    rotation_angle_deg,
)
from tmsguide.preprocess import coregister
from tmsguide.preprocess.alignment.fitting import fit_of, rotations_within, wide_starts

BRAIN = np.random.default_rng(0).uniform(-35, 35, (300, 3))


@pytest.fixture(scope="module")
def head():
    return anatomy()


def _truth(shift_mm, rotation_deg):
    return rigid_from_parameters(np.array([*shift_mm, *np.radians(rotation_deg)]), np.zeros(3))


def _mean(truth, **epi):
    grid = Epi(t1w_from_bold=truth, **epi)
    noise = np.random.default_rng(1).normal(0, 2, grid.shape)
    return grid.volume((grid.frame() + noise).astype(np.float32))


def _error_mm(found, truth):
    return rigid_displacement_mm(found.t1w_from_bold.matrix, truth, BRAIN).mean()


@pytest.mark.parametrize(
    ("shift_mm", "rotation_deg"),
    [((0, 0, 0), (0, 0, 0)), ((6, -7, 4), (6, -5, 6)), ((-3, 2, -9), (-10, 2, 3))],
)
def test_planted_header_errors_are_recovered(head, shift_mm, rotation_deg):
    truth = _truth(shift_mm, rotation_deg)
    found = coregister(_mean(truth), head)
    # 3.5 mm EPI with noise on a 2 mm anatomy: measured 0.09 mm
    assert _error_mm(found, truth) < 0.15
    assert found.cost < 0.5
    assert found.problems == ()
    assert found.t1w_from_bold.source == BOLD
    assert found.t1w_from_bold.target == T1W


def test_a_large_move_is_found_and_said(head):
    truth = _truth((14, -10, 9), (4, 16, -4))
    found = coregister(_mean(truth), head)
    assert _error_mm(found, truth) < 0.15  # measured 0.10
    assert found.moved_deg > 15
    assert any("from where its header places it" in problem for problem in found.problems)


def test_a_slab_is_laid_where_it_belongs(head):
    truth = _truth((2, 3, -2), (3, -2, 1))
    found = coregister(_mean(truth, shape=(38, 44, 18)), head)
    assert found.in_view < 0.9
    assert _error_mm(found, truth) < 0.25  # measured 0.13


def test_the_wide_search_ends_near_the_truth(head):
    truth = _truth((30, -20, 25), (30, -30, 20))
    fit = fit_of(_mean(truth), head)
    center = np.eye(4)
    center[:3, 3] = -truth[:3, 3]
    starts = wide_starts(fit, center)
    away = [rigid_displacement_mm(inverted(start), truth, BRAIN).mean() for start in starts]
    # the boundary search draws them in from 5 mm and more: measured 0.6 to 1.8 mm
    assert np.median(away) < 3
    turns = rotations_within(45, apart_deg=15)
    assert max(rotation_angle_deg(turn) for turn in turns) == pytest.approx(45)
    assert len(turns) == 123  # lattice points in a ball of radius 3


@pytest.mark.parametrize("seed", range(4))
def test_random_header_errors_are_recovered(head, seed):
    rng = np.random.default_rng(seed)
    way = rng.standard_normal((2, 3))
    way *= (rng.uniform((0, 0), (40, 30)) / np.linalg.norm(way, axis=1))[:, None]
    truth = _truth(*way)
    found = coregister(_mean(truth), head)
    assert _error_mm(found, truth) < 0.25  # measured 0.09 to 0.16


def _stretched(factors):
    """A person of other proportions, laid well on the first one's place."""
    return np.diag([*factors, 1.0])


@pytest.mark.slow
@pytest.mark.parametrize("factors", [(1.12, 0.9, 1), (0.9, 1, 1.12)])
def test_another_persons_scan_is_refused(head, factors):
    with pytest.raises(QualityError, match="same person"):
        coregister(_mean(_stretched(factors)), head)


def test_a_slightly_other_shape_is_a_doubt_in_words(head):
    found = coregister(_mean(_stretched((1.105, 0.915, 1))), head)
    assert 1.3 < found.halves_mm < 1.8  # measured 1.46; 0.22 of the right head
    assert any("parts of the brain's edge" in problem for problem in found.problems)


def test_a_mirrored_scan_is_refused_and_called_so(head):
    with pytest.raises(QualityError, match="left and right are swapped"):
        coregister(_mean(np.diag([-1.0, 1, 1, 1])), head)


def test_a_scan_without_brain_edge_in_view_is_refused(head):
    with pytest.raises(QualityError, match="could not be laid"):
        coregister(_mean(np.eye(4), shape=(38, 44, 5)), head)


@pytest.mark.parametrize(("axes", "flips"), [((0, 1, 2), (0,)), ((2, 0, 1), (1, 2))])
def test_the_place_is_the_same_however_voxels_are_stored(head, axes, flips):
    truth = _truth((6, -7, 4), (6, -5, 6))
    mean = _mean(truth)
    first = coregister(mean, head)
    again = coregister(stored(mean, axes, flips), head)
    other = Anatomy(
        stored(head.t1w, axes, flips),
        stored(head.labels, axes, flips),
        stored(head.probability, axes, flips),
        stored(head.brain_mask, axes, flips),
    )
    t1w = coregister(mean, other)
    # the edge's pairs are thinned in storage order: measured 0.007 mm
    for found in (again, t1w):
        away = rigid_displacement_mm(found.t1w_from_bold.matrix, first.t1w_from_bold.matrix, BRAIN)
        assert away.max() < 0.03


def test_noise_is_refused(head):
    grid = Epi()
    noise = np.random.default_rng(2).uniform(50, 150, grid.shape).astype(np.float32)
    with pytest.raises(QualityError, match="could not be laid on the T1w"):
        coregister(grid.volume(noise), head)


def test_the_engine_is_asked_only_in_doubt(head):
    asked = []

    def engine(fixed, moving, *, initial, dof):
        asked.append((fixed.frame, moving.frame, dof))
        return Affine(initial.matrix, source=moving.frame, target=fixed.frame)

    sure = coregister(_mean(_truth((2, 1, 0), (2, 0, 1))), head, linear=engine)
    assert asked == []
    assert "mutual information" not in [start.name for start in sure.starts]
    doubtful = _mean(_stretched((1.105, 0.915, 1)))
    found = coregister(doubtful, head, linear=engine)
    assert "mutual information" in [start.name for start in found.starts]
    assert asked == [(T1W, BOLD, 6)]


def test_an_engine_that_fails_is_no_harm(head):
    def broken(fixed, moving, *, initial, dof):
        raise EngineError("no")

    doubtful = _mean(_stretched((1.105, 0.915, 1)))
    assert coregister(doubtful, head, linear=broken).cost < 0.5
