"""Regions, cortex points and peaks of fields that are known."""

import numpy as np
import pytest

from tests.field.heads import FRAME, over_the_top
from tests.tolerance import EXACT, Tol, assert_close
from tmsguide.errors import FrameError, GeometryError
from tmsguide.field import cortex_field, peak, region_mean, roi_around
from tmsguide.model import Field, Points, Tissue, native_frame
from tmsguide.num.tetrahedra import barycentres, volumes

TOP = Points(np.array([[1.0, -2.0, 37.0]]), FRAME)


def field_of(values):
    return Field(np.full_like(values, np.nan), values, over_the_top(60.0))


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


def test_cortex_field_samples_the_recovered_field_of_grey_matter_only(egg):
    centre = barycentres(egg.head.nodes.xyz_mm, egg.head.cells)
    values = linear(centre)
    values[egg.head.tissue != 2] = 1e6
    at = centre[egg.head.tissue == 2][::50]
    assert_close(
        cortex_field(egg.head, field_of(values), Points(at, FRAME)),
        linear(at),
        Tol(1e-6, "four nearest elements, all but one far less weighed"),
    )
    between = at + np.random.default_rng(0).uniform(-1.5, 1.5, at.shape)
    found = cortex_field(egg.head, field_of(values), Points(between, FRAME))
    assert_close(found, linear(between), Tol(0.05, "elements are 7 mm apart: measured 0.02"))


def test_cortex_field_refuses_points_far_from_cortex_and_other_frames(egg):
    field = field_of(np.ones((len(egg.head.cells), 3)))
    with pytest.raises(GeometryError, match="mm from any grey matter"):
        cortex_field(egg.head, field, Points(np.zeros((1, 3)), FRAME))
    with pytest.raises(FrameError, match="sub-other"):
        cortex_field(egg.head, field, Points(TOP.xyz_mm, native_frame("other")))


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
