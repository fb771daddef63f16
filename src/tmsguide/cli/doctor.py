"""Tells whether this installation is whole and this machine large enough."""

from __future__ import annotations

import importlib
import os
import shutil
import sys
from importlib import metadata
from pathlib import Path

from tmsguide import __version__

__all__ = ["doctor"]

# import name of each package the chain cannot do without
NEEDED = {
    "jinja2": "jinja2",
    "matplotlib": "matplotlib",
    "nibabel": "nibabel",
    "nilearn": "nilearn",
    "numba": "numba",
    "numpy": "numpy",
    "picsl-greedy": "picsl_greedy",
    "rich": "rich",
    "scikit-image": "skimage",
    "scipy": "scipy",
    "simpleitk": "SimpleITK",
}
MEMORY_GB = 8  # stated need of one adult, docs/benchmarks.md
DISK_GB = 4


def doctor() -> int:
    """Print one line per check; 0 when all is well, 1 otherwise."""
    checks = [_python(), *(_package(name, module) for name, module in NEEDED.items())]
    checks += [_cores(), _memory(), _disk()]
    for fine, line in checks:
        print(("ok    " if fine else "FAULT ") + line)
    fine = all(ok for ok, _ in checks)
    print(f"tmsguide {__version__}: " + ("all is well" if fine else "see the FAULT lines above"))
    return 0 if fine else 1


def _python() -> tuple[bool, str]:
    version = sys.version.split()[0]
    return (3, 11) <= sys.version_info[:2] <= (3, 12), f"Python {version} (needs 3.11 or 3.12)"


def _package(name: str, module: str) -> tuple[bool, str]:
    try:
        importlib.import_module(module)
        return True, f"{name} {metadata.version(name)}"
    except ImportError as error:
        return False, f"{name}: {error}; install again with 'python3 dev.py demo' or pip"


def _cores() -> tuple[bool, str]:
    return True, f"{os.cpu_count()} processor cores"


def _memory() -> tuple[bool, str]:
    try:
        total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    except (ValueError, OSError, AttributeError):
        return True, f"memory unknown (one adult needs up to {MEMORY_GB} GB)"
    return total >= MEMORY_GB, f"{total:.0f} GB memory (one adult needs up to {MEMORY_GB} GB)"


def _disk() -> tuple[bool, str]:
    free = shutil.disk_usage(Path.cwd()).free / 1e9
    return free >= DISK_GB, f"{free:.0f} GB free here (one adult needs about {DISK_GB} GB)"
