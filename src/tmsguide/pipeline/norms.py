"""Norms from files to files: fit a cohort, add a site, compare one person."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tmsguide import __version__
from tmsguide.errors import InputError
from tmsguide.io import write_bytes, write_json, write_tsv
from tmsguide.io.cohorts import read_cohort, read_person
from tmsguide.io.norms import read_norms, write_norms
from tmsguide.norms import (
    COVARIATES,
    AgeShape,
    Covariates,
    Norms,
    Person,
    UnknownSite,
    cohort_words,
    deviation,
    fit_norms,
    in_order,
    outside,
    with_local_controls,
)
from tmsguide.report.norms_figure import norms_figure
from tmsguide.report.norms_words import NO_DIAGNOSIS, deviation_words

if TYPE_CHECKING:
    from pathlib import Path

    from tmsguide.model import Deviation

__all__ = ["NormsApplication", "NormsFit", "apply_norms", "extend_norms", "fit_cohort"]


@dataclass(frozen=True, slots=True)
class NormsFit:
    """What is to be fitted: the cohort's table, where the norm goes, and the choices.

    ``covariates`` None takes all that the table has; ``age_shape`` None the richest curve that the
    cohort carries.
    """

    cohort: Path
    out: Path
    covariates: tuple[str, ...] | None = None
    title: str = ""
    made_by: str = ""
    age_shape: AgeShape | None = None


@dataclass(frozen=True, slots=True)
class NormsApplication:
    """Which person is compared with which norm; ``figure`` None draws none."""

    norms: Path
    person: Path
    out: Path
    unknown_site: UnknownSite = UnknownSite.REFUSE
    figure: Path | None = None


def fit_cohort(asked: NormsFit) -> tuple[str, ...]:
    """Fit a norm, write it, and say what it is made of and how it fares on its own cohort.

    Raises
    ------
    InputError
        The table cannot be read or is too small for the covariates, or the file be written.
    """
    _keep(asked.out, asked.cohort)
    unknown = sorted(set(asked.covariates or ()) - set(COVARIATES))
    if unknown:
        raise InputError(
            f"covariate {', '.join(unknown)} is not known; needed some of {', '.join(COVARIATES)}"
        )
    cohort = read_cohort(asked.cohort, asked.covariates)
    norms = fit_norms(
        cohort.values,
        cohort.covariates,
        cohort.names,
        title=asked.title,
        made_by=asked.made_by,
        age_shape=asked.age_shape,
    )
    write_norms(norms, asked.out)
    return _fit_words(norms)


def extend_norms(norms: Path, controls: Path, out: Path) -> tuple[str, ...]:
    """Add a site to a norm from a table of local controls; gives what was added in words.

    Raises
    ------
    InputError
        A file cannot be read, or the controls do not fit the norm.
    """
    _keep(out, controls)
    old = read_norms(norms)
    used = _used(old)
    cohort = read_cohort(controls, used)
    values = np.stack([in_order(old, cohort.names, row) for row in cohort.values])
    new = with_local_controls(old, values, cohort.covariates)
    write_norms(new, out)
    site = cohort.covariates.site[0] if cohort.covariates.site else ""
    return (
        f"Site {site} was added from {len(values)} local controls; its shift and spread are "
        "shrunk and its intervals are wider than those of larger sites.",
        f"The norm now stands on {cohort_words(new)}.",
    )


def apply_norms(asked: NormsApplication) -> tuple[str, ...]:
    """Compare one person with a norm, write the table, and say in words what came out.

    Raises
    ------
    InputError
        A file cannot be read, or the person lacks a measure or a covariate.
    QualityError
        The person lies outside what the cohort spans.
    """
    for given in (asked.norms, asked.person):
        _keep(asked.out, given)
    norms = read_norms(asked.norms)
    table = read_person(asked.person, _used(norms))
    values = in_order(norms, table.names, table.values[0])
    person = _person(table.covariates)
    found = deviation(norms, values, person, unknown_site=asked.unknown_site)
    words = deviation_words(found, outside(norms, found))
    _write(found, words, asked)
    if asked.figure is not None:
        name = table.people[0].removeprefix("sub-")
        write_bytes(norms_figure(found, name), asked.figure)
    return words


def _keep(out: Path, given: Path) -> None:
    if out.exists() and given.exists() and out.samefile(given):
        raise InputError(f"{out.name} would be written over its own input; give another --out")


def _used(norms: Norms) -> tuple[str, ...]:
    parts = (
        norms.design.age_quantiles_years, norms.design.sexes, norms.design.fd_quantiles_mm,
        norms.sites,
    )  # fmt: skip
    return tuple(name for name, part in zip(COVARIATES, parts, strict=True) if part is not None)


def _person(covariates: Covariates) -> Person:
    age, sex, fd, site = (
        None if one is None else one[0]
        for one in (
            covariates.age_years, covariates.sex, covariates.mean_fd_mm, covariates.site,
        )
    )  # fmt: skip
    return Person(
        None if age is None else float(age),
        None if sex is None else str(sex),
        None if fd is None else float(fd),
        None if site is None else str(site),
    )


def _fit_words(norms: Norms) -> tuple[str, ...]:
    share = float(norms.left_out.mean()) / len(norms.names)
    most = np.quantile(norms.left_out, 0.95, method="higher")
    age = norms.design.age
    curve = {
        AgeShape.LINE: "a line",
        AgeShape.PARABOLA: "a parabola",
        AgeShape.SPLINE: "a natural cubic spline",
    }
    lines = [
        f"Norm of {len(norms.names)} measures from {cohort_words(norms)}.",
        "" if age is None else f"Age enters the mean as {curve[age.shape]}.",
        f"Each member compared with the others: {100 * share:.1f} % of measures lie outside the "
        f"95 % interval (5 % are meant to), and 95 in 100 members have {most} or fewer of "
        f"{len(norms.names)}.",
    ]
    if not 0.03 <= share <= 0.07:
        lines.append(
            "That is far from 5 %: the measures are not near Gaussian in this cohort, or its "
            "members are not alike. Look at the table before you trust the intervals."
        )
    odd = int(np.sum(norms.left_out > 0.3 * len(norms.names)))
    if odd:
        lines.append(
            f"{odd} of {norms.people} members have over 30 % of their measures outside: look at "
            "their scans (motion, field of view, another processing) before you use the norm."
        )
    return tuple(line for line in lines if line)


def _write(found: Deviation, words: tuple[str, ...], asked: NormsApplication) -> None:
    off = np.where(found.value < found.low, "below", "inside")
    off = np.where(found.value > found.high, "above", off)
    off = np.where(np.isfinite(found.value), off, "n/a")
    write_tsv(
        {
            "measure": found.names,
            "value": found.value.tolist(),
            "expected": found.expected.tolist(),
            "low": found.low.tolist(),
            "high": found.high.tolist(),
            "z": found.z.tolist(),
            "q": found.q.tolist(),
            "interval": off.tolist(),
        },
        asked.out,
    )
    write_json(
        {
            "Description": "One person's measures against a reference cohort. " + NO_DIAGNOSIS,
            "Cohort": found.cohort,
            "Words": words,
            "measure": {"Description": "name of the measure, as in the norm"},
            "value": {"Description": "the person's"},
            "expected": {"Description": "of a person with these covariates"},
            "low": {"Description": "lower end of the 95 % prediction interval"},
            "high": {"Description": "upper end of the 95 % prediction interval"},
            "z": {"Description": "normal quantile of the value's place in the prediction"},
            "q": {"Description": "false-discovery rate within this person"},
            "interval": {"Description": "below, inside or above the 95 % prediction interval"},
            "GeneratedBy": [{"Name": "tmsguide norms apply", "Version": __version__}],
        },
        asked.out.with_suffix(".json"),
    )
