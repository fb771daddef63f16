"""Retest: whether a person's connectome and parcel target come back on another day."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.targeting.retest_scans import Cleaning, Retest, cleaned, people
from benchmarks.targeting.retest_targets import targets
from tmsguide.connectivity import (
    ConnectomeKind,
    Fingerprint,
    TangentReference,
    edges,
    fingerprint,
    recognised,
    series_connectome,
    tangent_connectome,
)
from tmsguide.num.covariances import shrunk_covariance, typical_count
from tmsguide.num.positive_definite import geometric_mean

if TYPE_CHECKING:
    from collections.abc import Callable

    from tmsguide.model import Connectome

__all__ = ["KEYS", "measure"]

#: The figures with a goal; None where the data are not beside the checkout.
KEYS = (
    "retest_connectome_self_r",
    "retest_connectome_other_r",
    "retest_fingerprint_percent",
    "retest_denoised_self_r",
    "retest_denoised_other_r",
    "retest_denoised_fingerprint_percent",
    "retest_target_percentile",
    "retest_target_percentile_single",
    "retest_target_margin",
    "retest_target_margin_95",
)
_SEED = 20260704


def measure(*, quick: bool, say: Callable[[str], None]) -> dict[str, object]:
    """Similarity of connectomes and rank of targets from one day to the other.

    Plain is one run of each day as it comes, correlated. Denoised is the pipeline's own cleaning
    (0.01-0.1 Hz, global signal out), both runs of a day joined, and the tangent against the first
    day of other people only: neither of the two people compared is in the reference. This is the
    pipeline's default, not the best of what was tried: ``retest_other_recipes`` lists the rest. A
    tangent takes out what all people share, so the like of it in plain correlations of one run,
    ``retest_centred``, stands beside it. ``gap_in_sd`` is the gap in standard deviations of the
    similarity between people. ``quick`` takes 8 people of 20.
    """
    scans = people(most=8 if quick else 20)
    if scans is None:
        say("the retest scans are not beside the checkout")
        return dict.fromkeys(KEYS)
    clean = cleaned(scans, Cleaning())
    say("one run of each day, plain correlation")
    out = _told("retest_connectome", _plain(scans)) | {"retest_people": len(scans.series)}
    say("the same without what all others share")
    out |= _told("retest_centred", recognised(_centred(scans)))
    say("both runs, band-pass, global signal out, tangent")
    out |= _told("retest_denoised", recognised(_tangent(clean)))
    out["retest_other_recipes"] = {} if quick else _others(scans, clean, say)
    out["retest_fingerprint_percent"] = out.pop("retest_connectome_fingerprint_percent")
    say("targets")
    out |= targets(clean, rng=np.random.default_rng(_SEED))
    return {key: out.get(key) for key in KEYS} | out


def _told(name: str, found: Fingerprint) -> dict[str, object]:
    name = f"{name}_" if name else ""
    return {
        f"{name}self_r": round(found.self_r, 3),
        f"{name}other_r": round(found.other_r, 3),
        f"{name}gap": round(found.self_r - found.other_r, 3),
        f"{name}gap_in_sd": round(found.apart, 2),
        f"{name}fingerprint_percent": round(100 * found.identified, 1),
    }


def _plain(scans: Retest) -> Fingerprint:
    return fingerprint(
        *([_correlation(person[day][0], scans) for person in scans.series] for day in (0, 1))
    )


def _correlation(
    series: np.ndarray, scans: Retest, kind: ConnectomeKind = ConnectomeKind.CORRELATION
) -> Connectome:
    return series_connectome(series, scans.names, scans.names, kind=kind)


def _centred(scans: Retest) -> np.ndarray:
    """Similarity (S, S) of single-run connectomes less the mean of the first day of all others."""
    z = np.stack(
        [[edges(_correlation(day[0], scans)) for day in person] for person in scans.series]
    )
    total = z[:, 0].sum(axis=0)
    size = len(z)
    out = np.empty((size, size))
    for i in range(size):
        for j in range(size):
            both = {i, j}
            mean = (total - sum(z[k, 0] for k in both)) / (size - len(both))
            out[i, j] = np.corrcoef(z[i, 0] - mean, z[j, 1] - mean)[0, 1]
    return out


def _tangent(scans: Retest) -> np.ndarray:
    """Similarity (S, S) of tangents, each against the first day of all but the two compared."""
    days = [[scans.joined(person, day) for day in (0, 1)] for person in range(len(scans.series))]
    whole = np.ones(len(days[0][0]), dtype=bool)
    covariances = np.stack(
        [shrunk_covariance(first, count=typical_count(first, whole)) for first, _ in days]
    )
    out = np.empty((len(days), len(days)))
    for i in range(len(days)):
        for j in range(i, len(days)):
            others = np.setdiff1d(np.arange(len(days)), [i, j])
            reference = TangentReference(
                geometric_mean(covariances[others]), scans.names, scans.names, len(others)
            )
            (a, b), (c, d) = (
                [edges(tangent_connectome(day, reference)) for day in days[k]] for k in (i, j)
            )
            out[i, j], out[j, i] = np.corrcoef(a, d)[0, 1], np.corrcoef(c, b)[0, 1]
    return out


def _others(scans: Retest, clean: Retest, say: Callable[[str], None]) -> dict[str, object]:
    """Try what else these very data were looked at with: for reading, not for choosing."""
    wide = cleaned(scans, Cleaning(band_pass=False, global_signal=False))
    kinds = (ConnectomeKind.CORRELATION, ConnectomeKind.PARTIAL)
    found: dict[str, object] = {}
    for words, some in (("uncleaned", wide), ("cleaned", clean)):
        for kind in kinds:
            say(f"both runs, {words}, {kind.value}")
            days = (
                [
                    _correlation(some.joined(person, day), some, kind)
                    for person in range(len(some.series))
                ]
                for day in (0, 1)
            )
            found[f"both runs, {words}, {kind.value}"] = _told("", fingerprint(*days))
    say("both runs, uncleaned, tangent")
    found["both runs, uncleaned, tangent"] = _told("", recognised(_tangent(wide)))
    return found
