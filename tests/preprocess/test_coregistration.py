import numpy as np
import pytest

from tests.preprocess.phantoms import BOLD, T1W, Epi, anatomy
from tmsguide.errors import EngineError, QualityError
from tmsguide.model import Affine
from tmsguide.num.rigid import rigid_displacement_mm, rigid_from_parameters
from tmsguide.preprocess import coregister

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

    def broken(fixed, moving, *, initial, dof):
        raise EngineError("no")

    sure = coregister(_mean(_truth((2, 1, 0), (2, 0, 1))), head, linear=engine)
    assert asked == []
    assert "mutual information" not in [start.name for start in sure.starts]
    far = _mean(_truth((14, -10, 9), (4, 16, -4)))
    assert "mutual information" in [s.name for s in coregister(far, head, linear=engine).starts]
    assert asked == [(T1W, BOLD, 6)]
    assert coregister(far, head, linear=broken).cost < 0.5
