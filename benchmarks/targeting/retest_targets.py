"""Whether the parcel that one day would be aimed at is still a good one on the other day.

Ranks are in percent of the search area on the day that was not used: 0 the best, 50 chance.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tmsguide.num.statistics import fisher_z, standardise

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from benchmarks.targeting.retest_scans import Retest

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

__all__ = ["targets"]

#: The subgenual cortex straddles the border of these two parcels of the atlas, which has none of
#: its own; both, of both sides, stand for it (they are several times as large).
SEED = tuple(
    f"{side}-{parcel}"
    for side in ("lh", "rh")
    for parcel in ("medialorbitofrontal", "rostralanteriorcingulate")
)
LATERAL_PREFRONTAL = tuple(
    f"lh-{parcel}"
    for parcel in (
        "rostralmiddlefrontal",
        "caudalmiddlefrontal",
        "superiorfrontal",
        "parsopercularis",
        "parstriangularis",
        "parsorbitalis",
    )
)
_RESAMPLES = 10_000


def targets(scans: Retest, *, rng: np.random.Generator) -> dict[str, object]:
    """Rank on the other day of the parcel chosen on one, both ways round, mean over people.

    ``single`` chooses the parcel least correlated with the seed in one run. Ours chooses by both
    runs and the weighted seed map: all parcels weighted by the mean seed map of the other people,
    the parcel itself left out. Six lateral prefrontal parcels make steps of 20 percent, so the
    main figures search all parcels but the seed's; ``lateral_prefrontal`` holds those of the six.

    Each is ranked on its own map of the other day (what a second scan would say), and as
    ``common`` on one yardstick for all, the plain seed map of both runs of the other day.
    ``group`` is everyone's mean but the person's own: the parcel chosen without a scan.
    ``margin`` is single less ours with the 95 % interval of resampling people.
    """
    seed = _index(scans, SEED)
    rest = np.setdiff1d(np.arange(len(scans.names)), seed)
    out = _told(_ranked(scans, seed, rest), rng)
    narrow = _told(_ranked(scans, seed, _index(scans, LATERAL_PREFRONTAL)), rng)
    return out | {"lateral_prefrontal": narrow}


_COLUMNS = ("single", "ours", "single_common", "ours_common", "joined_common", "group_common")


def _told(ranked: Floats, rng: np.random.Generator) -> dict[str, object]:
    """Means over people (S, 6) and the margins of single over ours."""
    mean = dict(zip(_COLUMNS, ranked.mean(axis=0), strict=True))
    out: dict[str, object] = {"retest_target_percentile": round(mean["ours"], 1)}
    out |= {f"retest_target_percentile_{k}": round(v, 1) for k, v in mean.items() if k != "ours"}
    for name, a, b in (("margin", 0, 1), ("margin_common", 2, 3), ("margin_group_common", 5, 3)):
        gain = ranked[:, a] - ranked[:, b]
        drawn = gain[rng.integers(len(gain), size=(_RESAMPLES, len(gain)))].mean(axis=1)
        out[f"retest_target_{name}"] = round(float(gain.mean()), 1)
        out[f"retest_target_{name}_95"] = [
            round(float(v), 1) for v in np.quantile(drawn, [0.025, 0.975])
        ]
    return out


def _ranked(scans: Retest, seed: Ints, search: Ints) -> Floats:
    """Percentiles (S, 6), in the order of `_COLUMNS`."""
    one = [[[_correlations(run) for run in day] for day in person] for person in scans.series]
    both = [[_correlations(scans.joined(s, day)) for day in (0, 1)] for s in range(len(one))]
    seeds = np.stack([np.mean([_seed_map(r, seed) for r in days], axis=0) for days in both])
    out = np.empty((len(one), len(_COLUMNS)))
    for s in range(len(one)):
        weights = (seeds.sum(axis=0) - seeds[s]) / (len(one) - 1)
        ways = [
            _one_way(one[s], both[s], weights, seed=seed, search=search, days=days)
            for days in ((0, 1), (1, 0))
        ]
        out[s] = np.mean(ways, axis=0)
    return out


def _one_way(
    one: list[list[Floats]],
    both: list[Floats],
    weights: Floats,
    *,
    seed: Ints,
    search: Ints,
    days: tuple[int, int],
) -> list[float]:
    day, other = days
    yard = _seed_map(both[other], seed)[search]
    ours_there = _weighted_map(both[other], weights, search)
    singles = [_seed_map(r, seed)[search] for r in one[day]]
    theirs = [_seed_map(r, seed)[search] for r in one[other]]
    ours = _weighted_map(both[day], weights, search)
    return [
        float(np.mean([_percent(b, a) for a, b in zip(singles, theirs, strict=True)])),
        _percent(ours_there, ours),
        float(np.mean([_percent(yard, a) for a in singles])),
        _percent(yard, ours),
        _percent(yard, _seed_map(both[day], seed)[search]),
        _percent(yard, weights[search]),
    ]


def _percent(there: Floats, here: Floats) -> float:
    """Share of the others that lie lower ``there`` than the place that is lowest ``here``."""
    return 100 * float(np.count_nonzero(there < there[np.argmin(here)])) / (len(there) - 1)


def _correlations(series: Floats) -> Floats:
    scored = standardise(series)
    return scored.T @ scored / len(scored)


def _seed_map(r: Floats, seed: Ints) -> Floats:
    """Fisher z (P,) with the mean series of the seed, from correlations (P, P)."""
    return fisher_z(r[:, seed].sum(axis=1) / np.sqrt(r[np.ix_(seed, seed)].sum()))


def _weighted_map(r: Floats, weights: Floats, search: Ints) -> Floats:
    """Fisher z of each parcel of the search area with all others' weighted series."""
    out = np.empty(len(search))
    for place, parcel in enumerate(search):
        some = weights.copy()
        some[parcel] = 0.0
        out[place] = r[parcel] @ some / np.sqrt(some @ r @ some)
    return fisher_z(out)


def _index(scans: Retest, names: tuple[str, ...]) -> Ints:
    return np.array([scans.names.index(name) for name in names])
