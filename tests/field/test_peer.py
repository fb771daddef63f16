"""The same mesh, coil and conductivities solved by SimNIBS 4.5.0."""

import numpy as np
import pytest
from numba import njit

from tests.field.heads import SIGMA
from tests.shared_data import shared
from tmsguide.field import figure8_70mm, prepare, solve
from tmsguide.field.forward import cell_means
from tmsguide.model import HeadModel, Placement, Points, Tissue, native_frame
from tmsguide.num.linear_fem import gradient, weak_divergence
from tmsguide.num.multigrid import solve_potential


@njit
def dipole_potential(points, position, moment):
    """A (N, 3) of magnetic dipoles: mu0/4pi m x r / r^3."""
    out = np.zeros_like(points)
    for i in range(len(points)):
        for j in range(len(position)):
            x = points[i, 0] - position[j, 0]
            y = points[i, 1] - position[j, 1]
            z = points[i, 2] - position[j, 2]
            w = 1e-7 / (x * x + y * y + z * z) ** 1.5
            out[i, 0] += w * (moment[j, 1] * z - moment[j, 2] * y)
            out[i, 1] += w * (moment[j, 2] * x - moment[j, 0] * z)
            out[i, 2] += w * (moment[j, 0] * y - moment[j, 1] * x)
    return out


@pytest.mark.slow
def test_simnibs_field_on_its_own_mesh():
    mesh = np.load(shared("peer_fields/head195_mesh.npz"))
    theirs = np.load(shared("peer_fields/head195_e_brain.npz"))
    dipoles = np.loadtxt(
        shared("coils/simnibs/legacy_and_other/Magstim_70mm_Fig8.ccd"), comments="#", skiprows=2
    )
    frame = native_frame("head195")
    tissue = mesh["tag"].astype(np.uint8)
    sigma = np.array([0.0] + [SIGMA[t] for t in sorted(SIGMA)])[tissue]
    head = HeadModel(Points(mesh["node_mm"], frame), mesh["tet"].astype(np.int64), tissue, sigma)
    prepared = prepare(head)
    pose = theirs["matsimnibs_dlpfc"]
    position = dipoles[:, :3] @ pose[:3, :3].T + 1e-3 * pose[:3, 3]
    a_dot = cell_means(
        head, 1e6 * dipole_potential(prepared.nodes_m, position, dipoles[:, 3:] @ pose[:3, :3].T)
    )
    flux = -(sigma * prepared.volume_m3)[:, None] * a_dot
    rhs = weak_divergence(prepared.nodes_m, head.cells, flux)
    potential = solve_potential(prepared.multigrid, rhs, tolerance=1e-6)
    e = -gradient(prepared.nodes_m, head.cells, potential) - a_dot
    brain = np.isin(tissue, (Tissue.WM, Tissue.GM))
    want = theirs["e_dlpfc"]
    error = np.linalg.norm(e[brain] - want) / np.linalg.norm(want)
    assert error < 3e-4  # measured 1.4e-4; their dA/dt is a multipole sum to 1e-3
    ours = solve(prepared, figure8_70mm(), Placement(pose, frame, 1e6, 4.0)).e_v_per_m[brain]
    assert np.linalg.norm(ours - want) < 0.045 * np.linalg.norm(want)  # measured 0.029: the coils
