"""Targeting: where on the left prefrontal cortex, how sure, and what other methods say."""

from tmsguide.targeting.agreement import agreement
from tmsguide.targeting.find import TargetSet, find_target
from tmsguide.targeting.finders import (
    Cluster,
    Terrain,
    cone_weight,
    find_cluster,
    find_peak,
    terrain,
)
from tmsguide.targeting.group import group_targets, with_score
from tmsguide.targeting.landmarks import Landmark, landmark, landmarks
from tmsguide.targeting.mask import search_mask
from tmsguide.targeting.uncertainty import region_radius

__all__ = [
    "Cluster",
    "Landmark",
    "TargetSet",
    "Terrain",
    "agreement",
    "cone_weight",
    "find_cluster",
    "find_peak",
    "find_target",
    "group_targets",
    "landmark",
    "landmarks",
    "region_radius",
    "search_mask",
    "terrain",
    "with_score",
]
