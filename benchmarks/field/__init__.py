"""The electric-field engine: accuracy, seconds per step and the live field, on one JSON line."""

from __future__ import annotations

import resource
from typing import TYPE_CHECKING

import numba

from benchmarks.field import accuracy, heads, live, peer, search, solves

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["run"]


def run(*, quick: bool) -> dict[str, object]:
    """Measure every figure; ``quick`` takes small meshes and one repetition."""
    times = 1 if quick else 5
    parts: list[Callable[[], dict[str, object]]] = [
        lambda: accuracy.sphere(edge_mm=4.0 if quick else 2.25),
        accuracy.rates,
        lambda: solves.meshing(heads.labels(), edge_mm=4.0 if quick else 2.15, times=times),
    ]
    out: dict[str, object] = {"threads": numba.get_num_threads(), "repetitions": times}
    for part in parts:
        out |= _told(part())
    head = heads.meshed(edge_mm=5.0 if quick else 2.75)
    prepared, figures = solves.fields(head, times=times)
    out |= _told(figures)
    out |= _told(search.figures(prepared, times=times))
    out |= _told(live.figures(prepared, modes=40 if quick else 192, held_out=10 if quick else 60))
    del prepared
    out |= _told(peer.figures())
    out["peak_rss_gb"] = round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9, 2)
    return out


def _told(figures: dict[str, object]) -> dict[str, object]:
    print(figures, flush=True)  # noqa: T201  (progress: the last line is the whole result)
    return figures
