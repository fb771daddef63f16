"""ComBat as in Johnson, Li & Rabinovic 2007 (sections 3.1 to 3.3), from the paper alone."""

import numpy as np


def combat(values, covariates, site):
    """Adjusted values (S, F), sites' shifts and spreads (K, F) in the measures' units; K sites."""
    at = (site[:, None] == np.unique(site)).astype(float)
    design = np.hstack([at, covariates])
    people = at.sum(axis=0)
    coefficients = np.linalg.lstsq(design, values, rcond=None)[0]
    count = at.shape[1]
    grand = (people / len(values)) @ coefficients[:count]
    kept = grand + covariates @ coefficients[count:]
    sd = np.sqrt(np.mean((values - design @ coefficients) ** 2, axis=0))
    z = (values - kept) / sd
    raw = (at.T @ z) / people[:, None]
    variance = np.array([z[at[:, k] == 1].var(axis=0, ddof=1) for k in range(count)])
    shift_star, variance_star = raw.copy(), variance.copy()
    for k in range(count):
        rows, n = z[at[:, k] == 1], people[k]
        mean, tau2 = raw[k].mean(), raw[k].var(ddof=1)
        v, s2 = variance[k].mean(), variance[k].var(ddof=1)
        lam, theta = (v**2 + 2 * s2) / s2, (v**3 + v * s2) / s2
        for _ in range(200):
            shift_star[k] = (n * tau2 * raw[k] + variance_star[k] * mean) / (
                n * tau2 + variance_star[k]
            )
            squares = np.sum((rows - shift_star[k]) ** 2, axis=0)
            variance_star[k] = (theta + squares / 2) / (n / 2 + lam - 1)
    adjusted = sd * (z - at @ shift_star) / np.sqrt(at @ variance_star) + kept
    return adjusted, shift_star * sd, np.sqrt(variance_star) * sd
