"""Which uncertain input makes an output uncertain: Sobol' indices from random samples."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

__all__ = ["mixed_samples", "sobol_indices"]


def mixed_samples(one: Floats, other: Floats) -> Floats:
    """Give (D, N, D): ``one`` (N, D) with its d-th input taken from ``other`` (N, D)."""
    out = np.repeat(one[None], one.shape[1], axis=0)
    for d in range(one.shape[1]):
        out[d, :, d] = other[:, d]
    return out


def sobol_indices(one: Floats, other: Floats, mixed: Floats) -> tuple[Floats, Floats]:
    """Give first-order and total indices (D,) of an output at two samples (N,) and mixed (D, N).

    The first-order index is the share of the variance that would go if that input were known; the
    total index the share that would stay if only that input were unknown. Both are zero where the
    output does not vary at all. Their sampling error is about 1 / sqrt(N).

    References
    ----------
    Saltelli et al. 2010, Comput. Phys. Commun. 181:259, doi:10.1016/j.cpc.2009.09.018, table 2
    (b) and (f); Jansen 1999, Comput. Phys. Commun. 117:35, doi:10.1016/S0010-4655(98)00154-4.
    """
    both = np.concatenate([one, other])
    variance = both.var()
    if not variance > 0:
        return np.zeros(len(mixed)), np.zeros(len(mixed))
    centred = other - both.mean()  # the same value with a smaller spread
    first = (centred * (mixed - one)).mean(axis=1) / variance
    total = ((mixed - one) ** 2).mean(axis=1) / (2 * variance)
    return first, total
