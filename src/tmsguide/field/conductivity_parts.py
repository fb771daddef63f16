"""The finite elements of a head, part by part: one part for each uncertain tissue."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tmsguide.errors import InputError
from tmsguide.model import Tissue
from tmsguide.num.linear_fem import assemble, couple
from tmsguide.num.recovery import recovered_gradient
from tmsguide.num.reduced_basis import Family
from tmsguide.num.tetrahedra import barycentres

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray
    from scipy.sparse import csr_array

    from tmsguide.field.forward import Prepared
    from tmsguide.field.readings import Reading

    Floats = NDArray[np.float64]

__all__ = [
    "Ranges",
    "families",
    "of_potential",
    "of_primary",
    "part_weights",
    "tissue_ranges",
]


@dataclass(frozen=True, slots=True, eq=False)
class Ranges:
    """Tissues of a head whose conductivity is uncertain: its default, low and high (T,), S/m."""

    tissues: tuple[Tissue, ...]
    default_s_per_m: Floats
    low_s_per_m: Floats
    high_s_per_m: Floats


def tissue_ranges(prepared: Prepared, ranges: Mapping[Tissue, tuple[float, float]]) -> Ranges:
    """Give the ranges of those tissues that the head holds, ascending.

    Raises
    ------
    InputError
        A range that is not 0 < low <= high, or no tissue of the head has one.
    """
    head = prepared.head
    present = np.unique(head.tissue).tolist()
    tissues = tuple(tissue for tissue in sorted(ranges) if int(tissue) in present)
    if not tissues:
        raise InputError(
            f"ranges are given for {', '.join(t.name for t in ranges) or 'no tissue'}, the head "
            f"holds {', '.join(Tissue(t).name for t in present)}; give a range for one of them"
        )
    default = []
    for tissue in tissues:
        low, high = ranges[tissue]
        if not 0 < low <= high < np.inf:
            raise InputError(
                f"the conductivity of {tissue.name} is said to be {low:g} to {high:g} S/m; needed "
                "0 < low <= high"
            )
        own = head.tissue == int(tissue)
        volume = prepared.volume_m3[own]
        default.append(volume @ head.sigma_s_per_m[own] / volume.sum())
    low_high = np.array([ranges[tissue] for tissue in tissues], dtype=np.float64)
    return Ranges(tissues, np.array(default), low_high[:, 0], low_high[:, 1])


def families(prepared: Prepared, tissues: tuple[Tissue, ...], a_dot: Floats) -> list[Family]:
    """Give one family for each column of dA/dt (N, 3, E): stiffness and load by tissue.

    A part holds its tissue at the head's conductivity, anisotropy included; all other tissues, if
    any, make a last part.
    """
    head = prepared.head
    masks = [head.tissue == int(tissue) for tissue in tissues]
    rest = ~np.logical_or.reduce(masks)
    if rest.any():
        masks.append(rest)
    matrix = prepared.assembled.matrix
    places = _places(matrix)
    values = np.zeros((len(masks), matrix.nnz))
    loads = np.empty((a_dot.shape[2], len(masks), len(prepared.nodes_m)))
    for t, mask in enumerate(masks):
        tensor = None if head.tensor_s_per_m is None else head.tensor_s_per_m[mask]
        part = assemble(prepared.nodes_m, head.cells[mask], head.sigma_s_per_m[mask], tensor)
        values[t, np.searchsorted(places, _places(part.matrix))] = part.matrix.data
        loads[:, t] = -couple(part, a_dot).T
    return [Family(matrix, values, load) for load in loads]


def part_weights(default_s_per_m: Floats, sigma_s_per_m: Floats, parts: int) -> Floats:
    """Give the weight (S, parts) of each part for conductivities (S, T); the last part stays."""
    scale = sigma_s_per_m / default_s_per_m
    rest = np.ones((len(scale), parts - scale.shape[1]))
    return np.concatenate([scale, rest], axis=1)


def of_potential(prepared: Prepared, reading: Reading) -> Floats:
    """Give (N, Q): what the potential of each node adds to the readings."""
    cells = prepared.head.cells
    slope = recovered_gradient(prepared.recovery, prepared.nodes_m, cells, reading.cells)
    return np.asarray(-(slope.T @ reading.weights.reshape(len(reading.weights), -1).T))


def of_primary(prepared: Prepared, reading: Reading, a_dot: Floats) -> Floats:
    """Give the readings (Q,) of minus dA/dt (N, 3) alone."""
    own = barycentres(a_dot, prepared.head.cells[reading.cells])
    return np.asarray(-np.einsum("qpd,pd->q", reading.weights, own))


def _places(matrix: csr_array) -> NDArray[np.int64]:
    """Give each stored entry's place in the matrix, ascending as columns are sorted."""
    n = matrix.shape[0]
    row = np.repeat(np.arange(n, dtype=np.int64), np.diff(matrix.indptr))
    return np.asarray(row * n + matrix.indices)
