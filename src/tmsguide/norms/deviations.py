"""How far one person lies from a norm, and how unusual that is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tmsguide.errors import InputError
from tmsguide.model.networks import Deviation
from tmsguide.norms.predicting import Predicted, UnknownSite, cautions, predicted

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tmsguide.norms.fitted import Norms
    from tmsguide.norms.people import Person

    Floats = NDArray[np.float64]

__all__ = ["INTERVAL", "Outside", "cohort_words", "deviation", "in_order", "outside"]

#: Share of new people inside the prediction interval, per measure.
INTERVAL = 0.95


def deviation(
    norms: Norms,
    values: Floats,
    person: Person,
    *,
    unknown_site: UnknownSite = UnknownSite.REFUSE,
) -> Deviation:
    """Compare one person's measures (F,) with what the norm expects of a person like this.

    z is the standard normal quantile of the measure's place in the predictive distribution
    (Student t), q the false-discovery rate over the measures of this person by Benjamini and
    Hochberg. A measure that the scan does not hold (NaN) stays NaN and counts nowhere.

    Raises
    ------
    InputError
        Another number of measures, all missing, or a covariate that is not given.
    QualityError
        The person lies outside what the cohort spans (see `predicted`).

    References
    ----------
    Benjamini & Hochberg 1995, 10.1111/j.2517-6161.1995.tb02031.x.
    """
    from scipy import stats

    values = np.asarray(values, dtype=np.float64)
    if values.shape != (len(norms.names),):
        raise InputError(
            f"the person has measures of shape {values.shape} and the norm {len(norms.names)}; "
            "give the same measures in the same order"
        )
    there = np.isfinite(values)
    if not there.any():
        raise InputError("none of the person's measures is a number; check how they were made")
    hoped = predicted(norms, person, unknown_site=unknown_site)
    reach = stats.t.ppf((1 + INTERVAL) / 2, hoped.dof) * hoped.scale
    z, p = _placed(values, hoped)
    q = np.full(len(values), np.nan)
    q[there] = stats.false_discovery_control(p[there], method="bh")
    said = "; ".join([cohort_words(norms), *cautions(norms, person)])
    return Deviation(
        norms.names, values, hoped.expected, hoped.expected - reach, hoped.expected + reach,
        z, q, said, float((1 - INTERVAL) * there.sum()),
    )  # fmt: skip


def _placed(values: Floats, hoped: Predicted) -> tuple[Floats, Floats]:
    """Give z and the two-sided p; tails beyond 1e-300 are held there (z = 37)."""
    from scipy import special, stats

    t = (values - hoped.expected) / hoped.scale
    tail = np.maximum(stats.t.sf(np.abs(t), hoped.dof), 1e-300)
    z = np.sign(t) * -special.ndtri_exp(np.log(tail))
    return np.asarray(z), np.asarray(2 * tail)


def in_order(norms: Norms, names: tuple[str, ...], values: Floats) -> Floats:
    """Give a person's named values in the norm's order; further ones are left aside.

    Raises
    ------
    InputError
        A measure of the norm is not among the names.
    """
    at = {name: i for i, name in enumerate(names)}
    lacking = [name for name in norms.names if name not in at]
    if lacking:
        raise InputError(
            f"the person lacks {len(lacking)} of the norm's {len(norms.names)} measures, such as "
            f"{', '.join(lacking[:3])}; work them out with the parcellation that the cohort had"
        )
    return np.asarray(values, dtype=np.float64)[[at[name] for name in norms.names]]


@dataclass(frozen=True, slots=True)
class Outside:
    """How many measures lie outside the interval, and how usual that is in the cohort itself.

    ``share_of_cohort`` is the share of members (each left out in turn) with at least as large a
    part of their measures outside, the person counted in; ``usual_most`` what 95 % of them do not
    exceed.
    """

    count: int
    measures: int
    by_chance: float
    after_correction: int
    share_of_cohort: float
    usual_most: int


def outside(norms: Norms, found: Deviation, *, rate: float = 0.05) -> Outside:
    """Count the measures outside the interval beside the counts of the cohort's own members.

    Measures that move together lie outside together: the mean count is 5 % all the same, but
    single people have none or many, and the cohort's own counts tell how many.
    """
    there = np.isfinite(found.value)
    off = there & ((found.value < found.low) | (found.value > found.high))
    count, measures = int(off.sum()), int(there.sum())
    own = norms.left_out / len(norms.names)
    as_many = int(np.sum(own >= count / measures - 1e-12))
    return Outside(
        count,
        measures,
        found.by_chance,
        int(np.sum(found.q[there] <= rate)),
        (1 + as_many) / (1 + len(own)),
        round(float(np.quantile(own, 0.95, method="higher")) * measures),
    )


def cohort_words(norms: Norms) -> str:
    """Give who the reference is, in words.

    >>> import numpy as np
    >>> from tmsguide.norms import Covariates, fit_norms
    >>> values = np.random.default_rng(1).normal(size=(25, 2))
    >>> cohort_words(fit_norms(values, Covariates(), ("a", "b"), title="Healthy adults"))
    'Healthy adults: 25 people'
    """
    design, parts = norms.design, [f"{norms.people} people"]
    if design.age_quantiles_years is not None:
        low, *_, high = design.age_quantiles_years
        parts.append(f"{low:g} to {high:g} years")
    if design.sexes is not None:
        parts.append(f"sex {' and '.join(design.sexes)}")
    if design.fd_quantiles_mm is not None:
        low, *_, high = design.fd_quantiles_mm
        parts.append(f"mean motion {low:.2f} to {high:.2f} mm")
    if norms.sites is not None:
        number = len(norms.sites.names)
        parts.append(f"{number} site" + ("s" if number > 1 else ""))
    return f"{norms.title or 'a reference cohort'}: {', '.join(parts)}"
