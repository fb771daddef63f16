"""Coil placement: poses that rest on the scalp, the best of them, and what they tell the chair."""

from tmsguide.placement.candidates import Candidates, candidates, subset
from tmsguide.placement.clearance import casing_gap_mm, clears_head, refuse_cutting
from tmsguide.placement.guidance import Guidance, PlacementError
from tmsguide.placement.measures import (
    handle_angle_deg,
    scalp_depth,
    scalp_distances,
    scalp_entry,
)
from tmsguide.placement.objectives import (
    Burden,
    dose_percent,
    focal_area,
    mean_along,
    mean_strength,
    network_specificity,
    scalp_burden,
)
from tmsguide.placement.options import Option, Wish, shortlist
from tmsguide.placement.pareto import Goal, compromise, pareto_front
from tmsguide.placement.ranking import Ranked, refine, search
from tmsguide.placement.reach import reachable
from tmsguide.placement.robustness import (
    Expected,
    Robustness,
    expected_scores,
    held_poses,
    robustness,
)

__all__ = [
    "Burden",
    "Candidates",
    "Expected",
    "Goal",
    "Guidance",
    "Option",
    "PlacementError",
    "Ranked",
    "Robustness",
    "Wish",
    "candidates",
    "casing_gap_mm",
    "clears_head",
    "compromise",
    "dose_percent",
    "expected_scores",
    "focal_area",
    "handle_angle_deg",
    "held_poses",
    "mean_along",
    "mean_strength",
    "network_specificity",
    "pareto_front",
    "reachable",
    "refine",
    "refuse_cutting",
    "robustness",
    "scalp_burden",
    "scalp_depth",
    "scalp_distances",
    "scalp_entry",
    "search",
    "shortlist",
    "subset",
]
