"""The largest patch of one network in the search area, and its centre."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from numba import njit

from tmsguide.errors import InputError
from tmsguide.num.parallel import ordered_map
from tmsguide.targeting.finders.terrain import Found

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tmsguide.targeting.finders.terrain import Terrain

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

__all__ = ["Patches", "largest_patch", "patch_targets"]

#: Maps handled at a time by one thread.
_ROWS = 32


@dataclass(frozen=True, slots=True, eq=False)
class Patches:
    """What was found on B labellings.

    Where a labelling has no patch of the network, ``found`` holds index -1 and a centroid of NaN;
    ``present`` (B,) is False there. ``size_cm3`` (B,) is the grey matter of each patch.
    """

    found: Found
    present: NDArray[np.bool_]
    size_cm3: Floats

    @property
    def present_share(self) -> float:
        """The share of labellings in which the network has a patch at all."""
        return float(self.present.mean())


def patch_targets(
    winner: NDArray[np.integer],
    network: int,
    places: Terrain,
    *,
    allowed: NDArray[np.bool_] | None = None,
) -> Patches:
    """Largest connected patch of a network in each of B labellings, and the place at its centre.

    ``winner`` (B, M) the network of each place, ``allowed`` (M,) where a patch may lie (gyral
    crowns, from sulcal depth or convexity), everywhere if None. Largest is the most grey matter,
    of patches exactly alike the one with the first place; the centroid, weighted by grey matter,
    is moved to the nearest place of the patch, so that a curved patch has its target on itself.

    Raises
    ------
    InputError
        If the labels or ``allowed`` are not for the places.

    References
    ----------
    Lynch et al. 2022, PMC11446252 (largest patch on lateral prefrontal gyri).
    """
    allowed = _checked(winner, places, allowed)
    starts = range(0, len(winner), _ROWS)
    blocks = [winner[first : first + _ROWS] for first in starts]
    done = ordered_map(partial(_block, network=network, places=places, allowed=allowed), blocks)
    index = np.concatenate([d[0] for d in done])
    centroid, size = (np.concatenate([d[k] for d in done]) for k in (1, 2))
    return Patches(Found(index, centroid), index >= 0, size)


def largest_patch(
    winner: NDArray[np.integer],
    network: int,
    places: Terrain,
    *,
    allowed: NDArray[np.bool_] | None = None,
) -> Ints:
    """Give the indices of the places of the largest patch of a network in one labelling (M,).

    Empty where the network has none; as `patch_targets` otherwise.
    """
    allowed = _checked(winner[None], places, allowed)
    patch = np.empty(len(winner), dtype=np.int64)
    held, _ = _grow(
        (winner == network) & allowed, places.first, places.neighbour, places.size_cm3, patch
    )
    return np.sort(patch[:held])


def _checked(
    winner: NDArray[np.integer], places: Terrain, allowed: NDArray[np.bool_] | None
) -> NDArray[np.bool_]:
    count = len(places.xyz_mm)
    if winner.shape[1] != count or (allowed is not None and len(allowed) != count):
        raise InputError(
            f"labels for {winner.shape[1]} places, the search area has {count}; needed one label "
            "and one mark of being allowed for each. Label the places of the search area"
        )
    return np.ones(count, dtype=np.bool_) if allowed is None else np.asarray(allowed, np.bool_)


def _block(
    winner: NDArray[np.integer], network: int, places: Terrain, allowed: NDArray[np.bool_]
) -> tuple[Ints, Floats, Floats]:
    index = np.full(len(winner), -1, dtype=np.int64)
    centroid = np.full((len(winner), 3), np.nan)
    size = np.zeros(len(winner))
    chosen = (winner == network) & allowed
    _centres(
        chosen,
        *(places.first, places.neighbour, places.size_cm3, places.xyz_mm),
        *(index, centroid, size),
    )
    return index, centroid, size


@njit(cache=True, nogil=True)
def _grow(chosen: Any, first: Any, neighbour: Any, size: Any, patch: Any) -> Any:
    """Fill ``patch`` with the places of the largest patch: how many they are, and their size."""
    n = chosen.shape[0]
    seen = np.zeros(n, np.bool_)
    queue = np.empty(n, np.int64)
    held, most = 0, 0.0
    for start in range(n):
        if seen[start] or not chosen[start]:
            continue
        queue[0] = start
        seen[start] = True
        at, end, total = 0, 1, 0.0
        while at < end:
            i = queue[at]
            at += 1
            total += size[i]
            for k in range(first[i], first[i + 1]):
                j = neighbour[k]
                if chosen[j] and not seen[j]:
                    seen[j] = True
                    queue[end] = j
                    end += 1
        # sums of the same sizes in another order differ by rounding: no new patch for that
        if held == 0 or total > most * (1.0 + 1e-12):
            held, most = end, total
            patch[:end] = queue[:end]
    return held, most


@njit(cache=True, nogil=True)
def _centres(
    chosen: Any,
    first: Any,
    neighbour: Any,
    size: Any,
    xyz: Any,
    index: Any,
    centroid: Any,
    total: Any,
) -> None:
    patch = np.empty(chosen.shape[1], np.int64)
    for b in range(chosen.shape[0]):
        held, most = _grow(chosen[b], first, neighbour, size, patch)
        if held == 0:
            continue
        total[b] = most
        for d in range(3):
            weighted = 0.0
            for i in patch[:held]:
                weighted += size[i] * xyz[i, d]
            centroid[b, d] = weighted / most
        least = np.inf
        for i in np.sort(patch[:held]):
            square = 0.0
            for d in range(3):
                square += (xyz[i, d] - centroid[b, d]) ** 2
            if square < least:
                least = square
                index[b] = i
