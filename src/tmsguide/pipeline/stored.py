"""The types that a stored result may hold."""

from __future__ import annotations

from tmsguide.field import Spread
from tmsguide.head import T1wQuality
from tmsguide.io.bundles import type_table
from tmsguide.model import (
    Advice,
    Anatomy,
    ConnectivityMap,
    Connectome,
    Denoised,
    Deviation,
    Frame,
    HeadModel,
    Landmarks,
    NetworkMeans,
    Placement,
    Points,
    Quality,
    Region,
    Reliability,
    ScanVerdict,
    Support,
    Surface,
    Target,
    Volume,
    Warp,
)
from tmsguide.norms import Outside
from tmsguide.pipeline.aim import Aim
from tmsguide.pipeline.dosing import Exposures
from tmsguide.pipeline.landmarks import Marks
from tmsguide.pipeline.networks import Networks
from tmsguide.pipeline.options import Choice, Measures
from tmsguide.placement import Ranked
from tmsguide.preprocess import CleanBold, RunRecord, Start
from tmsguide.targeting import Consensus, TargetSet

__all__ = ["STORED"]

STORED = type_table(
    Advice,
    Aim,
    Anatomy,
    Choice,
    CleanBold,
    ConnectivityMap,
    Connectome,
    Consensus,
    Denoised,
    Deviation,
    Exposures,
    Frame,
    HeadModel,
    Landmarks,
    Marks,
    Measures,
    NetworkMeans,
    Networks,
    Outside,
    Placement,
    Points,
    Quality,
    Ranked,
    Region,
    Reliability,
    RunRecord,
    ScanVerdict,
    Spread,
    Start,
    Support,
    Surface,
    T1wQuality,
    Target,
    TargetSet,
    Volume,
    Warp,
)
