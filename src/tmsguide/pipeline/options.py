"""What else than the strongest field a placement may be chosen for: solved, measured, weighed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tmsguide.errors import InputError
from tmsguide.model.progress import silent
from tmsguide.num.interpolation import sample_linear
from tmsguide.pipeline.search import robust_poses
from tmsguide.pipeline.solved_poses import sites_of, solve_poses
from tmsguide.placement import (
    Goal,
    Wish,
    dose_percent,
    focal_area,
    network_specificity,
    scalp_burden,
    shortlist,
    subset,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from tmsguide.field import CortexSheet, Prepared
    from tmsguide.model import Coil, Placement, Points, SearchSettings, Surface, Volume
    from tmsguide.pipeline.search import Found, Tested
    from tmsguide.pipeline.solved_poses import Sites, Solved
    from tmsguide.placement import Candidates, Option

    Floats = NDArray[np.float64]
    Bools = NDArray[np.bool_]

__all__ = ["Choice", "Measures", "Networks", "placement_options"]


@dataclass(frozen=True, slots=True)
class Networks:
    """Where the hotspot is wanted, and where not: masks in the head's frame, above .5 inside."""

    wanted: Volume
    avoided: Volume | None = None


@dataclass(frozen=True, slots=True)
class Measures:
    """What one placement does at its dI/dt.

    ``target_v_per_m`` from a full solve; ``expected_v_per_m`` and ``low_v_per_m`` the mean and the
    5th percentile of the same under placement error; ``focal_mm2`` cortex with at least half the
    peak strength; ``scalp_per_target`` peak strength in the scalp over that in the target;
    ``dose_percent`` dI/dt needed for the field that the planned placement gives the target;
    ``specificity`` share of the hotspot in wanted less that in avoided networks, None without.
    """

    target_v_per_m: float
    expected_v_per_m: float
    low_v_per_m: float
    focal_mm2: float
    scalp_per_target: float
    dose_percent: float
    specificity: float | None


@dataclass(frozen=True, slots=True, eq=False)
class Choice:
    """A placement worth choosing, why, and what it does; the planned one has ``planned`` set."""

    placement: Placement
    reason: str
    measures: Measures
    planned: bool


def placement_options(
    prepared: Prepared,
    scalp: Surface,
    found: Found,
    *,
    coil: Coil,
    settings: SearchSettings,
    networks: Networks | None = None,
    say: Callable[[str], None] = silent,
) -> tuple[Choice, ...]:
    """Give the planned placement and others that no placement beats in everything.

    Poses that hold their field under placement error are solved in full and measured on the
    cortex and in the scalp; the best compromise and the best in each wish come back.

    Raises
    ------
    GeometryError
        No cortex or no scalp to measure on, or the planned placement cannot be solved.
    InputError
        A guidance that is not known, or networks that hold no cortex.
    """
    say("trying the best placements under placement error")
    tested = robust_poses(found, scalp, settings)
    sites = sites_of(prepared, scalp, found, settings)
    solved = solve_poses(prepared, sites, found, coil, tested.poses, settings=settings, say=say)
    measures = _measures(tested, solved, sites, networks)
    poses = subset(tested.poses, solved.rows)
    options = shortlist(poses, _wishes(measures), didt_a_per_s=settings.didt_a_per_s)
    return _choices(options, poses, measures, found.best.placement)


def _measures(
    tested: Tested, solved: Solved, sites: Sites, networks: Networks | None
) -> tuple[Measures, ...]:
    area = sites.sheet.area_mm2
    planned = float(solved.target[0])
    burden = scalp_burden(
        solved.skin, sites.skin_mm2, solved.target, wanted_v_per_m=planned, level_v_per_m=planned
    )
    area_mm2 = focal_area(solved.cortex, area)
    dose = dose_percent(solved.target, planned)
    specific = None if networks is None else _specificity(solved.cortex, sites.sheet, networks)
    return tuple(
        Measures(
            target_v_per_m=float(solved.target[k]),
            expected_v_per_m=float(solved.target[k] * tested.expected_share[row]),
            low_v_per_m=float(solved.target[k] * tested.low_share[row]),
            focal_mm2=float(area_mm2[k]),
            scalp_per_target=float(burden.peak_per_target[k]),
            dose_percent=float(dose[k]),
            specificity=None if specific is None else float(specific[k]),
        )
        for k, row in enumerate(solved.rows)
    )


def _specificity(cortex: Floats, sheet: CortexSheet, networks: Networks) -> Floats:
    wanted = _inside(sheet.points, networks.wanted)
    none = np.zeros_like(wanted)
    avoided = none if networks.avoided is None else _inside(sheet.points, networks.avoided)
    return network_specificity(cortex, sheet.area_mm2, wanted, avoided & ~wanted)


def _inside(points: Points, mask: Volume) -> Bools:
    """Tell (P,) which points lie in a mask."""
    if mask.frame != points.frame:
        raise InputError(
            f"the network mask is in {mask.frame.name}, the head in {points.frame.name}; resample "
            "it to the head first"
        )
    voxel_from_frame = np.linalg.inv(mask.frame_from_voxel)
    inside = np.asarray(mask.data, dtype=np.float32)
    share = sample_linear(inside, np.asarray(voxel_from_frame, np.float64), points.xyz_mm)
    return np.asarray(np.nan_to_num(share, nan=0.0) > 0.5)


def _wishes(measures: Sequence[Measures]) -> dict[str, Wish]:
    """Name what a clinic may want, each as a column over the solved poses."""

    def column(name: str) -> Floats:
        return np.array([getattr(m, name) for m in measures], dtype=np.float64)

    wishes = {
        "field in the target": Wish(column("target_v_per_m")),
        "field when held a little off": Wish(column("expected_v_per_m")),
        "focality": Wish(column("focal_mm2"), Goal.SMALLER),
        "sparing of the scalp": Wish(column("scalp_per_target"), Goal.SMALLER),
    }
    if measures[0].specificity is not None:
        wishes["share in the wanted network"] = Wish(column("specificity"))
    return wishes


def _choices(
    options: Sequence[Option],
    poses: Candidates,
    measures: Sequence[Measures],
    planned: Placement,
) -> tuple[Choice, ...]:
    """Join options with their measures, the planned one first whether on the front or not."""
    out = [Choice(planned, "planned: strongest by the search", measures[0], planned=True)]
    for option in options:
        same = (poses.matsimnibs == option.placement.matsimnibs).all(axis=(1, 2))
        row = int(np.flatnonzero(same)[0])
        if row == 0:
            out[0] = Choice(planned, f"planned: {option.reason}", measures[0], planned=True)
        else:
            out.append(Choice(option.placement, option.reason, measures[row], planned=False))
    return tuple(out)
