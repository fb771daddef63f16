"""Objectives on fields whose hotspots are known in closed form."""

import numpy as np
import pytest

from tests.tolerance import EXACT, Tol, assert_close
from tmsguide.errors import InputError
from tmsguide.placement import (
    dose_percent,
    focal_area,
    mean_along,
    mean_strength,
    network_specificity,
    scalp_burden,
)

SIDE_MM, POINTS = 100.0, 160


@pytest.fixture(scope="module")
def sheet():
    """A square sheet: points (P, 2) at cell centres and their equal areas (P,)."""
    line = (np.arange(POINTS) + 0.5) * SIDE_MM / POINTS - SIDE_MM / 2
    xy = np.stack([a.ravel() for a in np.meshgrid(line, line, indexing="ij")], axis=1)
    return xy, np.full(len(xy), (SIDE_MM / POINTS) ** 2)


def bumps(xy, centres, widths, heights):
    """Round Gaussian fields, (K, P)."""
    rows = zip(centres, widths, heights, strict=True)
    return np.stack([h * np.exp(-0.5 * ((xy - c) ** 2).sum(axis=1) / w**2) for c, w, h in rows])


@pytest.fixture(scope="module")
def fields(sheet):
    centres = [(0.0, 0.0), (10.0, -5.0), (0.0, 20.0)]  # many points alike
    return bumps(sheet[0], centres, (12.0, 15.0, 20.0), (1.0, 80.0, 3.0))


def test_specificity_of_a_half_plane_through_the_hotspot_is_the_circles_share(sheet):
    """A hotspot is a disc of known area; a half plane at distance d cuts a known part of it."""
    xy, weight = sheet
    offset, cut = 5 * SIDE_MM / POINTS, (99.0, 95.0)
    strength = bumps(xy, [(0.0, 0.0)], [15.0], [1.0])
    wanted = xy[:, 0] > offset
    found = network_specificity(strength, weight, wanted, ~wanted, percentiles=cut)
    shares = []
    for percentile in cut:
        radius = np.sqrt((1 - percentile / 100) * SIDE_MM**2 / np.pi)
        half = np.arccos(offset / radius)
        beyond = (half - np.sin(2 * half) / 2) / np.pi
        shares.append(beyond - (1 - beyond))
    assert_close(found, [np.mean(shares)], Tol(0.02, "cells of 0.6 mm; measured 0.005"))
    alone = network_specificity(strength, weight, wanted, np.zeros_like(wanted), percentiles=cut)
    assert_close(alone, [np.mean([(1 + s) / 2 for s in shares])], Tol(0.02, "as above"))


def test_specificity_runs_from_minus_one_to_one(sheet, fields):
    _, weight = sheet
    everywhere = np.ones(len(weight), dtype=bool)
    # summing 1e-3 to 1e-1 of the weights in another order
    assert_close(network_specificity(fields, weight, everywhere, ~everywhere), np.ones(3), EXACT)
    one = ~everywhere
    one[np.argmin(fields.max(axis=0))] = True
    found = network_specificity(fields, weight, one, everywhere & ~one)
    assert_close(found, -np.ones(3), EXACT)


def test_specificity_knows_neither_dose_nor_order_nor_fineness(sheet, fields):
    xy, weight = sheet
    wanted, avoided = xy[:, 0] > 4.0, xy[:, 0] < -8.0
    found = network_specificity(fields, weight, wanted, avoided)
    assert np.ptp(found) > 0.1
    assert_close(network_specificity(7.3 * fields, weight, wanted, avoided), found, EXACT)
    order = np.random.default_rng(1).permutation(len(weight))
    moved = network_specificity(fields[:, order], weight[order], wanted[order], avoided[order])
    assert_close(moved, found, Tol(1e-9, "sums"))
    # every cell cut in four, or a random third of them in two: the same field, the same areas
    four = (np.repeat(a, 4, axis=-1) for a in (fields, weight / 4, wanted, avoided))
    assert_close(network_specificity(*four), found, Tol(1e-9, "sums"))
    parts = np.random.default_rng(2).integers(1, 3, len(weight))
    cut = (np.repeat(a, parts, axis=-1) for a in (fields, weight / parts, wanted, avoided))
    assert_close(network_specificity(*cut), found, Tol(1e-9, "sums"))


def test_specificity_agrees_with_sorting_in_full():
    """Unequal weights and plain random strengths, the hotspots summed point by point."""
    rng = np.random.default_rng(3)
    strength, weight = rng.random((20, 700)) ** 3, rng.uniform(0.2, 2.0, 700)
    member = rng.integers(-1, 2, 700)
    expected = []
    for row in strength:
        order = np.argsort(-row)
        edge = np.concatenate([[0.0], np.cumsum(weight[order])]) / weight.sum()
        shares = []
        for share in (0.001, 0.01, 0.3):
            inside = np.clip((share - edge[:-1]) / np.diff(edge), 0, 1) * np.diff(edge)
            shares.append(inside @ member[order] / share)
        expected.append(np.mean(shares))
    found = network_specificity(
        strength, weight, member > 0, member < 0, percentiles=(70.0, 99.9, 99.0)
    )
    assert_close(found, expected, Tol(1e-9, "sums in another order"))


def test_focal_area_of_a_gaussian_is_the_discs(sheet):
    """exp(-r²/2w²) >= s within r² = 2 w² ln(1/s), from the peak of the 99.9 % percentile down."""
    xy, weight = sheet
    width = np.array([8.0, 12.0])
    strength = bumps(xy, [(0.0, 0.0)] * 2, width, [1.0, 50.0])
    peak = np.exp(-0.5 * (0.001 * SIDE_MM**2 / np.pi) / width**2)
    for share in (0.5, 0.75):
        expected = -2 * np.pi * width**2 * np.log(share * peak)
        found = focal_area(strength, weight, of_peak=share)
        # cells of 0.4 mm² at the rim, and 25.6 cells in the strongest 0.1 %
        assert_close(found, expected, Tol(0.03, "measured 0.015"))
    assert (focal_area(strength, weight, of_peak=0.75) < found + 1e-9).all()


def test_means_over_a_region(sheet, fields):
    xy, weight = sheet
    where = np.hypot(*xy.T) < 20.0
    uneven = weight * np.where(xy[:, 0] > 0, 2.0, 1.0)
    expected = [np.average(row[where], weights=uneven[where]) for row in fields]
    assert_close(mean_strength(fields, uneven, where), expected, EXACT)
    direction = np.array([0.6, 0.0, -0.8])
    vectors = fields[:, :, None] * direction
    assert_close(mean_along(vectors, uneven, where, direction), expected, EXACT)
    assert_close(mean_along(-vectors, uneven, where, direction), -np.array(expected), EXACT)
    across = mean_along(vectors, uneven, where, np.array([0.8, 0.0, 0.6]))
    assert_close(across, np.zeros(3), EXACT, scale=1.0)
    each = np.broadcast_to(direction, (len(weight), 3))
    assert_close(mean_along(vectors, uneven, where, each), expected, EXACT)


def test_dose_brings_the_wanted_field(sheet, fields):
    _, weight = sheet
    where = np.ones(len(weight), dtype=bool)
    at_target = mean_strength(fields, weight, where)
    dose = dose_percent(at_target, 0.7)
    scaled = fields * dose[:, None] / 100.0
    assert_close(mean_strength(scaled, weight, where), np.full(3, 0.7), EXACT)


def test_scalp_burden_of_a_gaussian(sheet):
    xy, weight = sheet
    width, height, target = np.array([10.0, 14.0]), np.array([3.0, 5.0]), np.array([1.0, 2.0])
    strength = bumps(xy, [(0.0, 0.0)] * 2, width, height)
    found = scalp_burden(strength, weight, target, wanted_v_per_m=80.0, level_v_per_m=100.0)
    peak = height * np.exp(-0.5 * (0.001 * SIDE_MM**2 / np.pi) / width**2)
    assert_close(found.peak_per_target, peak / target, Tol(0.01, "cells; measured 7e-4"))
    at_dose = height * 80.0 / target
    area = 2 * np.pi * width**2 * np.log(at_dose / 100.0)
    assert_close(found.area, area, Tol(0.03, "cells at the rim; measured 0.006"))
    twice = scalp_burden(
        2 * strength, weight, 2 * target, wanted_v_per_m=80.0, level_v_per_m=100.0
    )
    assert_close(twice.peak_per_target, found.peak_per_target, EXACT)
    assert_close(twice.area, found.area, EXACT)


def test_poor_input_is_refused(sheet, fields):
    xy, weight = sheet
    wanted = xy[:, 0] > 0
    with pytest.raises(InputError, match="no point twice"):
        network_specificity(fields, weight, wanted, wanted)
    with pytest.raises(InputError, match="at least one wanted point"):
        network_specificity(fields, weight, wanted & ~wanted, wanted)
    with pytest.raises(InputError, match="percentiles lie between"):
        network_specificity(fields, weight, wanted, ~wanted, percentiles=(99.0, 100.0))
    with pytest.raises(InputError, match="must agree"):
        mean_strength(fields, weight[:-1], wanted)
    with pytest.raises(InputError, match="the region holds no point"):
        mean_strength(fields, weight, wanted & ~wanted)
    with pytest.raises(InputError, match="1 fields of nothing but 0"):
        focal_area(fields * np.array([[1.0], [0.0], [1.0]]), weight)
    with pytest.raises(InputError, match="weights above 0"):
        focal_area(fields, weight * 0.0)
    with pytest.raises(InputError, match="needs a field above 0"):
        dose_percent(np.array([1.0, 0.0]), 50.0)
    with pytest.raises(InputError, match="one target strength each"):
        scalp_burden(fields, weight, np.ones(2), wanted_v_per_m=1.0, level_v_per_m=1.0)
