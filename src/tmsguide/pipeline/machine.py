"""What this run used of the machine, and what it ran on."""

from __future__ import annotations

import platform
import resource
import sys
from importlib import metadata

from tmsguide import __version__

__all__ = ["peak_rss_gb", "versions"]

PARTS = ("numpy", "scipy", "numba", "nibabel", "nilearn", "SimpleITK", "picsl-greedy")


def peak_rss_gb() -> float:
    """Largest resident memory of this process so far, in GB (10⁹ bytes)."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return float(peak if sys.platform == "darwin" else peak * 1024) / 1e9


def versions() -> dict[str, str]:
    """Versions of tmsguide, Python and the packages that compute."""
    found = {"tmsguide": __version__, "python": platform.python_version()}
    for name in PARTS:
        found[name] = metadata.version(name)
    return found
