"""The dose step: the motor cortex's field beside the target's, and how sure their ratio is."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.spatial import cKDTree

from tmsguide.field import (
    Exposure,
    Spread,
    coil_named,
    conductivity_basis,
    draw_strengths,
    mean_vector,
    prepare,
    ratio_spread,
    roi_around,
    strength_spread,
)
from tmsguide.model import Placement, Points, Tissue
from tmsguide.pipeline.literature import published
from tmsguide.placement import candidates, scalp_depth
from tmsguide.therapy import (
    Estimate,
    Side,
    Threshold,
    intensities,
    motor_hotspot,
    standing,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    from tmsguide.model import Coil, HeadModel, Protocol, SearchSettings, Surface, Target, Warp
    from tmsguide.pipeline.aim import Aim
    from tmsguide.pipeline.bench import Bench
    from tmsguide.pipeline.store import Result
    from tmsguide.therapy import Intensities, MotorHotspot

    Floats = NDArray[np.float64]
    Range = tuple[float, float]

__all__ = ["Exposures", "dose_step", "dose_table", "intensities_of"]

_NEAR_MM = 4.0  # scalp over the motor point, within which the coil is set down


@dataclass(frozen=True, slots=True, eq=False)
class Exposures:
    """What the target and the hand's motor cortex get from the same coil at the same dI/dt.

    ``motor_point`` (1, 3) lies on the person's cortex nearest to the average hot spot;
    ``motor_placement`` is over it, at the usual angle. Depths are from scalp to these points.
    Spreads are of the mean vector's size over the same radius, V/m, and of motor over target; they
    are what uncertain conductivities alone do.
    """

    motor_point: Points
    motor_placement: Placement
    motor_source: str
    depth_target_mm: float
    depth_m1_mm: float
    e_target_v_per_m: Spread
    e_motor_v_per_m: Spread
    motor_over_target: Spread
    full_solves: int


def dose_step(
    bench: Bench,
    *,
    head: Result,
    surfaces: Result,
    normalisation: Result,
    target: Result,
    aim: Result,
    settings: SearchSettings,
    ranges_s_per_m: Mapping[Tissue, Range],
    seed: int,
) -> Result:
    """Fields at the target and at the motor cortex over the ranges of conductivity: ``dose``."""

    def work() -> dict[str, Exposures]:
        return {
            "dose": _exposures(
                head.content["head"],
                scalp=surfaces.content["scalp"],
                cortex=surfaces.content["cortex"],
                maps=(
                    normalisation.content["mni_from_t1w"],
                    normalisation.content["t1w_from_mni"],
                ),
                target=target.content["targets"].primary,
                aim=aim.content["aim"],
                settings=settings,
                ranges_s_per_m=ranges_s_per_m,
                rng=np.random.default_rng(seed),
                say=bench.listener.said,
            )
        }

    inputs = {"head": head.key, "surfaces": surfaces.key, "aim": aim.key}
    inputs |= {"normalisation": normalisation.key, "target": target.key}
    table = {tissue.name: bounds for tissue, bounds in ranges_s_per_m.items()}
    return bench.step(
        "dose",
        work,
        version=1,
        settings={"search": settings, "ranges_s_per_m": table, "seed": seed},
        inputs=inputs,
    )


def _exposures(
    head: HeadModel,
    *,
    scalp: Surface,
    cortex: Surface,
    maps: tuple[Warp, ...],
    target: Target,
    aim: Aim,
    settings: SearchSettings,
    ranges_s_per_m: Mapping[Tissue, Range],
    rng: np.random.Generator,
    say: Callable[[str], None],
) -> Exposures:
    coil = coil_named(settings.coil)
    mni_from_t1w, t1w_from_mni = maps
    spot = motor_hotspot(Side.LEFT if mni_from_t1w(target.point).xyz_mm[0, 0] < 0 else Side.RIGHT)
    point, current = _on_cortex(cortex, t1w_from_mni, spot)
    placement = _over_motor(scalp, point, current, coil=coil, settings=settings)
    placement = replace(placement, didt_a_per_s=aim.placement.didt_a_per_s)
    say("assembling finite elements")
    prepared = prepare(head)
    exposures = [
        Exposure(
            name,
            coil,
            where,
            mean_vector(prepared, roi_around(head, at, settings.roi_radius_mm)),
        )
        for name, where, at in (
            ("target", aim.placement, target.point),
            ("motor", placement, point),
        )
    ]
    basis = conductivity_basis(prepared, exposures, ranges_s_per_m, rng=rng, say=say)
    draws = draw_strengths(basis, rng=rng)
    return Exposures(
        motor_point=point,
        motor_placement=placement,
        motor_source=spot.source,
        depth_target_mm=scalp_depth(scalp, target.point),
        depth_m1_mm=scalp_depth(scalp, point),
        e_target_v_per_m=strength_spread(draws, "target"),
        e_motor_v_per_m=strength_spread(draws, "motor"),
        motor_over_target=ratio_spread(draws, "motor", "target"),
        full_solves=basis.solves,
    )


def _on_cortex(cortex: Surface, t1w_from_mni: Warp, spot: MotorHotspot) -> tuple[Points, Floats]:
    """Hot spot on the person's own cortex (1, 3), and the current's direction there (3,)."""
    start = spot.point.xyz_mm
    both = Points(np.concatenate([start, start + spot.current]), spot.point.frame)
    there = published(t1w_from_mni)(both).xyz_mm
    _, at = cKDTree(cortex.vertices.xyz_mm).query(there[0])
    way = there[1] - there[0]
    point = Points(cortex.vertices.xyz_mm[at][None], cortex.vertices.frame)
    return point, np.asarray(way / np.linalg.norm(way))


def _over_motor(
    scalp: Surface, point: Points, current: Floats, *, coil: Coil, settings: SearchSettings
) -> Placement:
    """Coil over the motor point, turned so that a rising current runs as it usually does."""
    among = candidates(
        scalp,
        point,
        radius_mm=_NEAR_MM,
        step_mm=_NEAR_MM,
        angle_deg=5.0,
        standoff_mm=settings.standoff_mm,
        coil=coil,
        full_turn=True,
    )
    away = np.linalg.norm(among.matsimnibs[:, :3, 3] - point.xyz_mm, axis=1)
    over = np.flatnonzero(away <= away.min() + 0.5)
    best = over[np.argmax(among.matsimnibs[over, :3, 1] @ current)]
    return Placement(
        among.matsimnibs[best], among.frame, settings.didt_a_per_s, float(among.standoff_mm[best])
    )


def intensities_of(
    exposures: Exposures, protocol: Protocol, rmt_percent_mso: float | None
) -> Intensities | None:
    """Give every method's intensity, or None without a resting threshold that it refers to."""
    entry = standing(protocol.name)
    active = entry is not None and entry.threshold is Threshold.ACTIVE
    if rmt_percent_mso is None or active:
        return None
    ratio = exposures.motor_over_target
    return intensities(
        protocol,
        rmt_percent_mso=rmt_percent_mso,
        depth_target_mm=exposures.depth_target_mm,
        depth_m1_mm=exposures.depth_m1_mm,
        motor_over_target=Estimate(ratio.mean, ratio.low, ratio.high),
    )


def dose_table(exposures: Exposures, found: Intensities | None) -> dict[str, Any]:
    """Give the dose as plain data; lengths in mm of the T1w frame, fields in V/m."""
    return {
        "motor_point_t1w_mm": exposures.motor_point.xyz_mm[0],
        "motor_source": exposures.motor_source,
        "motor_placement": exposures.motor_placement.matsimnibs,
        "depth_target_mm": exposures.depth_target_mm,
        "depth_m1_mm": exposures.depth_m1_mm,
        "e_target_v_per_m": _spread_table(exposures.e_target_v_per_m),
        "e_motor_v_per_m": _spread_table(exposures.e_motor_v_per_m),
        "motor_over_target": _spread_table(exposures.motor_over_target),
        "conductivity_solves": exposures.full_solves,
        "intensities": []
        if found is None
        else [
            {
                "method": item.method.value,
                "percent_mso": item.percent_mso,
                "low_percent_mso": item.low_percent_mso,
                "high_percent_mso": item.high_percent_mso,
                "unclamped_percent_mso": item.unclamped_percent_mso,
                "percent_rmt": item.percent_rmt,
                "limit": item.limit.value,
                "source": item.source,
            }
            for item in found.items
        ],
        "notes": [] if found is None else list(found.notes),
    }


def _spread_table(spread: Spread) -> dict[str, Any]:
    return {
        "at_default": spread.at_default,
        "mean": spread.mean,
        "sd": spread.sd,
        "percentile_5": spread.low,
        "percentile_95": spread.high,
        "sobol_total": {_name(t): share for t, share in spread.total.items()},
        "model_error": spread.model_error,
    }


def _name(tissue: object) -> str:
    return Tissue(int(str(tissue))).name
