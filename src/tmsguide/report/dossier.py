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
        Deviation,
        Frame,
        Placement,
        Plan,
        Points,
        Quality,
        Subject,
        Surface,
        Target,
        Volume,
    )
    from tmsguide.report.entries import (
        AgreementEntry,
        ConnectomeEntry,
        DoseEntry,
        OptionEntry,
        RunEntry,
    )

__all__ = ["Dossier", "Report"]


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
    navigator, ``mni_space`` names the template of the MNI coordinates. ``agreement`` compares the
    target with the alternatives, in their order; ``connectome`` holds the person's networks,
    ``deviation`` how they compare with other people and ``deviation_words`` what that says.

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
    agreement: AgreementEntry | None = None
    connectome: ConnectomeEntry | None = None
    deviation: Deviation | None = None
    deviation_words: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        frame = self.anatomy.t1w.frame
        for name, given in _placed(self).items():
            if given != frame:
                raise FrameError(
                    f"the {name} is in {given.name}, the report draws in {frame.name}; "
                    "map it to the person's T1w frame first"
                )
        for name, (length, needed) in _lengths(self).items():
            if length != needed:
                raise InputError(f"{name} has {length} values, needed {needed}: one for each")


def _placed(given: Dossier) -> dict[str, Frame]:
    """Give the frame of everything that has one, by its name in words."""
    placed = {
        "target": given.target.point.frame,
        "connectivity map": given.cmap.where.frame,
        "seed": given.seed.frame,
        "search region": given.search.frame,
        "scalp": given.scalp.vertices.frame,
        "cortex": given.cortex.vertices.frame,
        "coil pose": given.placement.frame,
        "mean BOLD": given.mean_bold.frame,
    }
    if given.bold_reference is not None:
        placed["reference BOLD"] = given.bold_reference.frame
    if given.target.region is not None:
        placed["region of the target"] = given.target.region.places.frame
    if given.agreement is not None and given.agreement.consensus is not None:
        placed["consensus"] = given.agreement.consensus.frame
    return placed


def _lengths(given: Dossier) -> dict[str, tuple[int, int]]:
    """Give how long every array is and how long it must be."""
    vertices, frames = len(given.cortex.vertices), len(given.fd_mm)
    sizes = {
        "cortex_z": (len(given.cortex_z), vertices),
        "cortex_e_v_per_m": (len(given.cortex_e_v_per_m), vertices),
        "dvars": (len(given.dvars), frames),
        "kept": (len(given.kept), frames),
    }
    if given.global_signal is not None:
        sizes["global_signal"] = (len(given.global_signal), frames)
    if given.runs:
        sizes["runs"] = (sum(run.frames for run in given.runs), frames)
    if given.carpet_rows:
        sizes["carpet_rows"] = (sum(n for _, n in given.carpet_rows), given.carpet.shape[1])
    if given.agreement is not None:
        sizes["agreement"] = (len(given.agreement.names), 1 + len(given.alternatives))
    return sizes


@dataclass(frozen=True, slots=True)
class Report:
    """One self-contained HTML page, and its figures as PNG bytes by file name without suffix."""

    html: str
    figures: Mapping[str, bytes]
