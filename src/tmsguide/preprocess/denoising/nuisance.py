"""Signals that are not of the brain's doing: motion, white matter, CSF, the global mean."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tmsguide.model import Tissue
from tmsguide.num.regression import cosines_outside
from tmsguide.preprocess.denoising.compcor import (
    tissue_components,
    tissue_core,
    unsteady_components,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from tmsguide.preprocess.denoising.presets import Preset
    from tmsguide.preprocess.grids import BrainGrid

    Floats = NDArray[np.float64]

__all__ = ["GLOBAL_SIGNAL", "Confounds", "confounds", "dvars", "without_global_signal"]

GLOBAL_SIGNAL = "global_signal"
_MOTION = ("trans_x", "trans_y", "trans_z", "rot_x", "rot_y", "rot_z")
_TISSUES = (
    (Tissue.WM, "w", "white_matter", "white matter"),
    (Tissue.CSF, "c", "csf", "cerebrospinal fluid"),
)
_FEWEST_VOXELS = 50


@dataclass(frozen=True, slots=True, eq=False)
class Confounds:
    """K nuisance time courses over all T0 frames: ``values`` (T0, K), named as in fMRIPrep.

    ``problems`` says in words what was asked for and could not be found.
    """

    values: Floats
    names: tuple[str, ...]
    problems: tuple[str, ...] = ()

    def only(self, wanted: Callable[[str], bool]) -> Confounds:
        """Give the courses whose name is wanted."""
        chosen = [wanted(name) for name in self.names]
        names = tuple(n for n, c in zip(self.names, chosen, strict=True) if c)
        return Confounds(self.values[:, chosen], names, self.problems)


def confounds(
    series: NDArray[np.float32],
    grid: BrainGrid,
    *,
    motion: Floats,
    kept: NDArray[np.bool_],
    tr_s: float,
    low_hz: float,
    preset: Preset,
) -> Confounds:
    """Give what ``preset`` takes out, and last, whatever it says, the global mean.

    ``series`` (T0, N) is unsmoothed; ``motion`` (T0, 6) in mm and rad. Means and components of a
    tissue come from its eroded core; components are found after removing drifts below ``low_hz``,
    and only on the ``kept`` (T0,) frames. Changes are backward differences, 0 in the first frame.
    A tissue with fewer than 50 voxels left gives none, and ``problems`` says so.

    References
    ----------
    Friston 1996, doi:10.1002/mrm.1910350312, and Satterthwaite 2013,
    doi:10.1016/j.neuroimage.2012.08.052 (24 courses of motion, 36 in all); Behzadi 2007,
    doi:10.1016/j.neuroimage.2007.04.042 (aCompCor, tCompCor).
    """
    found = [_expanded(_MOTION, motion, preset.motion // len(_MOTION))]
    drift = cosines_outside(len(series), tr_s, low_hz=low_hz, high_hz=np.inf)
    problems = []
    for tissue, letter, name, words in _TISSUES:
        if not (preset.components or preset.variance or preset.tissue_means):
            continue
        core = tissue_core(grid, tissue)
        if core.sum() < _FEWEST_VOXELS:
            problems.append(f"too little sure {words} was found to take its signal out")
            continue
        inside = series[:, core]
        if preset.tissue_means:
            found.append(_expanded([name], _mean(inside), preset.tissue_means))
        if preset.components or preset.variance:
            courses = tissue_components(
                inside, kept, drift, count=preset.components, variance=preset.variance
            )
            found.append(_numbered(f"{letter}_comp_cor", courses))
    if preset.unsteady:
        courses = unsteady_components(series, kept, drift, count=preset.unsteady)
        found.append(_numbered("t_comp_cor", courses))
    found.append(_expanded([GLOBAL_SIGNAL], _mean(series), max(preset.global_signal, 1)))
    return Confounds(
        np.column_stack([values for values, _ in found]),
        tuple(name for _, names in found for name in names),
        tuple(problems),
    )


def without_global_signal(found: Confounds) -> Confounds:
    """Give the courses without the global mean, its change and their squares."""
    return found.only(lambda name: not name.startswith(GLOBAL_SIGNAL))


def dvars(series: NDArray[np.float32]) -> Floats:
    """Give DVARS (T0,): root mean square frame-to-frame change over voxels; the first is 0.

    In thousandths of the median signal (10 is 1 %).

    References
    ----------
    Power et al. 2012, NeuroImage 59:2142, doi:10.1016/j.neuroimage.2011.10.018.
    """
    scale = 1000 / float(np.median(series.mean(axis=0)))
    out = np.zeros(len(series))
    for t in range(1, len(series)):
        out[t] = scale * np.sqrt(np.mean((series[t] - series[t - 1]) ** 2, dtype=np.float64))
    return out


def _mean(series: NDArray[np.float32]) -> Floats:
    return np.asarray(series.mean(axis=1, dtype=np.float64)[:, None])


def _numbered(name: str, courses: Floats) -> tuple[Floats, list[str]]:
    return courses, [f"{name}_{k:02d}" for k in range(courses.shape[1])]


def _expanded(names: Sequence[str], values: Floats, each: int) -> tuple[Floats, list[str]]:
    """Give ``values`` (T0, K), with 2 each their backward differences, with 4 all squares too."""
    sets = {"": np.asarray(values, np.float64)}
    if each > 1:
        change = np.diff(values, axis=0, prepend=values[:1])
        sets["_derivative1"] = change
    if each > 2:
        sets |= {f"{suffix}_power2": v**2 for suffix, v in sets.items()}
    return np.column_stack(list(sets.values())), [n + suffix for suffix in sets for n in names]
