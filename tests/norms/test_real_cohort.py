"""Twenty young adults with real scans: the machinery's own members are calibrated."""

import numpy as np
import pytest

from tests.shared_data import shared
from tmsguide.norms import Covariates, Person, deviation, fit_norms, outside

DAYS = (("REST1-LR", "REST1-RL"), ("REST2-LR", "REST2-RL"))
LOBES = {
    "frontal": "frontal pars precentral paracentral frontalpole",
    "temporal": "temporal bankssts fusiform entorhinal parahippocampal temporalpole",
    "parietal": "parietal precuneus postcentral supramarginal",
    "occipital": "occipital cuneus lingual pericalcarine",
    "cingulate": "cingulate insula",
}


@pytest.fixture(scope="module")
def edges():
    """Fisher z of all pairs, (day, person, pair), and each region's lobe."""
    folder = shared("retest_hcp_dk68")
    regions = (folder / "region_names.txt").read_text().split()
    upper = np.triu_indices(68, 1)
    z = np.zeros((2, 20, len(upper[0])))
    for row, path in enumerate(sorted(folder.glob("*.npz"))):
        with np.load(path) as runs:
            for day, names in enumerate(DAYS):
                pair = [np.arctanh(np.corrcoef(runs[n])[upper]) for n in names]
                z[day, row] = np.mean(pair, axis=0)
    return z, np.array([lobe_of(name) for name in regions]), upper


def lobe_of(region):
    name = region.split("-")[-1]
    for lobe, parts in LOBES.items():
        if any(part in name for part in parts.split()) and "cingulate" not in name:
            return lobe
    return "cingulate"


def lobe_means(edges, lobes, upper):
    a, b = lobes[upper[0]], lobes[upper[1]]
    pairs = sorted({tuple(sorted(p)) for p in zip(a, b, strict=True)})
    chosen = [((a == one) & (b == other)) | ((a == other) & (b == one)) for one, other in pairs]
    return np.stack([edges[..., c].mean(axis=-1) for c in chosen], axis=-1)


def test_members_left_out_lie_outside_in_about_five_percent(edges):
    z, lobes, upper = edges
    for day in range(2):
        norms = fit_norms(z[day], Covariates(), tuple(map(str, range(z.shape[2]))))
        # measured 5.5 % and 5.0 % of 2278 edges; one member of day 1 has 56 % outside
        assert 0.04 < norms.left_out.mean() / z.shape[2] < 0.065
        means = lobe_means(z[day], lobes, upper)
        few = fit_norms(means, Covariates(), tuple(map(str, range(means.shape[1]))))
        # measured 5.3 and 6.7 % of 15 means: nearly all of it one and two odd members
        assert 0.02 < few.left_out.mean() / means.shape[1] < 0.09


def test_the_same_person_deviates_alike_on_another_day(edges):
    z, *_ = edges
    norms = fit_norms(z[0], Covariates(), tuple(map(str, range(z.shape[2]))))
    both = np.array([[deviation(norms, y, Person()).z for y in day] for day in z])
    r = np.corrcoef(both[0], both[1])[:20, 20:]
    own = np.diag(r).mean()
    other = r[~np.eye(20, dtype=bool)].mean()
    assert own > 0.5  # measured 0.65
    assert abs(other) < 0.1  # measured -0.03


def test_shuffled_regions_stand_out(edges):
    """A scan whose regions are shuffled is no scan like these."""
    z, _, upper = edges
    rng = np.random.default_rng(5)
    norms = fit_norms(z[0], Covariates(), tuple(map(str, range(z.shape[2]))))
    full = np.zeros((68, 68))
    full[upper] = z[1, 0]
    full = full + full.T
    order = rng.permutation(68)
    shuffled = deviation(norms, full[np.ix_(order, order)][upper], Person())
    plain = deviation(norms, z[1, 0], Person())
    # measured 723 and 443 against 170 and 0; one odd member of the cohort has more
    assert outside(norms, shuffled).count > 3 * outside(norms, plain).count
    assert outside(norms, shuffled).after_correction > 100
    assert outside(norms, plain).after_correction == 0
    assert outside(norms, shuffled).share_of_cohort < 0.1
