"""Linear elements, patch recovery, potential solver: laws, closed forms, another program."""

import numba
import numpy as np
import pytest
import skfem
from skfem.helpers import dot, grad

from tests.tolerance import EXACT, SOLVER, Tol, assert_close
from tmsguide.errors import SolverError
from tmsguide.num.linear_fem import (
    assemble,
    couple,
    couple_adjoint,
    gradient,
    stiffness,
    weak_divergence,
)
from tmsguide.num.multigrid import build_multigrid, solve_potential
from tmsguide.num.recovery import patch_recovery, recovered_gradient
from tmsguide.num.tetrahedra import barycentres, cells_of_nodes, volumes

LINEAR = Tol(2e-2, "the ridge on slopes: measured 7e-3")


def cube(n):
    """Nodes and positive tetrahedra of the unit cube, shaken inside so no symmetry helps."""
    grid = np.linspace(0, 1, n + 1)
    mesh = skfem.MeshTet.init_tensor(grid, grid, grid)
    nodes, cells = mesh.p.T.copy(), mesh.t.T.astype(np.int64)
    inner = ((nodes > 0.01) & (nodes < 0.99)).all(axis=1)
    shake = np.random.default_rng(5).uniform(-0.12 / n, 0.12 / n, nodes.shape)
    nodes[inner] += shake[inner]
    flipped = volumes(nodes, cells) < 0
    cells[flipped] = cells[flipped][:, [1, 0, 2, 3]]
    return nodes, np.ascontiguousarray(cells)


@pytest.fixture(scope="module")
def mesh():
    nodes, cells = cube(5)
    sigma = np.random.default_rng(0).uniform(0.01, 2.0, len(cells))
    return nodes, cells, sigma


def test_stiffness_is_symmetric_and_blind_to_constants(mesh):
    nodes, cells, sigma = mesh
    K = stiffness(nodes, cells, sigma)
    assert abs(K - K.T).max() <= 1e-15 * K.diagonal().max()
    assert_close(K @ np.ones(len(nodes)), np.zeros(len(nodes)), EXACT, scale=K.diagonal().max())


def test_stiffness_is_scikit_fems(mesh):
    nodes, cells, sigma = mesh
    basis = skfem.Basis(skfem.MeshTet(nodes.T, cells.T), skfem.ElementTetP1())

    @skfem.BilinearForm
    def form(u, v, w):
        return w.sigma * dot(grad(u), grad(v))

    theirs = form.assemble(basis, sigma=np.tile(sigma[:, None], (1, basis.X.shape[1])))
    assert_close(stiffness(nodes, cells, sigma).toarray(), theirs.toarray(), EXACT)


def test_weak_divergence_is_the_adjoint_of_gradient(mesh):
    nodes, cells, sigma = mesh
    rng = np.random.default_rng(2)
    u, v = rng.normal(size=len(nodes)), rng.normal(size=(len(cells), 3))
    left = (gradient(nodes, cells, u) * v).sum()
    assert_close(left, weak_divergence(nodes, cells, v) @ u, EXACT, scale=np.abs(v).sum())
    flux = (sigma * volumes(nodes, cells))[:, None] * gradient(nodes, cells, u)
    assert_close(weak_divergence(nodes, cells, flux), stiffness(nodes, cells, sigma) @ u, EXACT)


def random_tensors(n):
    """Positive definite conductivities (n, 3, 3)."""
    root = np.random.default_rng(6).normal(size=(n, 3, 3))
    return root @ root.swapaxes(1, 2) + 0.1 * np.eye(3)


def test_stiffness_of_tensors_is_scikit_fems(mesh):
    nodes, cells, sigma = mesh
    tensor = random_tensors(len(cells))
    basis = skfem.Basis(skfem.MeshTet(nodes.T, cells.T), skfem.ElementTetP1())

    @skfem.BilinearForm
    def form(u, v, w):
        return np.einsum("ijeq,jeq,ieq->eq", w.sigma, grad(u), grad(v))

    at_points = np.tile(tensor.transpose(1, 2, 0)[..., None], (1, 1, 1, basis.X.shape[1]))
    theirs = form.assemble(basis, sigma=at_points)
    assert_close(assemble(nodes, cells, sigma, tensor).matrix.toarray(), theirs.toarray(), EXACT)
    assert assemble(nodes, cells, sigma).matrix.indices.dtype == np.int32


def test_coupling_is_the_weak_divergence_of_cell_means(mesh):
    nodes, cells, sigma = mesh
    a = np.random.default_rng(7).normal(size=(len(nodes), 3, 4))
    mean = a[cells].mean(axis=1)
    volume = volumes(nodes, cells)[:, None]
    tensor = random_tensors(len(cells))
    for assembled, flux in (
        (assemble(nodes, cells, sigma), sigma[:, None, None] * mean),
        (assemble(nodes, cells, sigma, tensor), tensor @ mean),
    ):
        want = [weak_divergence(nodes, cells, volume * flux[..., k]) for k in range(4)]
        assert_close(couple(assembled, a), np.stack(want, axis=1), EXACT)
        assert_close(couple(assembled, a[..., 1]), want[1], EXACT)


def test_coupling_adjoint_is_its_transpose(mesh):
    nodes, cells, _ = mesh
    assembled = assemble(nodes, cells, np.ones(len(cells)), random_tensors(len(cells)))
    rng = np.random.default_rng(8)
    a, u = rng.normal(size=(len(nodes), 3, 2)), rng.normal(size=(len(nodes), 5))
    left = np.einsum("nk,nl->kl", couple(assembled, a), u)
    right = np.einsum("ndk,ndl->kl", a, couple_adjoint(assembled, u))
    assert_close(left, right, Tol(1e-13, "measured 3e-15"))
    assert np.array_equal(couple_adjoint(assembled, u[:, 2]), couple_adjoint(assembled, u)[..., 2])


def test_threads_do_not_change_a_bit(mesh):
    nodes, cells, sigma = mesh
    u = np.random.default_rng(8).normal(size=len(nodes))
    region = (barycentres(nodes, cells)[:, 0] > 0.5).astype(np.uint8)
    chosen = np.arange(3, len(cells), 17)
    answers = []
    before = numba.get_num_threads()
    try:
        for threads in (1, min(2, before)):
            numba.set_num_threads(threads)
            assembled = assemble(nodes, cells, sigma)
            recover = patch_recovery(nodes, cells, region)
            rows = recovered_gradient(recover, nodes, cells, chosen)
            answers.append(
                [
                    *(assembled.matrix.indices, assembled.matrix.data, assembled.coupling),
                    couple_adjoint(assembled, u),
                    recover(gradient(nodes, cells, u)),
                    rows @ u,
                ]
            )
    finally:
        numba.set_num_threads(before)
    for one, two in zip(*answers, strict=True):
        assert np.array_equal(one, two)


def test_a_linear_potential_is_solved_exactly(mesh):
    nodes, cells, _ = mesh
    sigma = np.full(len(cells), 0.33)
    slope = np.array([1.0, -2.0, 0.5])
    flux = (sigma * volumes(nodes, cells))[:, None] * slope
    solver = build_multigrid(stiffness(nodes, cells, sigma))
    u = solve_potential(solver, weak_divergence(nodes, cells, flux), tolerance=1e-10)
    assert_close(u, (nodes - nodes.mean(axis=0)) @ slope, Tol(1e-8, "solved to 1e-10"))
    assert_close(gradient(nodes, cells, u), np.tile(slope, (len(cells), 1)), Tol(1e-8, "as above"))


def manufactured(n):
    """Errors of potential, gradient and recovered gradient for u = cos πx cos πy cos πz."""
    nodes, cells = cube(n)
    volume = volumes(nodes, cells)
    centre = barycentres(nodes, cells)

    def exact(p):
        return np.cos(np.pi * p).prod(axis=1)

    def slope(p):
        c, s = np.cos(np.pi * p), np.sin(np.pi * p)
        return -np.pi * np.stack(
            [
                s[:, 0] * c[:, 1] * c[:, 2],
                c[:, 0] * s[:, 1] * c[:, 2],
                c[:, 0] * c[:, 1] * s[:, 2],
            ],
            axis=1,
        )

    basis = skfem.Basis(skfem.MeshTet(nodes.T, cells.T), skfem.ElementTetP1(), intorder=4)

    @skfem.LinearForm
    def load(v, w):
        return (
            3
            * np.pi**2
            * np.cos(np.pi * w.x[0])
            * np.cos(np.pi * w.x[1])
            * np.cos(np.pi * w.x[2])
            * v
        )

    solver = build_multigrid(stiffness(nodes, cells, np.ones(len(cells))))
    u = solve_potential(solver, load.assemble(basis))
    mass = np.bincount(cells.ravel(), np.repeat(volume / 4, 4))
    want = exact(nodes)
    got = u - (mass @ (u - want)) / mass.sum()
    raw = gradient(nodes, cells, u)
    smooth = patch_recovery(nodes, cells, np.zeros(len(cells), np.uint8))(raw)

    def size(v):
        return np.sqrt((volume[:, None] * (v - slope(centre)) ** 2).sum())

    return np.sqrt(mass @ (got - want) ** 2), size(raw), size(smooth)


def test_potential_and_gradient_converge_at_the_known_rates():
    errors = np.array([manufactured(n) for n in (4, 8, 16)])
    potential, _, smooth = np.log2(errors[:-1] / errors[1:]).T
    assert abs(potential[-1] - 2.0) < 0.1  # measured 1.97
    assert smooth[-1] > 1.4  # measured 1.6: superconvergent where raw gives 1
    assert errors[-1, 2] < 0.6 * errors[-1, 1]  # and better in size


def test_recovery_keeps_constants_and_nearly_keeps_linear_fields(mesh):
    nodes, cells, _ = mesh
    region = (barycentres(nodes, cells)[:, 0] > 0.5).astype(np.uint8)
    recover = patch_recovery(nodes, cells, region)
    jump = np.where(region[:, None] == 1, [[5.0, 0, 0]], [[1.0, 2.0, 0]])
    assert_close(recover(jump), jump, EXACT)  # nothing leaks over the border
    line = barycentres(nodes, cells) @ np.array([[1.0, 0, 2], [0, 3, 0], [1, 1, 1]])
    inner = (np.abs(barycentres(nodes, cells) - [0.75, 0.5, 0.5]) < [0.15, 0.3, 0.3]).all(axis=1)
    assert inner.sum() > 20
    assert_close(recover(line)[inner], line[inner], LINEAR)


def test_recovery_adjoint_is_its_transpose(mesh):
    nodes, cells, _ = mesh
    recover = patch_recovery(nodes, cells, np.zeros(len(cells), np.uint8))
    rng = np.random.default_rng(3)
    weight, value = rng.normal(size=len(cells)), rng.normal(size=(len(cells), 3))
    assert_close(recover.adjoint(weight) @ value, weight @ recover(value), EXACT, scale=10.0)
    start, _ = cells_of_nodes(cells, len(nodes))
    assert recover.patch.nnz == start[-1]


def test_recovered_gradient_is_recovery_after_gradient(mesh):
    nodes, cells, _ = mesh
    region = (barycentres(nodes, cells)[:, 0] > 0.5).astype(np.uint8)
    recover = patch_recovery(nodes, cells, region)
    rng = np.random.default_rng(9)
    u = rng.normal(size=len(nodes))
    chosen = rng.permutation(len(cells))[:40]
    want = recover(gradient(nodes, cells, u))[chosen]
    rows = recovered_gradient(recover, nodes, cells, chosen)
    assert rows.shape == (120, len(nodes))
    assert_close((rows @ u).reshape(-1, 3), want, EXACT)
    corner = np.eye(4)[rng.integers(0, 4, 40)]
    at_patch = recover.patch @ gradient(nodes, cells, u)
    got = recovered_gradient(recover, nodes, cells, chosen, weights=corner) @ u
    assert_close(got.reshape(-1, 3), at_patch[recover.row[chosen][corner > 0]], EXACT)


def test_solver_meets_its_tolerance_repeats_and_leaves_global_randomness_alone(mesh):
    nodes, cells, sigma = mesh
    K = stiffness(nodes, cells, sigma)
    b = np.random.default_rng(4).normal(size=len(nodes))
    before = np.random.get_state()[1].copy()  # noqa: NPY002 - the global state is what is tested
    x = solve_potential(build_multigrid(K), b, tolerance=1e-9)
    assert np.array_equal(before, np.random.get_state()[1])  # noqa: NPY002
    assert np.array_equal(x, solve_potential(build_multigrid(K), b, tolerance=1e-9))
    assert_close(K @ x, b - b.mean(), SOLVER)
    assert abs(x.mean()) < 1e-12 * np.abs(x).max()
    assert not solve_potential(build_multigrid(K), np.ones(len(nodes))).any()


def test_solver_refuses_to_stop_early(mesh):
    nodes, cells = cube(9)  # more nodes than the coarsest level may have
    sigma = np.ones(len(cells))
    b = np.random.default_rng(4).normal(size=len(nodes))
    with pytest.raises(SolverError, match="relative residual"):
        solve_potential(build_multigrid(stiffness(nodes, cells, sigma)), b, most_steps=2)
