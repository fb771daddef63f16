"""Regions, cortex points and peaks of fields that are known."""

import numpy as np
import pytest

from tests.field.heads import FRAME, ball_head, over_the_top
from tests.field.test_sphere import coil_as_dipoles
from tests.oracles.sphere_field import sphere_e
from tests.tolerance import EXACT, Tol, assert_close
from tmsguide.errors import FrameError, GeometryError
from tmsguide.field import (
    at_places,
    cortex_field,
    peak,
    places,
    prepare,
    region_mean,
    roi_around,
    solve,
)
from tmsguide.model import Field, Points, Tissue, native_frame
from tmsguide.num.linear_fem import gradient
from tmsguide.num.recovery import recovered_gradient
from tmsguide.num.tetrahedra import barycentres, volumes

TOP = Points(np.array([[1.0, -2.0, 37.0]]), FRAME)


def field_of(values):
    return Field(values, values, over_the_top(60.0))


def linear(points):
    return points @ np.array([[0.01, 0, 0.02], [0, 0.03, 0], [0.01, 0.01, 0.01]]) + [1.0, 2.0, 3.0]


def test_region_holds_grey_matter_within_the_radius_only(egg):
    roi = roi_around(egg.head, TOP, 12.0)
    away = np.linalg.norm(barycentres(egg.head.nodes.xyz_mm, egg.head.cells) - TOP.xyz_mm, axis=1)
    assert np.array_equal(roi, (away <= 12.0) & (egg.head.tissue == 2))
    white = roi_around(egg.head, TOP, 12.0, tissue=Tissue.WM)
    assert white.any()
    assert not (white & roi).any()


def test_region_refuses_other_frames_and_places_without_cortex(egg):
    with pytest.raises(FrameError, match="sub-other"):
        roi_around(egg.head, Points(TOP.xyz_mm, native_frame("other")), 10.0)
    with pytest.raises(GeometryError, match="nearest is"):
        roi_around(egg.head, Points(np.zeros((1, 3)), FRAME), 5.0)
    with pytest.raises(GeometryError, match="one point"):
        roi_around(egg.head, Points(np.zeros((2, 3)), FRAME), 5.0)


def test_region_mean_weighs_by_volume(egg):
    roi = roi_around(egg.head, TOP, 12.0)
    values = linear(barycentres(egg.head.nodes.xyz_mm, egg.head.cells))
    share = volumes(egg.head.nodes.xyz_mm, egg.head.cells)[roi]
    want = np.average(values[roi], axis=0, weights=share)
    assert_close(region_mean(egg.head, field_of(values), roi), want, EXACT)


def test_a_constant_field_is_sampled_exactly_and_a_linear_one_nearly(egg):
    head = egg.head
    centre = barycentres(head.nodes.xyz_mm, head.cells)
    grey = head.tissue == 2
    rng = np.random.default_rng(0)
    inside = rng.dirichlet(np.ones(4), grey.sum())
    at = np.einsum("pc,pck->pk", inside, head.nodes.xyz_mm[head.cells[grey]])
    constant = np.tile([1.0, -2.0, 0.5], (len(centre), 1))
    constant[~grey] = 1e6  # other tissues never leak in
    points = Points(at, FRAME)
    assert_close(cortex_field(head, field_of(constant), points), constant[grey], EXACT)
    values = linear(centre)
    values[~grey] = 1e6
    # patches of a sheet one element thick see its slope across only dimly: measured .009
    off = Tol(0.015, "elements of 7 mm in a sheet of 5 mm")
    assert_close(cortex_field(head, field_of(values), points), linear(at), off)


def test_sampling_equals_the_recovered_gradient_of_the_same_places(egg):
    head = egg.head
    potential = np.random.default_rng(1).normal(size=len(head.nodes))
    where = places(head, Points(np.array([[3.0, 4, 37], [-20, 10, 25], [0, -30, 22]]), FRAME))
    rows = recovered_gradient(
        egg.recovery, egg.nodes_m, head.cells, where.cell, weights=where.weight
    )
    slope = gradient(egg.nodes_m, head.cells, potential)
    want = (rows @ potential).reshape(-1, 3)
    assert_close(at_places(head, slope, where), want, Tol(1e-10, "same sums, other order"))


def test_points_off_the_cortex_take_the_nearest_grey_matter(egg):
    head = egg.head
    normal = TOP.xyz_mm[0] / np.linalg.norm(TOP.xyz_mm)
    along = np.arange(38.0, 47.0, 1.5)[:, None] * normal  # from grey matter out to the bone
    where = places(head, Points(along, FRAME))
    assert (head.tissue[where.cell] == 2).all()
    assert where.away_mm[0] == 0
    assert (np.diff(where.away_mm[2:]) > 0).all()
    assert where.away_mm[-1] == pytest.approx(45.5 - 39, abs=1.2)  # the shell is at 39 mm
    bone = places(head, Points(along, FRAME), tissues=(Tissue.CSF, Tissue.BONE), reach_mm=2.0)
    assert np.isin(head.tissue[bone.cell], (3, 4)).all()
    with pytest.raises(GeometryError, match="of 6 points lie more than 1 mm from any GM"):
        places(head, Points(along, FRAME), reach_mm=1.0)
    with pytest.raises(GeometryError, match="no BLOOD"):
        places(head, TOP, tissues=(Tissue.BLOOD,))


def test_cortex_field_refuses_points_far_from_cortex_and_other_frames(egg):
    field = field_of(np.ones((len(egg.head.cells), 3)))
    with pytest.raises(GeometryError, match="1 of 1 points lie more than 10 mm"):
        cortex_field(egg.head, field, Points(np.zeros((1, 3)), FRAME))
    with pytest.raises(FrameError, match="sub-other"):
        cortex_field(egg.head, field, Points(TOP.xyz_mm, native_frame("other")))


def test_sampled_field_is_nearer_the_closed_form_than_the_cells(coil):
    prepared = prepare(ball_head((58.0, 70.0, 77.0, 85.0, 95.0), voxel_mm=2.0, edge_mm=7.0))
    field = solve(prepared, coil, over_the_top(99.0))
    rng = np.random.default_rng(0)
    at = rng.normal(size=(1500, 3))
    at = 64.0 * at[at[:, 2] > 0] / np.linalg.norm(at[at[:, 2] > 0], axis=1, keepdims=True)
    truth = sphere_e(1e-3 * at, *coil_as_dipoles(99.0, 1e6))
    where = places(prepared.head, Points(at, FRAME))

    def error(e):
        return np.linalg.norm(e - truth) / np.linalg.norm(truth)

    sampled = error(cortex_field(prepared.head, field, Points(at, FRAME)))
    assert sampled < 0.025  # measured 1.6 %
    assert sampled < 0.4 * error(field.recovered_v_per_m[where.cell])  # measured 6.4 %


def test_peak_finds_the_hot_spot_and_ignores_one_odd_element(egg):
    centre = barycentres(egg.head.nodes.xyz_mm, egg.head.cells)
    bump = np.exp(-((centre - TOP.xyz_mm) ** 2).sum(axis=1) / (2 * 12.0**2))
    values = np.outer(bump, [0.0, 2.0, 0.0])
    place, strength = peak(egg.head, field_of(values), percentile=99.0)
    assert np.linalg.norm(place.xyz_mm - TOP.xyz_mm) < 6.0
    assert 1.5 < strength < 2.0
    grey = np.flatnonzero(egg.head.tissue == 2)
    share = volumes(egg.head.nodes.xyz_mm, egg.head.cells)[grey]
    odd = values.copy()
    odd[grey[np.argmin(share)]] = 1e3
    assert_close(
        peak(egg.head, field_of(odd), percentile=99.0)[1], strength, Tol(0.02, "one cell")
    )
