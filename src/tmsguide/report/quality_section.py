"""The page's part on scan quality: the verdict in words, what to do, and the figures behind it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tmsguide.preprocess.judging.limits import quality_limit
from tmsguide.report import sentences

if TYPE_CHECKING:
    from tmsguide.head.image_quality import T1wQuality
    from tmsguide.model import Quality
    from tmsguide.report.dossier import Dossier

__all__ = ["QualityRow", "QualitySection", "RunRow", "anatomy_rows", "quality_section"]

UNKNOWN = "not measured"


@dataclass(frozen=True, slots=True)
class QualityRow:
    """What was measured, the value in words, what it says; ``low`` where it falls short."""

    name: str
    value: str
    says: str
    low: bool = False


@dataclass(frozen=True, slots=True)
class RunRow:
    """One run beside the others; ``told`` joins its problems."""

    name: str
    verdict: str
    minutes: str
    motion: str
    told: str


@dataclass(frozen=True, slots=True)
class QualitySection:
    """Everything the section says, ready for the page."""

    verdict: str
    todo: tuple[str, ...]
    rows: tuple[QualityRow, ...]
    runs: tuple[RunRow, ...]
    anatomy: tuple[QualityRow, ...]


def quality_section(dossier: Dossier) -> QualitySection:
    """Give the section's words: joined verdict and advice first, then tables.

    Runs are compared only where there are several; the T1w's figures stand where they were given.
    """
    t1w = dossier.t1w_quality
    return QualitySection(
        verdict=_verdict(dossier.quality),
        todo=tuple(sentences.sentence(advice) for advice in dossier.quality.advice),
        rows=_scan_rows(dossier),
        runs=tuple(_run_row(run.name, run.quality, run.note) for run in dossier.runs)
        if len(dossier.runs) > 1
        else (),
        anatomy=anatomy_rows(t1w) if t1w is not None else (),
    )


def _verdict(q: Quality) -> str:
    usable, total = (f"{round(s / 60, 1):g}" for s in (q.usable_s, q.total_s))
    return f"{sentences.sentence(q.verdict.value)[:-1]}: {usable} of {total} minutes usable."


def _scan_rows(dossier: Dossier) -> tuple[QualityRow, ...]:
    q = dossier.quality
    return (
        QualityRow(
            "Time left after motion",
            f"{q.usable_s / 60:.1f} of {q.total_s / 60:.1f} min",
            f"at least {quality_limit('short_usable_s') / 60:.0f} min; about "
            f"{quality_limit('advised_usable_s') / 60:.0f} for a target within 1 cm (Cao 2024)",
            q.usable_s < quality_limit("short_usable_s"),
        ),
        QualityRow(
            "Head motion, mean (largest)",
            f"{q.mean_fd_mm:.2f} mm ({q.max_fd_mm:.1f} mm) per frame",
            f"mean at most {quality_limit('mean_fd_mm'):g} mm; frames above "
            f"{dossier.fd_limit_mm:g} mm were left out",
            q.mean_fd_mm > quality_limit("mean_fd_mm"),
        ),
        _change_row(dossier),
        QualityRow(
            "Degrees of freedom",
            f"{q.dof:.0f}",
            "independent samples left after motion, noise regression and filter; at least "
            f"{quality_limit('degrees_of_freedom'):.0f}",
            q.dof < quality_limit("degrees_of_freedom"),
        ),
        _tsnr_row("brain", q.median_tsnr, "brain_tsnr"),
        _tsnr_row("seed (subgenual)", q.seed_tsnr, "seed_tsnr"),
        _tsnr_row("left prefrontal", q.dlpfc_tsnr, "dlpfc_tsnr"),
        QualityRow(
            "Seed region with signal",
            f"{100 * q.seed_coverage:.0f} %",
            f"of its volume; at least {100 * quality_limit('coverage'):.0f} %",
            q.seed_coverage < quality_limit("coverage"),
        ),
        _known_row(
            "Fit of the functional scan to the T1w",
            q.coregistration_cost,
            "{:.2f}",
            f"0 is best, 1 is chance; at most {quality_limit('coregistration_cost'):g}, and look "
            "at the picture",
            low=q.coregistration_cost > quality_limit("coregistration_cost"),
        ),
        _known_row(
            "Swells of the global signal",
            q.bursts_per_min,
            "{:.1f} per min",
            f"breathing in bursts; fewer than {quality_limit('bursts_per_min'):g} per min",
            low=q.bursts_per_min >= quality_limit("bursts_per_min"),
        ),
    )


def _change_row(dossier: Dossier) -> QualityRow:
    kept = dossier.dvars[dossier.kept]
    kept = kept[np.isfinite(kept) & (kept > 0)]
    middle = f"{np.median(kept) / 10:.1f} %" if kept.size else UNKNOWN
    return QualityRow(
        "Signal change from frame to frame", middle, "median of the frames kept (DVARS)"
    )


def _tsnr_row(place: str, value: float, limit: str) -> QualityRow:
    wanted = quality_limit(limit)
    return _known_row(
        f"Signal to noise in time, {place}",
        value,
        "{:.0f}",
        f"median; at least {wanted:.0f}",
        low=value < wanted,
    )


def _known_row(name: str, value: float, shape: str, says: str, *, low: bool) -> QualityRow:
    known = bool(np.isfinite(value))
    return QualityRow(name, shape.format(value) if known else UNKNOWN, says, known and low)


def _run_row(name: str, q: Quality, note: str) -> RunRow:
    said = [*q.problems, *([note] if note else [])]
    return RunRow(
        name=name,
        verdict=q.verdict.value,
        minutes=f"{q.usable_s / 60:.1f} of {q.total_s / 60:.1f}",
        motion=f"{q.mean_fd_mm:.2f}",
        told=sentences.sentence("; ".join(p.rstrip(".") for p in said)),
    )


def anatomy_rows(q: T1wQuality) -> tuple[QualityRow, ...]:
    """Give the T1w's figures; the words about outliers stand at the top of the page."""
    rows = (
        ("Contrast of grey to white matter over noise", q.cnr, "{:.1f}", "higher is better"),
        ("Overlap of grey and white matter (CJV)", q.cjv, "{:.2f}", "lower is better"),
        ("Signal to noise in white matter", q.snr, "{:.0f}", "higher is better"),
        ("Blur and ghosts (EFC)", q.efc, "{:.2f}", "0 is sharp, 1 is worst"),
        ("Head over background energy (FBER)", q.fber, "{:.0f}", "higher is better"),
        ("Shading over the brain", 100 * q.inu_range, "{:.0f} %", "corrected before use"),
    )
    return tuple(
        _known_row(name, value, shape, says, low=False) for name, value, shape, says in rows
    )
