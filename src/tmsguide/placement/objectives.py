"""What a clinic may want of a placement, as plain functions of the fields it makes.

``strength`` (K, P) is the field strength in V/m of K placements at P points, ``weight`` (P,) the
area in mm² (or volume in mm³) that each point stands for. Where the fields come from does not
matter: a full solve, a reciprocal one or a live basis.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tmsguide.errors import InputError
from tmsguide.placement.hotspot import hotspots

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Mask = NDArray[np.bool_]

__all__ = [
    "Burden",
    "dose_percent",
    "focal_area",
    "mean_along",
    "mean_strength",
    "network_specificity",
    "scalp_burden",
]

#: The peak of a field is taken where the strongest 0.1 % of the weight begins: the very highest
#: value of a mesh says more about its worst element. SimNIBS' field summary uses it as well.
PEAK_PERCENTILE = 99.9


def mean_strength(strength: Floats, weight: Floats, where: Mask) -> Floats:
    """Give the mean field strength (K,) over the points ``where`` (P,), V/m."""
    share = _shares(strength, weight, where)
    return np.asarray(strength[:, where] @ share)


def mean_along(field: Floats, weight: Floats, where: Mask, direction: Floats) -> Floats:
    """Give the mean (K,) of the field's part along unit ``direction`` (3,) or (P, 3), V/m.

    ``field`` (K, P, 3). With sign: a field against the direction counts below 0.
    """
    if field.ndim != 3 or field.shape[2] != 3:
        raise InputError(f"field vectors are (K, P, 3), given {field.shape}")
    share = _shares(field[:, :, 0], weight, where)
    towards = np.broadcast_to(direction, field.shape[1:])[where]
    return np.asarray(np.einsum("kpx,p,px->k", field[:, where], share, towards))


def network_specificity(
    strength: Floats,
    weight: Floats,
    wanted: Mask,
    avoided: Mask,
    *,
    percentiles: Sequence[float] = (99.9, 99.5, 99.0, 98.0, 95.0),
) -> Floats:
    """Give the share of the hotspot in wanted networks less that in avoided ones, (K,) in [-1, 1].

    The hotspot of a percentile is the strongest part of the cortex beyond it; the difference is
    the mean over the percentiles. ``wanted`` and ``avoided`` (P,) must not overlap; none need be
    avoided. Percentiles count area (Lynch et al. count vertices), so that a surface may be cut
    coarser or finer; theirs run from 99.0 to 99.9.

    References
    ----------
    Lynch et al. 2022, 10.1016/j.neuron.2022.08.012: on-target value, mean over thresholds.
    """
    _check_sizes(strength, weight, wanted)
    cut = np.asarray(percentiles, dtype=np.float64)
    if cut.size == 0 or (cut <= 0).any() or (cut >= 100).any():
        raise InputError(f"percentiles lie between 0 and 100, given {cut.tolist()}")
    if avoided.shape != wanted.shape or (wanted & avoided).any() or not wanted.any():
        raise InputError(
            f"{int(wanted.sum())} points wanted and {int(avoided.sum())} avoided, "
            f"{int((wanted & avoided).sum()) if avoided.shape == wanted.shape else '?'} of them "
            "both; give at least one wanted point and no point twice"
        )
    member = wanted.astype(np.float64) - avoided
    held, _ = hotspots(strength, weight, member, 1 - cut / 100)
    return np.asarray(held.mean(axis=1))


def focal_area(
    strength: Floats,
    weight: Floats,
    *,
    of_peak: float = 0.5,
    peak_percentile: float = PEAK_PERCENTILE,
) -> Floats:
    """Give the weight (K,), mm² or mm³, with at least ``of_peak`` of the peak strength.

    The smaller the more focal. The peak is the percentile's strength, by weight.
    """
    if not 0 < of_peak <= 1:
        raise InputError(f"a share of the peak lies above 0 and up to 1, given {of_peak}")
    peak = _peak(strength, weight, peak_percentile)
    return np.asarray((strength >= of_peak * peak[:, None]) @ weight)


def dose_percent(target_v_per_m: Floats, wanted_v_per_m: float) -> Floats:
    """Give the dI/dt (K,) that brings a wanted field to the target, in percent of the given one.

    ``target_v_per_m`` (K,) was found at a reference dI/dt; the field is proportional to it.
    ``wanted_v_per_m`` is an absolute field, or the same person's field in the motor cortex at
    motor threshold.
    """
    target = _positive(target_v_per_m)
    if not wanted_v_per_m > 0:
        raise InputError(f"the wanted field must be above 0 V/m, given {wanted_v_per_m}")
    return np.asarray(100.0 * wanted_v_per_m / target)


@dataclass(frozen=True, slots=True, eq=False)
class Burden:
    """How much field the scalp takes for the field that the target gets; a proxy for pain.

    ``peak_per_target`` (K,) peak strength in the scalp per strength at the target;
    ``area`` (K,) weight (mm² or mm³) above a level when the target gets what is wanted.
    """

    peak_per_target: Floats
    area: Floats


def scalp_burden(
    scalp_strength: Floats,
    weight: Floats,
    target_v_per_m: Floats,
    *,
    wanted_v_per_m: float,
    level_v_per_m: float,
) -> Burden:
    """Give a proxy for how unpleasant each placement is, from the field in skin and muscle.

    ``scalp_strength`` (K, S) in points of scalp or muscle, ``target_v_per_m`` (K,) at the target,
    both at one dI/dt. The evidence is thin: that TMS pulls at muscles and hurts, and where on the
    head it does so most, is measured (references); that the computed scalp field tells how much,
    or above which level, is not: it is our assumption. Use it to rank placements on one head,
    never to promise comfort.

    References
    ----------
    Meteyard & Holmes 2018, 10.1016/j.jneumeth.2018.02.008: annoyance, pain and twitches at 43
    sites. Tani et al. 2020, 10.3389/fnins.2020.00559: pain threshold lower over Broca's area than
    over the motor cortex.
    """
    if not level_v_per_m > 0:
        raise InputError(f"the level must be above 0 V/m, given {level_v_per_m}")
    scale = dose_percent(target_v_per_m, wanted_v_per_m) / 100.0
    peak = _peak(scalp_strength, weight, PEAK_PERCENTILE)
    if len(scale) != len(peak):
        raise InputError(
            f"{len(scale)} targets for {len(peak)} placements; needed one target strength each"
        )
    area = (scalp_strength >= (level_v_per_m / scale)[:, None]) @ weight
    return Burden(peak / _positive(target_v_per_m), np.asarray(area))


def _peak(strength: Floats, weight: Floats, percentile: float) -> Floats:
    _check_sizes(strength, weight, np.ones(len(weight), dtype=bool))
    share = np.array([1 - percentile / 100])
    return hotspots(strength, weight, np.zeros(len(weight)), share)[1][:, 0]


def _shares(strength: Floats, weight: Floats, where: Mask) -> Floats:
    _check(strength, weight, where)
    if not where.any():
        raise InputError("the region holds no point; widen it, or check its frame")
    return np.asarray(weight[where] / weight[where].sum())


def _check(strength: Floats, weight: Floats, where: Mask) -> None:
    if strength.ndim != 2 or not strength.shape[1] == len(weight) == len(where):
        raise InputError(
            f"fields {strength.shape}, weights {weight.shape} and regions {where.shape} must "
            "agree: (K, P), (P,) and (P,)"
        )
    if not np.isfinite(strength).all() or not np.isfinite(weight).all() or (weight <= 0).any():
        raise InputError("fields must be finite and weights above 0; leave out empty points")


def _check_sizes(strength: Floats, weight: Floats, where: Mask) -> None:
    _check(strength, weight, where)
    if (strength < 0).any() or not (strength > 0).any(axis=1).all():
        raise InputError(
            "a hotspot needs field strengths of at least 0, not all 0; given "
            f"{int((strength < 0).sum())} below 0 and "
            f"{int((~(strength > 0).any(axis=1)).sum())} fields of nothing but 0"
        )


def _positive(target_v_per_m: Floats) -> Floats:
    target = np.asarray(target_v_per_m, dtype=np.float64)
    if target.ndim != 1 or not (target > 0).all():
        raise InputError(
            "every placement needs a field above 0 V/m at the target, given "
            f"{target.min() if target.size else 'none'}; leave out placements that miss it"
        )
    return target
