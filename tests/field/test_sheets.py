"""Fields on cortical sheets and voxels, the sheet of a bare head, and hotspot sizes."""

import numpy as np
import pytest

from tests.field.heads import FRAME, over_the_top
from tests.field.real_heads import mmc_head
from tests.tolerance import EXACT, STORED, Tol, assert_close
from tmsguide.errors import FrameError, GeometryError
from tmsguide.field import (
    cortex_points,
    cortex_sheet,
    hotspot,
    on_sheet,
    on_surface,
    on_voxels,
    places,
    tissue_hotspot,
    vertex_areas,
)
from tmsguide.field.hotspots import weighted_percentile
from tmsguide.head import mended, tetrahedralise
from tmsguide.model import Field, HeadModel, Points, Surface, Tissue, Volume, native_frame
from tmsguide.num.tetrahedra import barycentres, volumes

STRETCH = np.array([0.93, 1.11, 1.0])  # of the egg: its shells are spheres in these units


def field_of(values):
    return Field(values, values, over_the_top(60.0))


def radial(head):
    """A field of 1 V/m that points away from the head's middle."""
    centre = barycentres(head.nodes.xyz_mm, head.cells)
    return field_of(centre / np.linalg.norm(centre, axis=1, keepdims=True))


def icosphere(radius_mm, stretch=1.0):
    """An octahedron split three times, 258 vertices, outward."""
    xyz = np.concatenate([np.eye(3), -np.eye(3)])
    faces = [
        (0, 1, 2),
        (1, 3, 2),
        (3, 4, 2),
        (4, 0, 2),
        (1, 0, 5),
        (3, 1, 5),
        (4, 3, 5),
        (0, 4, 5),
    ]
    for _ in range(3):
        new = []
        xyz = xyz.tolist()
        seen = {}
        for a, b, c in faces:
            mid = []
            for i, j in ((a, b), (b, c), (c, a)):
                key = (min(i, j), max(i, j))
                if key not in seen:
                    seen[key] = len(xyz)
                    xyz.append([(p + q) / 2 for p, q in zip(xyz[i], xyz[j], strict=True)])
                mid.append(seen[key])
            ab, bc, ca = mid
            new += [(a, ab, ca), (ab, b, bc), (ca, bc, c), (ab, bc, ca)]
        faces = new
        xyz = np.array(xyz)
        xyz /= np.linalg.norm(xyz, axis=1, keepdims=True)
    return Surface(Points(radius_mm * xyz * stretch, FRAME), np.array(faces))


def test_a_field_that_points_outward_flows_out_of_the_cortex(egg):
    surface = icosphere(36.5, STRETCH)
    found = on_surface(egg.head, radial(egg.head), surface)
    assert_close(
        found.strength_v_per_m, np.ones(258), Tol(0.02, "elements of 7 mm: measured .013")
    )
    # the egg's normal leaves the radius by up to 10 degrees
    assert (found.into_cortex_v_per_m < -0.95).all()
    assert (found.along_cortex_v_per_m < 0.25).all()
    inward = Surface(surface.vertices, surface.triangles[:, ::-1])
    assert (on_surface(egg.head, radial(egg.head), inward).into_cortex_v_per_m > 0.95).all()


def test_parts_of_a_constant_field_are_what_geometry_says(egg):
    e = np.array([0.3, -0.4, 1.2])
    surface = icosphere(36.5)
    near = np.abs(surface.vertices.xyz_mm[:, 2]) > 20
    points = Points(surface.vertices.xyz_mm[near], FRAME)
    outward = points.xyz_mm / 36.5
    found = on_sheet(egg.head, field_of(np.tile(e, (len(egg.head.cells), 1))), points, outward)
    assert_close(found.into_cortex_v_per_m, -outward @ e, EXACT)
    assert_close(found.along_cortex_v_per_m, np.linalg.norm(np.cross(outward, e), axis=1), EXACT)
    total = found.into_cortex_v_per_m**2 + found.along_cortex_v_per_m**2
    assert_close(total, found.strength_v_per_m**2, EXACT)


def test_sheets_without_proper_normals_are_refused(egg):
    field = radial(egg.head)
    surface = icosphere(36.5)
    points = surface.vertices
    with pytest.raises(GeometryError, match="length 1 per point"):
        on_sheet(egg.head, field, points, points.xyz_mm)
    with pytest.raises(GeometryError, match="258 points"):
        on_sheet(egg.head, field, points, points.xyz_mm[1:] / 36.5)
    lonely = Surface(Points(np.vstack([points.xyz_mm, [[0, 0, 36.5]]]), FRAME), surface.triangles)
    with pytest.raises(GeometryError, match="1 vertices have no triangle"):
        on_surface(egg.head, field, lonely)
    with pytest.raises(GeometryError, match=r"more than 0\.01 mm"):
        on_surface(egg.head, field, icosphere(42.0), reach_mm=0.01)


@pytest.mark.parametrize("flip", [1.0, -1.0])
def test_voxels_hold_the_field_at_their_centres(egg, flip):
    """An oblique image of unequal sides, in either handedness, that cuts the head."""
    c, s = np.cos(0.3), np.sin(0.3)
    matrix = np.eye(4)
    matrix[:3, :3] = np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]]) @ np.diag([flip * 3.0, 2.5, 4.0])
    matrix[:3, 3] = [-flip * 30, -40, 5]
    like = Volume(np.zeros((21, 34, 15), np.uint8), matrix, FRAME)
    e = np.array([0.3, -0.4, 1.2])
    values = np.tile(e, (len(egg.head.cells), 1))
    values[egg.head.tissue == Tissue.WM] *= -2
    found = on_voxels(egg.head, field_of(values), like)
    assert found.data.shape == (21, 34, 15, 3)
    index = np.stack(np.meshgrid(*map(np.arange, (21, 34, 15)), indexing="ij"), -1)
    xyz = index @ matrix[:3, :3].T + matrix[:3, 3]
    r = np.linalg.norm(xyz / STRETCH, axis=-1)
    for ring, want in ((r < 32, -2 * e), ((r > 36) & (r < 52), e), (r > 56, 0 * e)):
        assert ring.sum() > 100
        assert_close(found.data[ring], np.tile(want, (ring.sum(), 1)), STORED, scale=1)
    grey = on_voxels(egg.head, field_of(values), like, tissues=(Tissue.GM,)).data
    assert (grey[(r < 32) | (r > 41)] == 0).all()
    assert_close(grey[(r > 36) & (r < 37)].mean(axis=0), e, STORED)


def test_images_elsewhere_are_refused(egg):
    field = radial(egg.head)
    away = np.eye(4)
    away[:3, 3] = 500
    image = np.zeros((3, 4, 5), np.uint8)
    with pytest.raises(GeometryError, match="one person"):
        on_voxels(egg.head, field, Volume(image, away, FRAME))
    with pytest.raises(FrameError, match="sub-other"):
        on_voxels(egg.head, field, Volume(image, np.eye(4), native_frame("other")))
    with pytest.raises(GeometryError, match="no EYE"):
        on_voxels(egg.head, field, Volume(image, np.eye(4), FRAME), tissues=(Tissue.EYE,))


def test_sheet_of_a_bare_head_runs_halfway_and_faces_out(egg):
    sheet = cortex_sheet(egg.head, 4.0)
    r = np.linalg.norm(sheet.points.xyz_mm / STRETCH, axis=1)
    assert abs(r.mean() - 36.5) < 0.4  # shells at 34 and 39: measured 36.32
    assert r.std() < 0.15  # measured .055
    normal = sheet.points.xyz_mm / STRETCH**2
    normal /= np.linalg.norm(normal, axis=1, keepdims=True)
    angle = np.degrees(np.arccos(np.einsum("pk,pk->p", normal, sheet.outward).clip(-1, 1)))
    assert angle.mean() < 3  # measured 1.7
    assert abs(sheet.thickness_mm.mean() - 5.0) < 0.5
    away = np.linalg.norm(sheet.points.xyz_mm[:, None] - sheet.points.xyz_mm, axis=2)
    assert away[away > 0].min() >= 4.0
    whole = vertex_areas(icosphere(36.5, STRETCH)).sum()
    assert_close(sheet.area_mm2.sum(), whole, Tol(0.04, "258-vertex sphere: measured .01"))
    assert np.array_equal(cortex_points(egg.head, 4.0).xyz_mm, sheet.points.xyz_mm)
    found = on_sheet(egg.head, radial(egg.head), sheet.points, sheet.outward, reach_mm=0.0)
    assert (found.into_cortex_v_per_m < -0.94).all()


def test_two_banks_of_a_sulcus_keep_their_own_points():
    """A slab of white, grey, fluid, grey, white: two sheets that face each other."""
    x = np.abs(np.arange(-20, 21))
    profile = np.select([x <= 1, x <= 4, x <= 12], [3, 2, 1], 5).astype(np.uint8)
    labels = np.full((41, 30, 24), 5, np.uint8)
    labels[:, 3:-3, 3:-3] = profile[:, None, None]
    frame_from_voxel = np.eye(4)
    frame_from_voxel[0, 3] = -20
    head = tetrahedralise(
        Volume(labels, frame_from_voxel, FRAME),
        edge_mm=1.5,
        sigma_s_per_m={t: 1.0 for t in Tissue if t},
    )
    sheet = cortex_sheet(head, 3.0)
    inner = (np.abs(sheet.points.xyz_mm[:, 1:] - [14.5, 11.5]) < 6).all(axis=1)
    x = sheet.points.xyz_mm[inner, 0]
    assert (np.sign(sheet.outward[inner, 0]) == -np.sign(x)).all()
    assert (x > 0).sum() >= 12
    assert (x < 0).sum() >= 12
    assert_close(np.abs(x), np.full(len(x), 3.0), Tol(0.25, "grey from 1.5 to 4.5 mm"))


def test_sheet_of_a_gyrated_head_lies_in_its_grey_matter():
    head = mended(mmc_head())
    sheet = cortex_sheet(head, 3.0)
    assert len(sheet.points) > 3000  # measured 3,625
    assert_close(np.linalg.norm(sheet.outward, axis=1), np.ones(len(sheet.outward)), EXACT)
    where = places(head, sheet.points, reach_mm=0.0)
    assert (head.tissue[where.cell] == Tissue.GM).all()
    assert 1.5 < np.median(sheet.thickness_mm) < 5.0  # measured 3.2 mm
    # a step outward along the normal leads toward fluid, a step inward toward white matter
    for side, border in ((1, Tissue.CSF), (-1, Tissue.WM)):
        step = (0.5 * sheet.thickness_mm + 0.8)[:, None] * sheet.outward
        beyond = Points(sheet.points.xyz_mm + side * step, head.nodes.frame)
        there = head.tissue[places(head, beyond, tissues=list(Tissue), reach_mm=9.0).cell]
        assert (there == border).mean() > 0.7  # measured .74 and .91


def test_a_head_without_cortex_is_refused(egg):
    head = egg.head

    def without(tissue):
        kept = head.tissue != tissue
        return HeadModel(head.nodes, head.cells[kept], head.tissue[kept], head.sigma_s_per_m[kept])

    for bare in (without(Tissue.GM), without(Tissue.WM)):
        with pytest.raises(GeometryError, match="no grey matter with white"):
            cortex_sheet(bare, 3.0)
    with pytest.raises(GeometryError, match=r"at least 0\.5 mm"):
        cortex_sheet(head, 0.0)


def test_hotspot_of_a_planted_cap_has_the_caps_size(egg):
    head = egg.head
    centre = barycentres(head.nodes.xyz_mm, head.cells)
    share = volumes(head.nodes.xyz_mm, head.cells)
    grey = head.tissue == Tissue.GM
    strength = np.full(len(centre), 0.2)
    strength[centre[:, 2] > 20] = 0.6
    strength[centre[:, 2] > 30] = 1.0
    spike = np.flatnonzero(grey)[np.argmin(share[grey])]
    strength[spike] = 50.0  # one odd element, under .1 % of the volume
    found = tissue_hotspot(head, field_of(np.outer(strength, [0.6, 0, 0.8])))
    assert found.e_999_v_per_m == pytest.approx(1.0)
    assert found.above_75 == pytest.approx(share[grey & (strength >= 1)].sum())
    assert found.above_50 == pytest.approx(share[grey & (strength >= 0.6)].sum())
    assert found.total == pytest.approx(share[grey].sum())
    assert found.e_95_v_per_m <= found.e_99_v_per_m <= found.e_999_v_per_m


def test_percentiles_weigh_by_share():
    rng = np.random.default_rng(0)
    values, times = rng.normal(size=500), rng.integers(1, 9, 500)
    long = np.sort(np.repeat(values, times))
    for p in (1, 50, 95, 99.9, 100):
        want = long[max(int(np.ceil(p / 100 * len(long) - 1e-9)) - 1, 0)]
        assert weighted_percentile(values, times.astype(float), p) == want


def test_hotspots_of_nothing_are_refused():
    with pytest.raises(GeometryError, match="1 values that are none"):
        hotspot(np.array([1.0, np.nan]), np.ones(2))
    with pytest.raises(GeometryError, match="total of 0"):
        hotspot(np.empty(0), np.empty(0))
    with pytest.raises(GeometryError, match="zero everywhere"):
        hotspot(np.zeros(3), np.ones(3))


def test_vertex_areas_of_a_sphere():
    areas = vertex_areas(icosphere(10.0))
    assert len(areas) == 258
    assert_close(areas.sum(), 4 * np.pi * 100, Tol(0.03, "512 flat triangles lose 1.3 %"))
