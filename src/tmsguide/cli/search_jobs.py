"""The jobs behind ``search`` and ``coils``."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import TYPE_CHECKING

from tmsguide.cli.console import Terminal, silent_log
from tmsguide.cli.notice import NOTICE
from tmsguide.field import coil_named, coil_names, stimulator_named, stimulator_names
from tmsguide.model import HeadSettings, SearchSettings
from tmsguide.pipeline import HeadSearch, check_search, publish_search, search_head_file

if TYPE_CHECKING:
    import argparse

__all__ = ["coils", "search"]


def search(words: argparse.Namespace) -> int:
    """Search one head and write what was found; nothing is left behind by an error."""
    asked = _asked(words)
    check_search(asked)
    with Terminal(silent_log(), quiet=words.quiet) as terminal:
        terminal.print(NOTICE)
        summary = publish_search(asked, search_head_file(asked, listener=terminal))
        for line in summary.lines():
            terminal.print(line)
    sys.stdout.write(f"{summary.path}\n")
    return 0


def coils() -> int:
    """Print every coil model and stimulator with its source."""
    for name in coil_names():
        coil = coil_named(name)
        sys.stdout.write(f"{name}\n    {coil.source}\n")
    sys.stdout.write("\nLargest dI/dt at 100 % output, A/us:\n")
    for name in stimulator_names():
        stimulator = stimulator_named(name)
        sys.stdout.write(f"{name} ({stimulator.title})\n    {stimulator.source}\n")
        for coil_name, didt in stimulator.didt_a_per_s.items():
            sys.stdout.write(f"    {coil_name:<20} {didt / 1e6:7.1f}\n")
    return 0


def _asked(words: argparse.Namespace) -> HeadSearch:
    settings, mesh = SearchSettings(), HeadSettings()
    given = {
        "radius_mm": words.radius_mm,
        "standoff_mm": words.standoff,
        "guidance": words.guidance,
    }
    settings = replace(settings, **{k: v for k, v in given.items() if v is not None})
    if words.edge_mm is not None:
        mesh = replace(mesh, edge_mm=words.edge_mm)
    x, y, z = words.target
    asked = HeadSearch(
        head=words.head.resolve(),
        out_dir=words.out.resolve(),
        target_mm=(x, y, z),
        coil=words.coil,
        direction=None if words.direction is None else tuple(words.direction),
        inward=words.inward,
        wanted=words.wanted,
        avoided=words.avoid,
        mend=words.mend,
        live=words.live,
        mesh=mesh,
        search=replace(settings, coil=words.coil),
    )
    return asked if words.seed is None else replace(asked, seed=words.seed)
