"""Convergence rates against a manufactured solution; also what the benchmark prints."""

import numpy as np
import skfem
from skfem.helpers import dot

from tmsguide.num.linear_fem import assemble, gradient
from tmsguide.num.multigrid import build_multigrid, solve_potential
from tmsguide.num.tetrahedra import volumes

__all__ = ["ball", "errors", "rates"]

WAVE = np.array([[1.0, -0.5, 0.25], [0.25, 0.75, -0.5]])
TENSOR = np.array([[1.2, 0.3, 0.1], [0.3, 0.7, -0.2], [0.1, -0.2, 0.9]])


def potential(x):
    """A smooth u (...,) at points x (3, ...), not symmetric in any axis."""
    a, b = np.tensordot(WAVE, x, axes=1)
    return np.sin(a) * np.cos(b)


def slope(x):
    """Gradient (3, ...) of `potential`."""
    a, b = np.tensordot(WAVE, x, axes=1)
    return np.multiply.outer(WAVE[0], np.cos(a) * np.cos(b)) - np.multiply.outer(
        WAVE[1], np.sin(a) * np.sin(b)
    )


def errors(nodes, cells, tensor):
    """L2 errors of potential and gradient for one conductivity tensor (3, 3) everywhere.

    The weak form's right side is ∫ tensor ∇u · ∇v itself, by quadrature of degree four: it carries
    source and outer flux together, so any body will do and no boundary has to be described.
    """
    basis = skfem.Basis(skfem.MeshTet(nodes.T, cells.T), skfem.ElementTetP1(), intorder=4)

    @skfem.LinearForm
    def load(v, w):
        return dot(np.tensordot(tensor, slope(w.x), axes=1), v.grad)

    assembled = assemble(
        nodes, cells, np.ones(len(cells)), np.broadcast_to(tensor, (len(cells), 3, 3))
    )
    u = solve_potential(build_multigrid(assembled.matrix), load.assemble(basis), tolerance=1e-10)
    found = basis.interpolate(u)
    x, dx = basis.global_coordinates(), basis.dx
    miss = found - potential(x)
    miss = miss - (miss * dx).sum() / dx.sum()
    steep = gradient(nodes, cells, u).T[:, :, None] - slope(x)
    return np.sqrt((miss**2 * dx).sum()), np.sqrt((steep**2 * dx).sum())


def ball(refinements):
    """Nodes and positive tetrahedra of a unit ball: a halved octahedron, blown up radially."""
    corners = np.vstack([np.zeros(3), np.eye(3), -np.eye(3)])
    octants = np.stack(np.meshgrid(0, [1, 4], [2, 5], [3, 6]), axis=-1).reshape(-1, 4)
    mesh = skfem.MeshTet(corners.T.copy(), octants.T.copy()).refined(refinements)
    nodes, cells = mesh.p.T.copy(), np.ascontiguousarray(mesh.t.T.astype(np.int64))
    taxi, length = np.abs(nodes).sum(axis=1), np.linalg.norm(nodes, axis=1)
    nodes *= np.divide(taxi, length, out=np.ones(len(nodes)), where=length > 0)[:, None]
    flipped = volumes(nodes, cells) < 0
    cells[flipped] = cells[flipped][:, [1, 0, 2, 3]]
    return nodes, cells


def rates(tensor=TENSOR):
    """Orders of convergence (h to h/2, twice) in a ball: of the potential and of its gradient."""
    potentials, gradients = np.transpose([errors(*ball(n), tensor) for n in (3, 4, 5)])
    return {
        "sphere_rate_l2": np.log2(potentials[:-1] / potentials[1:]),
        "sphere_rate_h1": np.log2(gradients[:-1] / gradients[1:]),
    }
