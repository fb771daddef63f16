"""Seconds and memory of the chain's imaging steps, and the correlation that targeting lives by."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.children import Child
from benchmarks.imaging.timed_people import GENERATED, REAL, generated, lengthened

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["measure"]

VOLUMES = 300
FEW_VOLUMES = 60  # where the generated person's functional scan is not timed
ANATOMY = ("anatomy", "registration to MNI")


def measure(*, quick: bool, say: Callable[[str], None]) -> dict[str, Any]:
    """Give wall and CPU seconds of anatomy and functional scan, memory, and r of the real scan.

    ``seconds_anatomy`` is labels and both maps to MNI, the slower of a generated person (1 mm) and
    sub-forrest02 (0.7 mm); ``seconds_bold_300_volumes`` all from motion to both cleanings, of
    sub-forrest02 lengthened to 300 volumes, or of a generated person where the shared data are
    absent; results are stored in both. ``sgacc_dlpfc_r_forrest02`` is None without the shared
    data. ``quick`` times a coarse person of 120 volumes under the names of the full run.
    """
    real = REAL[0].exists() and not quick
    with tempfile.TemporaryDirectory() as name:
        home, store = Path(name), str(Path(name) / "store")
        say("generating a person")
        made = generated(home / "made", quick=quick, volumes=FEW_VOLUMES if real else VOLUMES)
        words = (str(made), GENERATED, store, *(("--anatomy-only",) if real else ()))
        say("timing the generated person")
        found = {
            "generated": Child(
                "imaging.steps", (*words, *(("--coarse",) if quick else ()))
            ).result()
        }
        if real:
            say("timing sub-forrest02")
            found["forrest02"] = Child("imaging.steps", (str(REAL[0]), REAL[1], store)).result()
            say(f"timing sub-forrest02 lengthened to {VOLUMES} volumes")
            longer = lengthened(home / "longer", volumes=VOLUMES)
            found["bold"] = Child("imaging.steps", (str(longer), REAL[1], store)).result()
    return _figures(found)


def _figures(found: dict[str, dict[str, Any]]) -> dict[str, Any]:
    real = found.get("forrest02", {})
    anatomy = {name: _sums(of["seconds"]) for name, of in found.items() if name != "bold"}
    timed = found.get("bold", found["generated"])
    wall, cpu = timed["seconds"]["functional scan"]
    slower = max(anatomy.values())
    return {
        "seconds_anatomy": slower[0],
        "cpu_seconds_anatomy": slower[1],
        **{f"seconds_anatomy_{name}": wall for name, (wall, _) in anatomy.items()},
        "seconds_bold_300_volumes": wall,
        "cpu_seconds_bold_300_volumes": cpu,
        "bold_volumes": timed["volumes"],
        "sgacc_dlpfc_r_forrest02": real.get("global_signal_out"),
        "sgacc_dlpfc_r_forrest02_global_signal_kept": real.get("global_signal_in"),
        "peak_rss_gb": max(of["peak_rss_gb"] for of in found.values()),
        "peak_rss_gb_each": {name: of["peak_rss_gb"] for name, of in found.items()},
    }


def _sums(seconds: dict[str, list[float]]) -> tuple[float, float]:
    wall, cpu = (round(sum(seconds[step][k] for step in ANATOMY), 1) for k in (0, 1))
    return wall, cpu
