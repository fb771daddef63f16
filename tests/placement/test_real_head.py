"""Poses on a head with ears and a nose, against poses that another program made on it."""

import numpy as np
import pytest

from tests.placement.heads import coil
from tests.placement.test_candidates import highest_over_face, scalp_samples
from tests.shared_data import shared
from tmsguide.model import Points, Surface, native_frame
from tmsguide.placement import candidates, clears_head, reachable, scalp_depth, scalp_entry
from tmsguide.placement.skin import skin, smooth_normals

FRAME = native_frame("h195")
GRID = {"radius_mm": 12.0, "step_mm": 6.0, "angle_deg": 30.0, "standoff_mm": 4.0, "coil": coil()}


@pytest.fixture(scope="module")
def head():
    with np.load(shared("peer_fields/head195_mesh.npz")) as mesh:
        return outer_surface(mesh["node_mm"].astype(float), mesh["tet"].astype(np.int64))


@pytest.fixture(scope="module")
def poses():
    with np.load(shared("peer_fields/head195_e_brain.npz")) as fields:
        return {site: fields[f"matsimnibs_{site}"] for site in ("dlpfc", "motor")}


def outer_surface(nodes, cells):
    """The faces that belong to one tetrahedron only, facing outward."""
    faces = np.concatenate([cells[:, k] for k in ([1, 2, 3], [0, 3, 2], [0, 1, 3], [0, 2, 1])])
    ordered = np.sort(faces, axis=1)
    key = (ordered[:, 0] * len(nodes) + ordered[:, 1]) * len(nodes) + ordered[:, 2]
    _, first, count = np.unique(key, return_index=True, return_counts=True)
    used, triangles = np.unique(faces[first[count == 1]], return_inverse=True)
    return Surface(Points(nodes[used], FRAME), triangles.reshape(-1, 3))


@pytest.mark.slow
def test_normals_agree_with_the_other_programs_coil_axes(head, poses):
    on = skin(head)
    for pose in poses.values():
        target = Points((pose[:3, 3] + 25 * pose[:3, 2])[None], FRAME)
        point = scalp_entry(head, target).xyz_mm
        cosine = -smooth_normals(on, point)[0] @ pose[:3, 2]
        # each program smooths the skin its own way; measured 1.7 and 5.5 degrees
        assert np.rad2deg(np.arccos(cosine)) < 8.0
        assert abs(scalp_depth(head, target) - 21.0) < 0.5  # 25 mm less their 4 mm gap


@pytest.mark.slow
def test_casing_clears_an_ear_and_lies_flat_on_the_vault(head, poses):
    vertices = head.vertices.xyz_mm
    ear = Points(0.85 * vertices[[vertices[:, 0].argmin()]], FRAME)
    beside = candidates(head, ear, **GRID)
    assert beside.standoff_mm.max() > 6.0
    samples = scalp_samples(head, at=ear.xyz_mm[0], within_mm=110.0)
    for pose in beside.matsimnibs[::10]:
        assert highest_over_face(samples, pose) < 1e-9
    pose = poses["dlpfc"]
    vault = candidates(head, Points((pose[:3, 3] + 25 * pose[:3, 2])[None], FRAME), **GRID)
    assert (vault.standoff_mm == 4.0).all()


@pytest.mark.slow
def test_a_search_over_the_upper_head_keeps_off_the_ears(head, poses):
    """Over 100,000 poses round a prefrontal site, down to the temple and before the ear."""
    low = np.array([[0.0, 100.0, 0.0], [-80.0, -20.0, -40.0], [80.0, -20.0, -40.0]])
    pose = poses["dlpfc"]
    target = Points((pose[:3, 3] + 25 * pose[:3, 2])[None], FRAME)
    grid = {"coil": coil(), "standoff_mm": 4.0, "near": target, "radius_mm": 70.0}
    found = reachable(head, Points(low, FRAME), **grid)
    assert len(found) > 100_000
    assert (found.standoff_mm > 4.0).any()
    some = found.matsimnibs[::1009]
    assert clears_head(head, coil(), some).all()
    vertices = head.vertices.xyz_mm
    samples = vertices[np.linalg.norm(vertices - some[:, :3, 3].mean(axis=0), axis=1) < 160]
    assert max(highest_over_face(samples, m) for m in some) < 1e-9
