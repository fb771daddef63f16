"""Measures of the cohort with the sites' shifts and spreads taken out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tmsguide.errors import InputError
from tmsguide.norms.design import design_columns, given, member_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tmsguide.norms.fitted import Norms
    from tmsguide.norms.people import Covariates

    Floats = NDArray[np.float64]

__all__ = ["harmonised"]


def harmonised(norms: Norms, values: Floats, covariates: Covariates) -> Floats:
    """Give measures (S, F) as the average site would have them; age, sex and motion are kept.

    Raises
    ------
    InputError
        The norm has no sites, or people are of a site it does not hold.

    References
    ----------
    Johnson 2007, 10.1093/biostatistics/kxj037, section 3.3 (the adjusted data).
    """
    if norms.sites is None:
        raise InputError("the norm was fitted without sites; fit it with the covariate site")
    site = member_of(norms.sites.names, given(covariates.site, "site"), "site")
    hoped = design_columns(norms.design, covariates, len(values)) @ norms.coefficients
    share = norms.sites.people / norms.sites.people.sum()
    level = share @ norms.sites.shift
    own = (values - hoped - norms.sites.shift[site]) / np.sqrt(norms.sites.variance[site])
    return np.asarray(hoped + level + own)
