"""Scores of the parcels of one resample: size, density and relation with the seed's parcels."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from tmsguide.num.average_linkage import cut_average_linkage

__all__ = ["choose_parcel", "relate", "score_parcels"]


@njit(cache=True, nogil=True)
def relate(near: Any, near_seed: Any, across: Any, least: float, label: Any, relation: Any) -> int:
    """Cut places and seed into parcels; write label and relation (m,), give the parcels' count.

    ``near`` (m, m) and ``near_seed`` (s, s) hold correlations and are overwritten; ``across``
    (m, s) holds those between. The series of a parcel is the mean of its places' standardised
    ranks, so correlations of parcels are sums of those of places. ``relation`` is the mean of
    those with the parcels of the seed, weighted by their size.
    """
    inner, seed_inner = np.empty(len(near)), np.empty(len(near_seed))
    seed_label = np.empty(len(near_seed), np.int64)
    count = cut_average_linkage(near, least, label, inner)
    seeds = cut_average_linkage(near_seed, least, seed_label, seed_inner)
    size = np.zeros(seeds)
    for b in range(len(seed_label)):
        size[seed_label[b]] += 1.0
    for j in range(seeds):
        size[j] = size[j] / np.sqrt(seed_inner[j]) if seed_inner[j] > 0 else 0.0
    relation[:] = 0.0
    for a in range(len(label)):
        total = 0.0
        for b in range(len(seed_label)):
            total += across[a, b] * size[seed_label[b]]
        relation[label[a]] += total
    for i in range(count):
        spread = np.sqrt(inner[i] if inner[i] > 0 else 1.0)
        relation[i] /= spread * len(seed_label)
    return int(count)


@njit(cache=True, nogil=True)
def score_parcels(
    label: Any, count: int, relation: Any, xyz: Any, size_cm3: Any, shortest_mm: float, out: Any
) -> None:
    """Write size, concentration and relation of each parcel into ``out`` (3, m).

    Concentration is size over mean distance between two of its places (of at least
    ``shortest_mm``, which is also that of a parcel of one).
    """
    out[:, :count] = 0.0
    pairs = np.zeros(count)
    for a in range(len(label)):
        out[0, label[a]] += size_cm3[a]
        for b in range(a):
            if label[a] == label[b]:
                square = 0.0
                for d in range(3):
                    square += (xyz[a, d] - xyz[b, d]) ** 2
                out[1, label[a]] += np.sqrt(square)
                pairs[label[a]] += 1.0
    for i in range(count):
        apart = out[1, i] / pairs[i] if pairs[i] > 0 else 0.0
        out[1, i] = out[0, i] / max(apart, shortest_mm)
        out[2, i] = relation[i]


@njit(cache=True, nogil=True)
def choose_parcel(scores: Any, least_cm3: float) -> int:
    """Give the parcel of the smallest product of ranks; ``scores`` (3, C) of `score_parcels`.

    Ranked, each from 1, are size and concentration from the largest and relation from the most
    negative, among the parcels of ``least_cm3`` that are anticorrelated with the seed. Where none
    is large enough all sizes count, where none (of these) is anticorrelated all relations do.
    Equal products go to the lower relation, then to the higher concentration, then to the larger.
    """
    size, dense, relation = scores[0], scores[1], scores[2]
    able = size >= least_cm3
    if not able.any():
        able[:] = True
    if (able & (relation < 0.0)).any():
        able &= relation < 0.0
    runners = np.flatnonzero(able)
    worth = scores.copy()
    worth[2] *= -1.0
    best, chosen = (np.inf, 0.0, 0.0, 0.0), -1
    for i in runners:
        product = 1.0
        for k in range(3):
            rank = 1
            for j in runners:
                rank += worth[k, j] > worth[k, i]
            product *= rank
        key = (product, relation[i], -dense[i], -size[i])
        if key < best:
            best, chosen = key, int(i)
    return chosen
