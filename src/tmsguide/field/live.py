"""The cortex's field for any placement of any coil in milliseconds, with its error stated."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import scipy.linalg

from tmsguide.errors import GeometryError
from tmsguide.field.forward import TOLERANCE, potentials, require_frame
from tmsguide.field.primary import magnetic_rate, thinned
from tmsguide.model import Placement, Tissue
from tmsguide.model.progress import silent
from tmsguide.num.recovery import recovered_gradient

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

    from tmsguide.field.forward import Prepared
    from tmsguide.field.sampling import Places
    from tmsguide.model import Coil, Points

    Floats = NDArray[np.float64]
    Singles = NDArray[np.float32]
    Ints = NDArray[np.int64]

__all__ = ["LiveField", "Poses", "build_live_field", "direct_field", "live_field"]

_CHECKS = 1500  # places where dB/dt is compared; E follows from B alone in the radial gauge
_BLOCK = 32
_BASIS_TOLERANCE = 1e-5  # E within 2e-5, ten times less than what the basis leaves out
_CUT = 1e-4  # singular values below this part of the largest: single precision would drown them
_MOST_MISFIT = 0.05


@dataclass(frozen=True, slots=True, eq=False)
class Poses:
    """Placements of one coil: ``matsimnibs`` (K, 4, 4) and the gap ``clearance_mm`` (K,)."""

    coil: Coil
    matsimnibs: Floats
    clearance_mm: Floats


@dataclass(frozen=True, slots=True, eq=False)
class LiveField:
    """A basis of K solved placements.

    ``e_v_per_m`` (3 P, K) float32: recovered E of each at ``points`` (P, 3), for 1 A/s, found in
    the cells of ``sites``; ``check_m`` (C, 3)
    where dB/dt is compared; ``rates`` (3 C, K) their dB/dt there and ``inverse`` (K, 3 C) what
    gives the coefficients of a placement. Placements held out of the basis and solved in full:
    ``held_clearance_mm`` (H,), ``held_error`` (H,) the relative L2 error of E over all sites and
    ``held_misfit`` (H,) that of dB/dt.
    """

    points: Points
    sites: Places
    check_m: Floats
    e_v_per_m: Singles
    rates: Singles
    inverse: Singles
    held_clearance_mm: Floats
    held_error: Floats
    held_misfit: Floats

    def error_by_clearance(self, edges_mm: Sequence[float]) -> list[tuple[int, float, float]]:
        """Count, mean and largest held-out error for each range of clearance."""
        out = []
        for low, high in pairwise(edges_mm):
            inside = (self.held_clearance_mm >= low) & (self.held_clearance_mm < high)
            part = self.held_error[inside]
            mean, most = (float(part.mean()), float(part.max())) if len(part) else (np.nan,) * 2
            out.append((len(part), mean, most))
        return out


def build_live_field(
    prepared: Prepared,
    points: Points,
    sites: Places,
    *,
    family: Sequence[Poses],
    held_out: Sequence[Poses],
    modes: int,
    rng: np.random.Generator,
    say: Callable[[str], None] = silent,
) -> LiveField:
    """Give the basis chosen among the placements of ``family`` and tested on those held out.

    In the radial gauge the field follows linearly from dB/dt in the head. Placements whose dB/dt
    at many places in the brain differ most are chosen by pivoted QR and solved; a new placement's
    field is the combination that fits its own dB/dt there best.

    Raises
    ------
    FrameError
        Points in another frame.
    GeometryError
        Fewer placements than modes, or none held out.

    References
    ----------
    Hasan et al. 2025, Imaging Neuroscience, doi:10.1162/imag_a_00412 (modes of the coil's field);
    Daneshzand et al. 2021, NeuroImage 237:118097, doi:10.1016/j.neuroimage.2021.118097.
    """
    require_frame(points.frame, prepared.head)
    count = sum(len(poses.matsimnibs) for poses in family)
    if not 2 <= modes <= count or not sum(len(poses.matsimnibs) for poses in held_out):
        raise GeometryError(
            f"a live field of {modes} modes was asked of {count} placements; give more placements "
            "than modes, and some that are held out to measure the error"
        )
    check = _check_places(prepared, rng)
    rates = np.concatenate([_rates(p.coil, p.matsimnibs, check) for p in family], axis=1)
    size = np.linalg.norm(rates, axis=0)
    chosen = scipy.linalg.qr(rates / size, mode="r", pivoting=True)[1][:modes]
    members = [(p.coil, m) for p in family for m in p.matsimnibs]
    e = np.empty((3 * len(sites.cell), modes), dtype=np.float32)
    basis = [members[i] for i in chosen]
    for block, found in direct_field(prepared, sites, basis, tolerance=_BASIS_TOLERANCE):
        e[:, block] = found
        say(f"live field: {block.stop} of {modes} placements solved")
    scale = size[chosen]
    kept = (rates[:, chosen] / scale).astype(np.float32)
    e /= scale.astype(np.float32)
    inverse = np.linalg.pinv(kept.astype(np.float64), rcond=_CUT).astype(np.float32)
    clearance = np.concatenate([p.clearance_mm for p in held_out])
    none = np.empty(0)
    live = LiveField(points, sites, check, e, kept, inverse, clearance, none, none)
    error, misfit = _held(prepared, live, held_out, say)
    return replace(live, held_error=error, held_misfit=misfit)


def live_field(
    live: LiveField, coil: Coil, matsimnibs: Floats, *, didt_a_per_s: float
) -> tuple[Singles, Floats]:
    """Give recovered E (K, P, 3), V/m, at the sites for poses (K, 4, 4), and their misfits (K,).

    The misfit is the relative L2 part of the coil's dB/dt in the brain that the basis cannot make;
    the error of E is about as large.

    Raises
    ------
    GeometryError
        A misfit above 5 %: too near, too far from the family, or another kind of coil. Solve it.
    """
    rates = _rates(coil, matsimnibs, live.check_m)
    coefficients, misfit = _fit(live, rates)
    worst = float(misfit.max(initial=0.0))
    if worst > _MOST_MISFIT:
        raise GeometryError(
            f"placement {int(misfit.argmax())} of {coil.name} lies outside what the live field "
            f"was built for (misfit {100 * worst:.1f} %, at most {100 * _MOST_MISFIT:g} %); solve "
            "it in full, or build the live field with this coil and reach"
        )
    scaled = (didt_a_per_s * coefficients).astype(np.float32)
    e = scaled.T @ live.e_v_per_m.T if len(matsimnibs) > 1 else (live.e_v_per_m @ scaled).T
    return e.reshape(len(matsimnibs), -1, 3), misfit


def direct_field(
    prepared: Prepared,
    sites: Places,
    members: Sequence[tuple[Coil, Floats]],
    *,
    tolerance: float = TOLERANCE,
) -> Iterator[tuple[slice, Floats]]:
    """Yield recovered E (3 P, k), V/m at 1 A/s, at the sites, block by block of full solves."""
    head = prepared.head
    slope = recovered_gradient(
        prepared.recovery,
        prepared.nodes_m,
        head.cells,
        sites.cell,
        weights=sites.weight,
    )
    corners = head.cells[sites.cell]
    for first in range(0, len(members), _BLOCK):
        part = slice(first, min(first + _BLOCK, len(members)))
        placed = [(thinned(c), Placement(m, head.nodes.frame, 1.0, 0.0)) for c, m in members[part]]
        a_dot, phi = potentials(prepared, placed, tolerance=tolerance)
        primary = np.einsum("pc,pcdk->pdk", sites.weight, a_dot[corners])
        yield part, -(slope @ phi) - primary.reshape(-1, len(placed))


def _check_places(prepared: Prepared, rng: np.random.Generator) -> Floats:
    """Draw places evenly by volume in the brain, grey matter above all."""
    grey = np.flatnonzero(prepared.head.tissue == Tissue.GM)
    pool = grey if len(grey) else np.arange(len(prepared.head.cells))
    share = prepared.volume_m3[pool] / prepared.volume_m3[pool].sum()
    chosen = rng.choice(pool, min(_CHECKS, len(pool)), replace=False, p=share)
    return np.ascontiguousarray(prepared.barycentre_m[np.sort(chosen)])


def _rates(coil: Coil, matsimnibs: Floats, check_m: Floats) -> Floats:
    few = thinned(coil)
    return np.stack([magnetic_rate(few, m, check_m).ravel() for m in matsimnibs], axis=1)


def _fit(live: LiveField, rates: Floats) -> tuple[Singles, Floats]:
    coefficients = live.inverse @ rates.astype(np.float32)
    left = np.linalg.norm(live.rates @ coefficients - rates, axis=0)
    return coefficients, np.asarray(left / np.linalg.norm(rates, axis=0), dtype=np.float64)


def _held(
    prepared: Prepared, live: LiveField, held_out: Sequence[Poses], say: Callable[[str], None]
) -> tuple[Floats, Floats]:
    members = [(p.coil, m) for p in held_out for m in p.matsimnibs]
    rates = np.concatenate([_rates(p.coil, p.matsimnibs, live.check_m) for p in held_out], axis=1)
    coefficients, misfit = _fit(live, rates)
    error = np.empty(len(members))
    for block, truth in direct_field(prepared, live.sites, members):
        gap = np.linalg.norm(live.e_v_per_m @ coefficients[:, block] - truth, axis=0)
        error[block] = gap / np.linalg.norm(truth, axis=0)
        say(f"live field: {block.stop} of {len(members)} held-out placements solved")
    say(f"live field: error mean {100 * error.mean():.2f} %, largest {100 * error.max():.2f} %")
    return error, misfit
