"""Coil placement: poses that rest on the scalp, the best of them, and what they tell the chair."""

from tmsguide.placement.candidates import Candidates, candidates
from tmsguide.placement.clearance import casing_gap_mm, clears_head, refuse_cutting
from tmsguide.placement.measures import (
    handle_angle_deg,
    scalp_depth,
    scalp_distances,
    scalp_entry,
)
from tmsguide.placement.ranking import Ranked, refine, search
from tmsguide.placement.reach import reachable
from tmsguide.placement.robustness import Robustness, robustness

__all__ = [
    "Candidates",
    "Ranked",
    "Robustness",
    "candidates",
    "casing_gap_mm",
    "clears_head",
    "handle_angle_deg",
    "reachable",
    "refine",
    "refuse_cutting",
    "robustness",
    "scalp_depth",
    "scalp_distances",
    "scalp_entry",
    "search",
]
