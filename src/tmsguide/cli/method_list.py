"""The list behind ``methods``."""

from __future__ import annotations

import sys
import textwrap

from tmsguide.targeting import definitions

__all__ = ["methods"]


def methods() -> int:
    """Print every built-in targeting method; those of a usual run are marked with a star."""
    for method in definitions():
        mark = "*" if method.default else " "
        sys.stdout.write(f"{mark} {method.name}  ({method.condition})\n")
        words = (method.title, method.assumes, method.source)
        for line in (line for text in words if text for line in textwrap.wrap(text, 90)):
            sys.stdout.write(f"    {line}\n")
    sys.stdout.write(
        "\n* found in every run. Others: --target-method NAME, or a definition file of your own.\n"
        "Research use only; the evidence for connectivity-guided targets is mixed.\n"
    )
    return 0
