"""Multigrid and block solver: laws, steps needed, threads, refusals, convergence rates."""

import numba
import numpy as np
import pytest
from scipy.sparse import csr_array

from tests.num.manufactured import TENSOR, ball, errors, rates
from tests.tolerance import EXACT, SOLVER, Tol, assert_close
from tmsguide.errors import SolverError
from tmsguide.num.aggregation import aggregates, smoothed_prolongator
from tmsguide.num.linear_fem import assemble
from tmsguide.num.multigrid import build_multigrid, solve_potential, solve_potentials
from tmsguide.num.sparse_products import product, reordered, transpose
from tmsguide.num.tetrahedra import barycentres
from tmsguide.num.v_cycle import v_cycle, work_for


@pytest.fixture(scope="module")
def shelled():
    """A ball with a thin shell of bone between fluid and scalp: contrast 1 : 165."""
    nodes, cells = ball(4)
    radius = np.linalg.norm(barycentres(nodes, cells), axis=1)
    sigma = np.select([radius < 0.75, radius < 0.82, radius < 0.9], [0.275, 1.654, 0.01], 0.465)
    return assemble(nodes, cells, sigma).matrix


@pytest.fixture(scope="module")
def columns(shelled):
    return np.random.default_rng(1).normal(size=(shelled.shape[0], 19))


@pytest.fixture
def threads():
    """Set the number of threads; put back afterwards."""
    before = numba.get_num_threads()
    yield lambda n: numba.set_num_threads(min(n, numba.config.NUMBA_NUM_THREADS))
    numba.set_num_threads(before)


def random_sparse(rng, shape):
    dense = rng.normal(size=shape) * (rng.random(shape) < 0.2)
    return csr_array(dense), dense


def test_sparse_products_are_those_of_dense_matrices():
    rng = np.random.default_rng(2)
    (a, dense_a), (b, dense_b) = random_sparse(rng, (40, 30)), random_sparse(rng, (30, 50))
    found = product(a, b)
    assert_close(found.toarray(), dense_a @ dense_b, EXACT)
    same = csr_array((found.data, found.indices, found.indptr), shape=found.shape)
    assert same.has_sorted_indices
    assert np.array_equal(transpose(a).toarray(), dense_a.T)
    c, dense_c = random_sparse(rng, (30, 30))
    order = rng.permutation(30).astype(np.int32)
    assert np.array_equal(reordered(c, order).toarray(), dense_c[order][:, order])


def test_aggregates_hold_strong_neighbours_and_keep_constants(shelled):
    member = aggregates(shelled, 0.03)
    size = np.bincount(member[member >= 0])
    assert size.min() >= 1
    assert 6 < size.mean() < 40  # measured 17: neighbourhoods, not pairs and not everything
    up = smoothed_prolongator(shelled, member)
    assert (member >= 0).all()
    assert_close(up.sum(axis=1), np.ones(len(member)), EXACT)


def test_cycle_is_symmetric_and_positive(shelled):
    """What conjugate gradients need; to the rounding of single precision."""
    solver = build_multigrid(shelled)
    rng = np.random.default_rng(3)
    work = work_for(solver.levels, solver.coarsest, 4)
    r = rng.normal(size=(shelled.shape[0], 4))
    work.rhs[0][:] = r - r.mean(axis=0)
    z = v_cycle(solver.levels, solver.coarsest, work).astype(np.float64)
    gram = (r - r.mean(axis=0)).T @ z
    assert_close(gram, gram.T, Tol(1e-5, "single precision: measured 1e-7"))
    assert np.linalg.eigvalsh(0.5 * (gram + gram.T)).min() > 0


def test_columns_together_are_columns_alone(shelled, columns):
    solver = build_multigrid(shelled)
    together = solve_potentials(solver, columns, tolerance=1e-9)
    assert together.shape == columns.shape
    for k in (0, 15, 16, 18):
        alone = solve_potential(solver, columns[:, k], tolerance=1e-9)
        assert_close(together[:, k], alone, SOLVER)
    left = shelled @ together - (columns - columns.mean(axis=0))
    assert (np.linalg.norm(left, axis=0) <= 2e-9 * np.linalg.norm(columns, axis=0)).all()
    assert np.abs(together.mean(axis=0)).max() < 1e-12 * np.abs(together).max()
    assert solve_potentials(solver, columns[:, :0]).shape == (len(columns), 0)


def test_scale_and_silence_of_a_column_leave_the_others_alone(shelled, columns):
    """A column 1e-25 times smaller would vanish in single precision if it were not scaled."""
    solver = build_multigrid(shelled)
    b = columns[:, :3].copy()
    b[:, 1] = 0.0
    b[:, 2] = 1e-25 * b[:, 0]
    x = solve_potentials(solver, b)
    assert not x[:, 1].any()
    assert_close(1e25 * x[:, 2], x[:, 0], SOLVER)


def test_threads_do_not_change_a_bit(shelled, columns, threads):
    answers = []
    for n in (1, 2):
        threads(n)
        answers.append(solve_potentials(build_multigrid(shelled), columns[:, :3], tolerance=1e-6))
    assert np.array_equal(*answers)


@pytest.mark.parametrize("shuffle", [False, True])
def test_thin_shells_take_few_steps_in_any_order(shelled, columns, shuffle):
    n = shelled.shape[0]
    order = np.random.default_rng(4).permutation(n) if shuffle else np.arange(n)
    solver = build_multigrid(reordered(shelled, order.astype(np.int32)))
    x = solve_potential(solver, columns[order, 0], tolerance=1e-6, most_steps=16)  # measured 11
    assert np.isfinite(x).all()


def test_solver_says_what_does_not_fit(shelled):
    solver = build_multigrid(shelled)
    n = shelled.shape[0]
    with pytest.raises(SolverError, match="right-hand sides"):
        solve_potential(solver, np.ones(n - 1))
    with pytest.raises(SolverError, match="finite"):
        solve_potential(solver, np.full(n, np.nan))
    loose = shelled.copy()
    loose.data[loose.indptr[7] : loose.indptr[8]] = 0.0
    with pytest.raises(SolverError, match="1 diagonal entries"):
        build_multigrid(loose)
    with pytest.raises(SolverError, match="relative residual"):
        solve_potential(solver, np.arange(n, dtype=float), most_steps=1)


def test_a_matrix_that_is_not_positive_is_refused_and_not_looped_on():
    rows = np.array([[1.0, 2.0], [2.0, 1.0]])
    with pytest.raises(SolverError, match="relative residual"):
        solve_potential(build_multigrid(csr_array(rows)), np.array([1.0, -1.0]))


@pytest.mark.slow
def test_rates_in_a_ball_are_those_of_theory():
    found = rates()
    assert abs(found["sphere_rate_h1"][-1] - 1.0) < 0.1  # measured .974
    assert abs(found["sphere_rate_l2"][-1] - 2.0) < 0.1  # measured 1.928


def test_error_in_a_ball_is_small():
    potential, gradient = errors(*ball(3), TENSOR)
    assert potential < 0.010  # measured .0068
    assert gradient < 0.16  # measured .110
