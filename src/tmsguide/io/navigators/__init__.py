"""Neuronavigation formats: each module encodes poses to bytes and decodes bytes to poses.

Inside, poses are ``matsimnibs`` in RAS+ millimetres; every other convention lives in its module.
"""

from tmsguide.io.navigators import brainsight, localite, simnibs, table
from tmsguide.io.navigators.files import encode_all
from tmsguide.io.navigators.markers import NavigatorMarker, marker_from_plan

__all__ = [
    "NavigatorMarker",
    "brainsight",
    "encode_all",
    "localite",
    "marker_from_plan",
    "simnibs",
    "table",
]
