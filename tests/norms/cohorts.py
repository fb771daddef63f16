"""Made-up cohorts with every truth known: age, sex, motion, site shifts and spreads, likeness."""

from dataclasses import dataclass, replace

import numpy as np

from tmsguide.norms import Covariates, Person


@dataclass(frozen=True)
class Truth:
    """Effects on F measures; ``shift`` and ``scale`` (K, F) by site, in units of the spread."""

    base: np.ndarray
    unit: np.ndarray
    age: np.ndarray
    bend: np.ndarray
    sex: np.ndarray
    motion: np.ndarray
    slope: float
    alike: float
    shift: np.ndarray
    scale: np.ndarray

    @property
    def sites(self):
        return len(self.shift)

    @property
    def names(self):
        return tuple(f"m{k}" for k in range(len(self.base)))


def truth(rng, measures, *, sites=1, slope=0.0, alike=0.3, shift_sd=0.5, scale_sd=0.2):
    made = Truth(
        base=rng.normal(0, 1, measures),
        unit=np.exp(rng.normal(0, 1, measures)),
        age=rng.normal(0, 0.3, measures),
        bend=rng.normal(0, 0.1, measures),
        sex=rng.normal(0, 0.3, measures),
        motion=rng.normal(0, 0.2, measures),
        slope=slope,
        alike=alike,
        shift=np.zeros((0, measures)),
        scale=np.ones((0, measures)),
    )
    for _ in range(sites):
        made = another_site(rng, made, shift_sd=shift_sd, scale_sd=scale_sd)
    return made


def another_site(rng, made, *, shift_sd=0.5, scale_sd=0.2):
    """One more site: part of its shift and spread is common to all measures."""
    count = len(made.base)
    shift = rng.normal(0, shift_sd) + rng.normal(0, shift_sd, count)
    scale = np.exp(rng.normal(0, scale_sd) + rng.normal(0, scale_sd / 2, count))
    if made.sites == 0:
        shift, scale = np.zeros(count), np.ones(count)
    return replace(
        made, shift=np.vstack([made.shift, shift]), scale=np.vstack([made.scale, scale])
    )


def draw(rng, made, people, *, site=None):
    """Values (S, F) and covariates of new people, of all sites by turns or of one."""
    age = rng.uniform(18, 60, people)
    sex = rng.integers(0, 2, people)
    fd = rng.gamma(4, 0.04, people)
    at = np.arange(people) % made.sites if site is None else np.full(people, site)
    scaled = (age - 39) / 12
    count = len(made.base)
    noise = np.sqrt(1 - made.alike) * rng.normal(size=(people, count))
    noise = noise + np.sqrt(made.alike) * rng.normal(size=(people, 1))
    values = (
        expected(made, age, sex, fd)
        + made.shift[at]
        + noise * made.scale[at] * np.exp(made.slope * scaled)[:, None]
    )
    who = Covariates(age, tuple("FM"[s] for s in sex), fd, tuple(f"s{k}" for k in at))
    return values * made.unit, who


def expected(made, age, sex, fd):
    scaled = (age - 39) / 12
    return (
        made.base
        + np.outer(scaled, made.age)
        + np.outer(scaled**2, made.bend)
        + np.outer(sex, made.sex)
        + np.outer((fd - 0.16) / 0.08, made.motion)
    )


def some(who, rows):
    """Covariates of some of the people."""
    rows = np.asarray(rows)
    return Covariates(
        None if who.age_years is None else who.age_years[rows],
        None if who.sex is None else tuple(who.sex[k] for k in rows),
        None if who.mean_fd_mm is None else who.mean_fd_mm[rows],
        None if who.site is None else tuple(who.site[k] for k in rows),
    )


def persons(who):
    return [
        Person(float(a), s, float(m), k)
        for a, s, m, k in zip(who.age_years, who.sex, who.mean_fd_mm, who.site, strict=True)
    ]
