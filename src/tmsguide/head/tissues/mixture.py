"""Grey values of the tissues by expectation maximisation on histograms.

Model: Ashburner 2005 (Unified segmentation, DOI 10.1016/j.neuroimage.2005.02.018) without its
warp, plus voxels that hold two tissues (Shattuck 2001, DOI 10.1006/nimg.2000.0730): each half of
the mix belongs to the nearer pure tissue, so that the border of grey and white matter comes out
midway between them whatever their spreads.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numba import njit

from tmsguide.errors import QualityError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

__all__ = ["BINS", "TissueGreys", "fit_greys", "tissue_chances"]

BINS = 512
FREE = (1, 1, 1, 3, 4, 2)  # free Gaussians of WM, GM, CSF, BONE, SCALP, AIR
NEIGHBOUR = ((1,), (0, 2), (1,), (), (), ())  # with which tissues a voxel may be shared
QUARTER_SD = 0.5 / np.sqrt(12)  # SD of a half mix in parts of the step between two tissues
FLOOR_SD = 0.012
WIDEST = 1.5  # SD of grey matter and fluid in parts of white matter's
ITERATIONS = 40


@dataclass(frozen=True, slots=True, eq=False)
class TissueGreys:
    """What the fit found: ``table`` (6, BINS) density of each tissue over the grey values 0 to 1.

    ``mean`` and ``sd`` (3,) are those of pure white matter, grey matter and CSF.
    """

    table: Floats
    mean: Floats
    sd: Floats

    @property
    def contrast_to_noise(self) -> float:
        """Step from grey to white matter in units of their mean spread."""
        return float((self.mean[0] - self.mean[1]) / self.sd[:2].mean())


def fit_greys(grey: NDArray[np.uint16], prior: NDArray[np.float32]) -> TissueGreys:
    """Give the grey values of the tissues in an image with a spatial prior.

    Parameters
    ----------
    grey
        (N,) bin of each voxel, below `BINS`.
    prior
        (N, 6) chance of WM, GM, CSF, BONE, SCALP, AIR at each voxel.

    Raises
    ------
    QualityError
        White matter does not come out brighter than grey matter: not a T1w image.
    """
    x = (np.arange(BINS) + 0.5) / BINS
    means, sds, weights = _start(x, _histograms(grey, prior, np.ones((6, BINS))))
    table = _tables(x, means, sds, weights)[0]
    last = -np.inf
    for _ in range(ITERATIONS):
        counts = _histograms(grey, prior, table)
        table, parts = _tables(x, means, sds, weights)
        _update(x, counts, parts, means=means, sds=sds, weights=weights)
        table = _tables(x, means, sds, weights)[0]
        likelihood = float((counts.sum(0) * np.log(table.sum(0) + 1e-12)).sum())
        if abs(likelihood - last) < 2e-6 * abs(likelihood):
            break
        last = likelihood
    mean = np.array([means[k][0] for k in range(3)])
    if not mean[0] > mean[1] > mean[2]:
        raise QualityError(
            f"white matter, grey matter and CSF come out at {mean[0]:.2f}, {mean[1]:.2f} and "
            f"{mean[2]:.2f} of the brightest tissue; a T1w image has them in falling order. "
            "Check that this is a T1-weighted image"
        )
    table = _tables(x, means, sds, _evened(weights))[0]
    return TissueGreys(table, mean, np.array([sds[k][0] for k in range(3)]))


def _start(x: Floats, counts: Floats) -> tuple[list[Floats], list[Floats], list[Floats]]:
    """Give means, spreads and weights of every tissue from its prior-weighted histogram."""
    means, sds, weights = [], [], []
    for k, free in enumerate(FREE):
        density = counts[k] / max(counts[k].sum(), 1e-12)
        level = (np.arange(free) + 0.5) / free
        cumulative = np.cumsum(density)
        mean = np.array([x[min(int(np.searchsorted(cumulative, p)), BINS - 1)] for p in level])
        spread = np.sqrt(max(float((density * (x - density @ x) ** 2).sum()), FLOOR_SD**2))
        means.append(mean)
        sds.append(np.full(free, max(spread / free, 0.03)))
        mixes = len(NEIGHBOUR[k])
        weights.append(np.r_[np.full(free, (1 - 0.2 * mixes) / free), np.full(mixes, 0.2)])
    return means, sds, weights


def _tables(
    x: Floats, means: list[Floats], sds: list[Floats], weights: list[Floats]
) -> tuple[Floats, list[Floats]]:
    """Give the density of each tissue (6, BINS) and of each of its parts (P, BINS)."""
    parts = []
    for k in range(6):
        centre, spread = list(means[k]), list(sds[k])
        for other in NEIGHBOUR[k]:
            step = means[other][0] - means[k][0]
            centre.append(means[k][0] + step / 4)
            spread.append(float(np.hypot(0.5 * (sds[k][0] + sds[other][0]), QUARTER_SD * step)))
        c, s = np.array(centre)[:, None], np.array(spread)[:, None]
        gauss = np.exp(-0.5 * ((x - c) / s) ** 2) / (s * np.sqrt(2 * np.pi))
        parts.append(weights[k][:, None] * gauss)
    return np.stack([p.sum(0) for p in parts]) + 1e-5, parts


def _update(
    x: Floats,
    counts: Floats,
    parts: list[Floats],
    *,
    means: list[Floats],
    sds: list[Floats],
    weights: list[Floats],
) -> None:
    """Move means, spreads and weights (in place) to the counts of each tissue."""
    shares = [parts[k] / np.maximum(parts[k].sum(0), 1e-12) * counts[k] for k in range(6)]
    masses = _both_halves([share.sum(1) + 1e-6 for share in shares])
    for k, free in enumerate(FREE):
        weights[k] = masses[k] / masses[k].sum()
        pure, mass = shares[k][:free], masses[k][:free]
        means[k] = pure @ x / mass
        variance = (pure * (x - means[k][:, None]) ** 2).sum(1) / mass
        sds[k] = np.sqrt(np.maximum(variance, FLOOR_SD**2))
    # noise is alike in all tissues; one that spreads wider has taken in shared voxels, or dura
    sds[1:3] = [np.minimum(sd, WIDEST * sds[0]) for sd in sds[1:3]]


def _evened(weights: list[Floats]) -> list[Floats]:
    """Give weights in which a shared voxel is as likely to be of either tissue.

    Of two tissues the smaller has the greater part of its voxels at their border; where the place
    says that both are near, that is no reason to draw the border away from it.
    """
    return _both_halves(weights)


def _both_halves(masses: list[Floats]) -> list[Floats]:
    """Give the masses of the tissues' parts with either half of a shared border as heavy."""
    out = [mass.copy() for mass in masses]
    for k, others in enumerate(NEIGHBOUR):
        for j, other in enumerate(others):
            back = FREE[other] + NEIGHBOUR[other].index(k)
            out[k][FREE[k] + j] = (masses[k][FREE[k] + j] + masses[other][back]) / 2
    return out


@njit(cache=True)
def _histograms(grey: NDArray[np.uint16], prior: NDArray[np.float32], table: Floats) -> Floats:
    """Give (6, BINS) expected voxel counts of each tissue in each grey bin."""
    counts = np.zeros(table.shape)
    chance = np.zeros(6)
    for n in range(grey.shape[0]):
        q = grey[n]
        total = 1e-12
        for k in range(6):
            chance[k] = prior[n, k] * table[k, q]
            total += chance[k]
        for k in range(6):
            counts[k, q] += chance[k] / total
    return counts


def tissue_chances(
    grey: NDArray[np.uint16],
    prior: NDArray[np.float32],
    greys: TissueGreys,
    *,
    head: NDArray[np.bool_],
    coupling: float,
    rounds: int,
) -> NDArray[np.float32]:
    """Give (X, Y, Z, 6) chances of each tissue after mean-field smoothing among six neighbours.

    Parameters
    ----------
    grey
        (X, Y, Z) bins.
    prior
        (X, Y, Z, 6).
    head
        (X, Y, Z) bool; outside it all is AIR.
    coupling
        Weight of a like neighbour in the log chance; 0 leaves each voxel on its own.
    rounds
        Mean-field sweeps.
    """
    logs = np.log(greys.table).astype(np.float32)
    now = _sweep(grey, prior, logs, np.zeros_like(prior), head, np.float32(0.0))
    for _ in range(rounds):
        now = _sweep(grey, prior, logs, now, head, np.float32(coupling))
    return np.asarray(now, dtype=np.float32)


@njit(cache=True)
def _sweep(
    grey: NDArray[np.uint16],
    prior: NDArray[np.float32],
    logs: NDArray[np.float32],
    now: NDArray[np.float32],
    head: NDArray[np.bool_],
    coupling: np.float32,
) -> NDArray[np.float32]:
    """Give the chances after one look at the neighbours' present chances ``now``."""
    nx, ny, nz, _ = prior.shape
    out = np.zeros_like(prior)
    e = np.empty(6, dtype=np.float32)
    for i in range(nx):
        a, b = max(i - 1, 0), min(i + 1, nx - 1)
        for j in range(ny):
            c, d = max(j - 1, 0), min(j + 1, ny - 1)
            for k in range(nz):
                if not head[i, j, k]:
                    out[i, j, k, 5] = 1
                    continue
                f, g = max(k - 1, 0), min(k + 1, nz - 1)
                top = np.float32(-1e30)
                for m in range(6):
                    near = now[a, j, k, m] + now[b, j, k, m] + now[i, c, k, m]
                    near += now[i, d, k, m] + now[i, j, f, m] + now[i, j, g, m]
                    e[m] = logs[m, grey[i, j, k]] + coupling * near
                    if prior[i, j, k, m] > 0:
                        e[m] += np.log(prior[i, j, k, m])
                    else:
                        e[m] = np.float32(-1e20)
                    top = max(top, e[m])
                total = np.float32(0.0)
                for m in range(6):
                    e[m] = np.exp(e[m] - top)
                    total += e[m]
                for m in range(6):
                    out[i, j, k, m] = e[m] / total
    return out
