import numpy as np
import pytest

from tests.head.doubles import FRAME, shells
from tmsguide.errors import GeometryError
from tmsguide.head import cortex_surface, scalp_surface
from tmsguide.model import Anatomy, Volume


@pytest.fixture(scope="module")
def ball():
    return shells()


def checked(surface):
    """Closed, consistent, outward; gives its volume (mm3)."""
    f = surface.triangles
    edges = np.concatenate([f[:, [0, 1]], f[:, [1, 2]], f[:, [2, 0]]])
    seen = set(map(tuple, edges.tolist()))
    assert len(seen) == len(edges)
    assert all((b, a) in seen for a, b in seen)
    v = surface.vertices.xyz_mm - surface.vertices.xyz_mm.mean(0)
    a, b, c = (v[f[:, k]] for k in range(3))
    return float(np.einsum("ij,ij->i", a, np.cross(b, c)).sum() / 6)


def test_scalp_is_a_closed_outward_ball(ball):
    anatomy, centre = ball
    surface = scalp_surface(anatomy)
    assert surface.vertices.frame == FRAME
    volume = checked(surface)
    assert abs(volume / (4 / 3 * np.pi * 64.0**3) - 1) < 0.01
    radius = np.linalg.norm(surface.vertices.xyz_mm - centre, axis=1)
    assert np.abs(radius - 64.0).max() < 1.2  # measured .96 on 2 mm voxels
    f = surface.triangles
    assert len(surface.vertices) - len(f) // 2 == 2  # Euler number of a sphere
    assert len(f) <= 60_000


def test_cortex_runs_between_white_matter_and_csf(ball):
    anatomy, centre = ball
    surface = cortex_surface(anatomy)
    assert checked(surface) > 0
    radius = np.linalg.norm(surface.vertices.xyz_mm - centre, axis=1)
    assert radius.min() > 40.0
    assert radius.max() < 46.0
    assert len(surface.triangles) <= 150_000


def test_left_stays_left_on_the_skin(ball):
    anatomy, centre = ball
    labels = np.array(anatomy.labels.data)
    m = anatomy.labels.frame_from_voxel
    bump = centre - [60.0, 0, 0]  # on the left
    index = np.moveaxis(np.indices(labels.shape), 0, -1) @ m[:3, :3].T + m[:3, 3]
    labels[np.linalg.norm(index - bump, axis=-1) < 12] = 5
    grown = Anatomy(anatomy.t1w, Volume(labels, m, FRAME), anatomy.probability, anatomy.brain_mask)
    xyz = scalp_surface(grown).vertices.xyz_mm - centre
    assert xyz[:, 0].min() < -69
    assert xyz[:, 0].max() < 65


def test_nothing_gives_no_surface(ball):
    anatomy, _ = ball
    none = Volume(np.zeros_like(anatomy.labels.data), anatomy.labels.frame_from_voxel, FRAME)
    with pytest.raises(GeometryError, match="segment"):
        scalp_surface(Anatomy(anatomy.t1w, none, anatomy.probability, anatomy.brain_mask))
