"""What a report needs to know about one person, gathered by the pipeline, and what it gives."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tmsguide.errors import FrameError, InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import numpy as np
    from numpy.typing import NDArray

    from tmsguide.head.image_quality import T1wQuality
    from tmsguide.model import (
        Anatomy,
        Coil,
        ConnectivityMap,
        Placement,
        Plan,
        Points,
        Quality,
        Subject,
        Surface,
        Target,
        Volume,
    )

__all__ = ["DoseEntry", "Dossier", "OptionEntry", "Report", "RunEntry", "Triple"]

Triple = tuple[float, float, float]  # value, low, high


@dataclass(frozen=True, slots=True, eq=False)
class OptionEntry:
    """A placement worth choosing and why, at its own dI/dt.

    Field in the target, its mean and 5th percentile under placement error; cortex with at least
    half of the peak; peak in the scalp over the field in the target; dI/dt for the field that the
    planned placement gives, in percent of that one's.
    """

    placement: Placement
    reason: str
    target_v_per_m: float
    expected_v_per_m: float
    low_v_per_m: float
    focal_mm2: float
    scalp_per_target: float
    dose_percent: float


@dataclass(frozen=True, slots=True)
class DoseEntry:
    """Fields at target and motor cortex over the ranges of conductivity, depths and intensities.

    Triples are mean, 5th and 95th percentile. ``methods`` are (name, % of output with its range,
    what held it back or ""), empty without a motor threshold.
    """

    target_v_per_m: Triple
    motor_v_per_m: Triple
    motor_over_target: Triple
    depth_target_mm: float
    depth_m1_mm: float
    methods: tuple[tuple[str, Triple, str], ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RunEntry:
    """One functional run: ``frames`` acquired, how it was judged by itself, words about it."""

    name: str
    frames: int
    quality: Quality
    note: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Dossier:
    """Everything one report shows; every position is in the person's T1w frame.

    Per acquired frame (T0,): ``fd_mm``, ``dvars``, ``kept``. ``carpet`` (frames, places) is the
    scan in grey, scaled per place. ``cmap`` holds Fisher z at grey-matter points of a regular
    ``cmap_grid_mm`` grid. Per cortex vertex (V,): ``cortex_z`` and ``cortex_e_v_per_m``, NaN where
    unknown; the field is that of ``placement`` at its own dI/dt. ``ranked`` is best first, as
    (score in V/m, pose); ``options`` the planned placement and others worth choosing, held with
    the error of ``guidance``. ``search`` are the places among which the target was sought.
    ``settings`` maps a section to a settings dataclass or a mapping; ``provenance`` may nest.
    ``files`` maps a label to a path relative to the page. ``truth`` is the planted target of a
    computer-generated person. ``dose`` compares the target with the motor cortex. ``notes`` say
    what else is to know of the scans, shown where their quality is. ``global_signal`` (T0,) is the
    brain's mean per frame; ``runs`` cover the T0 frames in order; ``carpet_rows`` name the bands
    of the carpet, top to bottom, with their rows; ``bold_reference`` is a mean functional image as
    acquired, placed by its coregistration and not cut to the brain. ``scalp`` is only drawn: give
    one without a face. ``tape`` says how the coil's centre is found without a
    navigator, ``mni_space`` names the template of the MNI coordinates.

    Raises
    ------
    FrameError
        If positions lie in another frame than the anatomy.
    InputError
        If a per-vertex or per-frame array does not fit its surface or scan.
    """

    subject: Subject
    synthetic: bool
    dataset_name: str
    anatomy: Anatomy
    mni_from_t1w: Callable[[Points], Points]
    quality: Quality
    fd_mm: NDArray[np.float64]
    fd_limit_mm: float
    dvars: NDArray[np.float64]
    carpet: NDArray[np.float32]
    tr_s: float
    kept: NDArray[np.bool_]
    mean_bold: Volume
    cmap: ConnectivityMap
    cmap_grid_mm: float
    seed: Points
    seed_radius_mm: float
    search: Points
    target: Target
    alternatives: tuple[Target, ...]
    scalp: Surface
    cortex: Surface
    cortex_z: NDArray[np.float64]
    cortex_e_v_per_m: NDArray[np.float64]
    coil: Coil
    placement: Placement
    ranked: tuple[tuple[float, Placement], ...]
    plan: Plan
    files: Mapping[str, str]
    settings: Mapping[str, object]
    provenance: Mapping[str, object]
    seconds: Mapping[str, float]
    peak_rss_gb: float
    truth: Points | None = None
    planted_error_mm: float | None = None
    global_signal_shift_mm: float | None = None
    notes: tuple[str, ...] = field(default=())
    options: tuple[OptionEntry, ...] = field(default=())
    guidance: str = "navigator"
    dose: DoseEntry | None = None
    global_signal: NDArray[np.float64] | None = None
    runs: tuple[RunEntry, ...] = ()
    carpet_rows: tuple[tuple[str, int], ...] = ()
    bold_reference: Volume | None = None
    t1w_quality: T1wQuality | None = None
    tape: str = ""
    mni_space: str = "MNI152NLin2009aSym"

    def __post_init__(self) -> None:
        frame = self.anatomy.t1w.frame
        placed = {
            "target": self.target.point.frame,
            "connectivity map": self.cmap.where.frame,
            "seed": self.seed.frame,
            "search region": self.search.frame,
            "scalp": self.scalp.vertices.frame,
            "cortex": self.cortex.vertices.frame,
            "coil pose": self.placement.frame,
            "mean BOLD": self.mean_bold.frame,
        }
        if self.bold_reference is not None:
            placed["reference BOLD"] = self.bold_reference.frame
        for name, given in placed.items():
            if given != frame:
                raise FrameError(
                    f"the {name} is in {given.name}, the report draws in {frame.name}; "
                    "map it to the person's T1w frame first"
                )
        vertices, frames = len(self.cortex.vertices), len(self.fd_mm)
        sizes = {
            "cortex_z": (len(self.cortex_z), vertices),
            "cortex_e_v_per_m": (len(self.cortex_e_v_per_m), vertices),
            "dvars": (len(self.dvars), frames),
            "kept": (len(self.kept), frames),
        }
        if self.global_signal is not None:
            sizes["global_signal"] = (len(self.global_signal), frames)
        if self.runs:
            sizes["runs"] = (sum(run.frames for run in self.runs), frames)
        if self.carpet_rows:
            sizes["carpet_rows"] = (sum(n for _, n in self.carpet_rows), self.carpet.shape[1])
        for name, (length, needed) in sizes.items():
            if length != needed:
                raise InputError(f"{name} has {length} values, needed {needed}: one for each")


@dataclass(frozen=True, slots=True)
class Report:
    """One self-contained HTML page, and its figures as PNG bytes by file name without suffix."""

    html: str
    figures: Mapping[str, bytes]
