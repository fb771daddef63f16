"""Network means as a row of named measures, and back into rows and columns."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tmsguide.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from tmsguide.model.networks import NetworkMeans

    Floats = NDArray[np.float64]

__all__ = ["network_measures", "networks_in"]


def network_measures(means: NetworkMeans) -> tuple[tuple[str, ...], Floats]:
    """Give names and values of K (K + 1) / 2 measures: within each network, between each two.

    Names are ``within:<network>`` and ``between:<network a>:<network b>``, in alphabetical order
    of the networks, so that no order of the parcellation matters. A mean without any pair of
    parcels behind it is NaN.

    Raises
    ------
    InputError
        A network's name has a colon, a tab or a line end in it, or is there twice.
    """
    bad = [n for n in means.names if set(n) & set(":\t\r\n") or means.names.count(n) > 1]
    if bad:
        raise InputError(
            f"network {bad[0]!r} has a colon or tab in its name, or is there twice; rename it"
        )
    order = sorted(range(len(means.names)), key=lambda k: means.names[k])
    z = np.where(means.edges > 0, means.z, np.nan)
    pairs = [(a, a) for a in order]
    pairs += [(a, b) for i, a in enumerate(order) for b in order[i + 1 :]]
    names = tuple(
        f"within:{means.names[a]}" if a == b else f"between:{means.names[a]}:{means.names[b]}"
        for a, b in pairs
    )
    return names, np.array([z[a, b] for a, b in pairs])


def networks_in(names: Sequence[str]) -> dict[str, tuple[str, str]] | None:
    """Give each measure's two networks (twice the same for within), or None for other measures.

    Examples
    --------
    >>> networks_in(["within:DMN", "between:DMN:Visual"])
    {'within:DMN': ('DMN', 'DMN'), 'between:DMN:Visual': ('DMN', 'Visual')}
    >>> networks_in(["cortical thickness"]) is None
    True
    """
    found = {}
    for name in names:
        match name.split(":"):
            case ["within", network]:
                found[name] = (network, network)
            case ["between", one, other]:
                found[name] = (one, other)
            case _:
                return None
    return found
