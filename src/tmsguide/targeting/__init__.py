"""Targeting: where to aim by every method in the field, how sure, and how they agree."""

from tmsguide.targeting.agreement import agreement
from tmsguide.targeting.consensus import SAME_MM, Consensus, consensus
from tmsguide.targeting.definitions import (
    Compared,
    Pick,
    Spheres,
    TargetDefinition,
    definition,
    definitions,
    parse_definition,
)
from tmsguide.targeting.find import TargetSet, find_targets
from tmsguide.targeting.ground import Ground
from tmsguide.targeting.group import group_targets, site_targets, with_score
from tmsguide.targeting.landmarks import Landmark, landmark, landmarks
from tmsguide.targeting.mask import mask_volume_and_centre, search_mask
from tmsguide.targeting.networks.personal_networks import ReferenceNetworks

__all__ = [
    "SAME_MM",
    "Compared",
    "Consensus",
    "Ground",
    "Landmark",
    "Pick",
    "ReferenceNetworks",
    "Spheres",
    "TargetDefinition",
    "TargetSet",
    "agreement",
    "consensus",
    "definition",
    "definitions",
    "find_targets",
    "group_targets",
    "landmark",
    "landmarks",
    "mask_volume_and_centre",
    "parse_definition",
    "search_mask",
    "site_targets",
    "with_score",
]
