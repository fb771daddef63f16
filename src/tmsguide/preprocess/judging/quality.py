"""What a functional scan can carry: a verdict, every reason for it, and what would help."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from tmsguide.errors import InputError
from tmsguide.model import Quality, ScanVerdict
from tmsguide.preprocess.judging.activity import activity
from tmsguide.preprocess.judging.advice import advice_by_activity, advice_by_numbers
from tmsguide.preprocess.judging.limits import quality_limit
from tmsguide.preprocess.judging.regions import region_figures, seed_figures, temporal_snr

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from tmsguide.preprocess.judging.activity import Activity

    Floats = NDArray[np.float64]

__all__ = ["joined_quality", "quality", "region_figures", "seed_figures", "temporal_snr"]


def quality(
    *,
    fd_mm: Floats,
    kept: NDArray[np.bool_],
    tr_s: float,
    dof: float,
    median_tsnr: float,
    seed_tsnr: float,
    seed_coverage: float,
    coregistration_cost: float,
    metadata: Mapping[str, object],
    problems: tuple[str, ...] = (),
    dummy_volumes: int = 0,
    dlpfc_tsnr: float = float("nan"),
    dlpfc_coverage: float = float("nan"),
    bursts_per_min: float = float("nan"),
) -> Quality:
    """Give the `Quality` of a run: its numbers, a verdict, every reason and what would help.

    Under 5 usable minutes, or more than half of the frames dropped, is INSUFFICIENT; under 10
    minutes, a task, sleep, or any number beyond its limit (see `quality_limits`) or any of
    ``problems`` is CAUTION. Not-a-number is not judged: a coregistration cost of data that came
    preprocessed, ``bursts_per_min`` and the DLPFC's figures where not measured.
    """
    counted = fd_mm[dummy_volumes:]
    done = activity(metadata)
    measured = Quality(
        mean_fd_mm=float(counted[1:].mean()),
        max_fd_mm=float(counted[1:].max()),
        usable_s=float(kept.sum()) * tr_s,
        total_s=len(kept) * tr_s,
        dof=float(dof),
        median_tsnr=median_tsnr,
        seed_tsnr=seed_tsnr,
        seed_coverage=seed_coverage,
        coregistration_cost=coregistration_cost,
        verdict=ScanVerdict.GOOD,
        dlpfc_tsnr=dlpfc_tsnr,
        bursts_per_min=bursts_per_min,
    )
    told = (*_doing(done), *_dlpfc_view(dlpfc_coverage), *problems)
    return _judged(measured, told, advice_by_activity(done))


def joined_quality(qualities: Sequence[Quality], names: Sequence[str] = ()) -> Quality:
    """Give the `Quality` of several runs joined to one scan.

    Times and degrees of freedom add up; mean motion and bursts are weighted by acquired time,
    tSNR by usable time; the largest motion, the worst coverage and the worst coregistration
    count. What is judged by numbers is judged anew from these; other problems stay, with the
    run's name (``names``, else "run 1" ...) where not all runs have them.

    Raises
    ------
    InputError
        No run, or another number of names than of runs.
    """
    names = tuple(names) or tuple(f"run {k}" for k in range(1, len(qualities) + 1))
    if not qualities or len(names) != len(qualities):
        raise InputError(
            f"{len(qualities)} runs and {len(names)} names given; needed at least one run and a "
            "name for each"
        )
    total = np.array([q.total_s for q in qualities])
    usable = np.array([q.usable_s for q in qualities])

    def mean(field: str, weight: Floats) -> float:
        return _weighted(np.array([getattr(q, field) for q in qualities]), weight)

    measured = Quality(
        mean_fd_mm=mean("mean_fd_mm", total),
        max_fd_mm=max(q.max_fd_mm for q in qualities),
        usable_s=float(usable.sum()),
        total_s=float(total.sum()),
        dof=float(sum(q.dof for q in qualities)),
        median_tsnr=mean("median_tsnr", usable),
        seed_tsnr=mean("seed_tsnr", usable),
        seed_coverage=min(q.seed_coverage for q in qualities),
        coregistration_cost=_worst([q.coregistration_cost for q in qualities]),
        verdict=ScanVerdict.GOOD,
        dlpfc_tsnr=mean("dlpfc_tsnr", usable),
        bursts_per_min=mean("bursts_per_min", total),
    )
    told = [_beside(q.problems, (*_grave(q), *_doubts(q))) for q in qualities]
    advised = [_beside(q.advice, advice_by_numbers(q)) for q in qualities]
    once = tuple(dict.fromkeys(words for run in advised for words in run))
    return _judged(measured, _named(told, names), once)


def _judged(measured: Quality, told: tuple[str, ...], advised: tuple[str, ...]) -> Quality:
    """Give ``measured`` with verdict, problems and advice, from its numbers and what was told."""
    grave, doubts = _grave(measured), (*_doubts(measured), *told)
    verdict = ScanVerdict.CAUTION if doubts else ScanVerdict.GOOD
    return replace(
        measured,
        verdict=ScanVerdict.INSUFFICIENT if grave else verdict,
        problems=(*grave, *doubts),
        advice=(*advice_by_numbers(measured), *advised),
    )


def _beside(words: tuple[str, ...], by_numbers: tuple[str, ...]) -> list[str]:
    """Give the words that do not follow from a run's numbers."""
    return [w for w in words if w not in by_numbers]


def _named(told: list[list[str]], names: Sequence[str]) -> tuple[str, ...]:
    """Give each problem once; where not all runs have it, with the names of those that do."""
    out = []
    for words in dict.fromkeys(w for run in told for w in run):
        having = [name for name, run in zip(names, told, strict=True) if words in run]
        out.append(words if len(having) == len(names) else f"{', '.join(having)}: {words}")
    return tuple(out)


def _weighted(values: Floats, weight: Floats) -> float:
    known = np.isfinite(values)
    if not known.any():
        return float("nan")
    share = np.where(known, weight, 0.0)
    if not share.sum() > 0:
        share = known.astype(np.float64)
    return float(np.average(np.where(known, values, 0.0), weights=share))


def _worst(costs: list[float]) -> float:
    known = [cost for cost in costs if np.isfinite(cost)]
    return max(known) if known else float("nan")


def _grave(q: Quality) -> tuple[str, ...]:
    least, dropped = quality_limit("least_usable_s"), quality_limit("most_dropped")
    out = []
    if q.usable_s < least:
        out.append(
            f"only {q.usable_s / 60:.1f} minutes of scan are usable; at least {least / 60:.0f} "
            f"are needed and {quality_limit('advised_usable_s') / 60:.0f} or more advised for an "
            "individual target"
        )
    if q.usable_s < dropped * q.total_s:
        out.append(
            f"{1 - q.usable_s / q.total_s:.0%} of the scan was dropped for motion; more than half "
            "is too much"
        )
    return tuple(out)


def _doubts(q: Quality) -> tuple[str, ...]:
    """Give the doubts that follow from the numbers alone."""
    least, short = quality_limit("least_usable_s"), quality_limit("short_usable_s")
    out = []
    if least <= q.usable_s < short:
        out.append(
            f"the usable scan is short, {q.usable_s / 60:.1f} minutes; below {short / 60:.0f} an "
            f"individual target is not stable, {quality_limit('advised_usable_s') / 60:.0f} or "
            "more are advised"
        )
    if q.mean_fd_mm > quality_limit("mean_fd_mm"):
        out.append(
            f"the head moved much: mean framewise displacement {q.mean_fd_mm:.2f} mm, "
            f"above {quality_limit('mean_fd_mm')} mm"
        )
    if q.seed_coverage < quality_limit("coverage"):
        out.append(
            f"only {q.seed_coverage:.0%} of the subgenual seed has signal, below "
            f"{quality_limit('coverage'):.0%} (dropout near the sinuses, or outside the scan)"
        )
    for place, value, name in (
        ("subgenual seed", q.seed_tsnr, "seed_tsnr"),
        ("left prefrontal search region", q.dlpfc_tsnr, "dlpfc_tsnr"),
        ("brain as a whole", q.median_tsnr, "brain_tsnr"),
    ):
        limit = quality_limit(name)
        if value < limit:
            out.append(
                f"the {place} is noisy: temporal signal-to-noise {value:.0f}, below {limit:.0f}"
            )
    if q.dof < quality_limit("degrees_of_freedom"):
        out.append(
            f"after cleaning, the scan holds {q.dof:.0f} independent samples; below "
            f"{quality_limit('degrees_of_freedom'):.0f} weak connectivity is not told from none"
        )
    if q.bursts_per_min >= quality_limit("bursts_per_min"):
        out.append(
            f"the global signal swells {q.bursts_per_min:.1f} times a minute, as breathing in "
            "bursts makes it; connectivity with the seed may partly be breathing"
        )
    return tuple(out)


def _doing(done: Activity) -> list[str]:
    out = []
    if done.task:
        out.append(f"this is a task run ({done.task}), not rest; connectivity at rest may differ")
    if done.asleep:
        out.append("the person may have slept in the scan; connectivity in sleep differs")
    return out


def _dlpfc_view(coverage: float) -> list[str]:
    limit = quality_limit("coverage")
    if not coverage < limit:
        return []
    return [
        f"only {coverage:.0%} of the left prefrontal search region has signal, below "
        f"{limit:.0%}: no target can be found in the rest"
    ]
