"""What every method that reads the scan owes: one suite over all built-in definitions."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from tests.targeting.planted import Rest, as_mni, brain, simulate
from tmsguide.errors import QualityError
from tmsguide.model import Points, Support, Target, TargetSettings
from tmsguide.targeting import (
    Compared,
    Ground,
    ReferenceNetworks,
    Spheres,
    TargetDefinition,
    definitions,
    find_targets,
)

CENTRE = np.array([-38.0, 30.0, 40.0])
FEW = TargetSettings(resamples=24)
MAP = "supplied"
METHODS = tuple(
    replace(m, map_file=MAP) if m.lacks_map else m
    for m in definitions()
    # the right side has no planted site here; it is the mirror image of the left one
    if m.compared is not Compared.SITE and m.name != "right-dlpfc-cluster"
)
NAMES = [m.name for m in METHODS]


@cache
def ground():
    """A generated person on a whole coarse brain, with a map and networks as a user would give."""
    anatomy = brain(4, frontal=False)
    scan = simulate(
        anatomy,
        CENTRE,
        person=np.random.default_rng(0),
        scan=np.random.default_rng(1),
        rest=Rest(minutes=10, patch_percent=1.0, other_percent=0.2),
    )
    seed = np.linalg.norm(scan.where.xyz_mm - [6.0, 16, -10], axis=1) < 10
    course = scan.series[:, seed].mean(axis=1)
    return Ground(
        scan,
        as_mni(scan),
        np.ones(len(scan.where), dtype=bool),
        networks=networks(),
        maps={MAP: (course @ scan.series / len(course)).astype(float)},
    )


def networks():
    """Frontoparietal and others: the planted site's own, the seed's, and one elsewhere."""
    seeds = np.array(
        [[-38.0, 30, 40], [44, 32, 30], [48, -50, 46], [0, 52, 2], [0, -52, 28], [46, -66, 32]]
    )
    names = ("frontoparietal control", "default mode")
    return ReferenceNetworks(names, seeds, np.array([0, 0, 0, 1, 1, 1]), "generated")


def find(where, method, *, settings=FEW, seed=0):
    found = find_targets(
        where,
        [method],
        settings=replace(settings, method=method.name),
        rng=np.random.default_rng(seed),
    )
    return found.primary


@cache
def usual(name):
    return find(ground(), METHODS[NAMES.index(name)])


def mirrored(method: TargetDefinition) -> TargetDefinition:
    def other_side(area):
        return replace(area, mni_mm=tuple((-x, y, z) for x, y, z in area.mni_mm))

    return replace(method, search=other_side(method.search), seed=other_side(method.seed))


@pytest.mark.parametrize("name", NAMES)
def test_gives_one_place_of_the_search_area_with_its_confidence(name):
    target = usual(name)
    assert isinstance(target, Target)
    assert target.name == name
    assert target.point.xyz_mm.shape == (1, 3)
    assert target.point.frame == ground().denoised.where.frame
    assert (ground().denoised.where.xyz_mm == target.point.xyz_mm).all(axis=1).sum() == 1
    assert target.point.xyz_mm[0, 0] < 0
    assert target.samples.frame == target.point.frame
    assert target.region is not None
    assert target.region_radius_mm == target.region.radius_mm >= ground().smoothing_mm
    assert np.isin(target.region.places.xyz_mm, ground().denoised.where.xyz_mm).all()
    assert target.reliability.chance_mm > 0
    assert isinstance(target.advice.support, Support)
    assert target.source


@pytest.mark.parametrize("name", NAMES)
def test_same_seed_same_answer(name):
    again = find(ground(), METHODS[NAMES.index(name)])
    assert np.array_equal(again.point.xyz_mm, usual(name).point.xyz_mm)
    assert np.array_equal(again.samples.xyz_mm, usual(name).samples.xyz_mm)


@pytest.mark.parametrize("name", NAMES)
def test_inputs_are_left_alone_and_scale_does_not_matter(name):
    scan = ground().denoised
    before = scan.series.copy()
    scaled = replace(ground(), denoised=replace(scan, series=2.5 * scan.series + 1))
    again = find(scaled, METHODS[NAMES.index(name)])
    assert np.array_equal(scan.series, before)
    assert np.array_equal(again.point.xyz_mm, usual(name).point.xyz_mm)


@pytest.mark.parametrize("name", NAMES)
def test_a_mirrored_brain_has_the_mirrored_target(name):
    flip = np.array([-1.0, 1, 1])
    scan, mni = ground().denoised, ground().where_mni
    seeds = replace(networks(), seeds_mni_mm=networks().seeds_mni_mm * flip)
    other = replace(
        ground(),
        denoised=replace(scan, where=Points(scan.where.xyz_mm * flip, scan.where.frame)),
        where_mni=Points(mni.xyz_mm * flip, mni.frame),
        networks=seeds,
    )
    found = find(other, mirrored(METHODS[NAMES.index(name)]))
    assert np.abs(found.point.xyz_mm * flip - usual(name).point.xyz_mm).max() < 1e-9


@pytest.mark.parametrize("name", NAMES)
def test_an_empty_search_area_is_refused_clearly(name):
    scan = ground().denoised
    method = METHODS[NAMES.index(name)]
    far = replace(method, search=Spheres(((-38.0, 30.0, 140.0),), 5.0))
    with pytest.raises(QualityError, match="only 0 places of the search mask hold grey matter"):
        find(ground(), far)
    dead = scan.series.copy()
    inside = np.linalg.norm(scan.where.xyz_mm - CENTRE, axis=1) < 60
    dead[:, inside & (scan.where.xyz_mm[:, 0] < 0)] = np.nan
    with pytest.raises(QualityError, match="places of the search mask hold grey matter"):
        find(replace(ground(), denoised=replace(scan, series=dead)), method)


@pytest.mark.parametrize(
    "name", [m.name for m in METHODS if m.compared in (Compared.SEED, Compared.OWN_WEIGHTS)]
)
def test_a_seed_without_signal_is_refused_clearly(name):
    scan = ground().denoised
    dead = scan.series.copy()
    dead[:, np.linalg.norm(scan.where.xyz_mm - [0.0, 14, -10], axis=1) < 25] = np.nan
    with pytest.raises(QualityError, match=r"no place of the seed .* has signal"):
        find(replace(ground(), denoised=replace(scan, series=dead)), METHODS[NAMES.index(name)])


@pytest.mark.parametrize("name", ["sgacc-cluster", "saint-like", "sgacc-cone"])
def test_the_positive_sign_finds_in_a_turned_over_seed_what_the_negative_did(name):
    scan, method = ground().denoised, METHODS[NAMES.index(name)]
    over = scan.series.copy()
    over[:, np.linalg.norm(scan.where.xyz_mm - [6.0, 16, -10], axis=1) < 25] *= -1
    turned = replace(ground(), denoised=replace(scan, series=over))
    found = find(turned, replace(method, positive=True))
    assert np.array_equal(found.point.xyz_mm, usual(name).point.xyz_mm)
