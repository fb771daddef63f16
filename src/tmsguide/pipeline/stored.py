"""The types that a stored result may hold."""

from __future__ import annotations

from tmsguide.field import Spread
from tmsguide.head import T1wQuality
from tmsguide.io.bundles import type_table
from tmsguide.model import (
    Anatomy,
    ConnectivityMap,
    Denoised,
    Frame,
    HeadModel,
    Landmarks,
    Placement,
    Points,
    Quality,
    ScanVerdict,
    Surface,
    Target,
    Volume,
    Warp,
)
from tmsguide.pipeline.aim import Aim
from tmsguide.pipeline.dosing import Exposures
from tmsguide.pipeline.landmarks import Marks
from tmsguide.pipeline.options import Choice, Measures
from tmsguide.placement import Ranked
from tmsguide.preprocess import CleanBold, RunRecord, Start
from tmsguide.targeting import TargetSet

__all__ = ["STORED"]

STORED = type_table(
    Aim,
    Anatomy,
    Choice,
    CleanBold,
    ConnectivityMap,
    Denoised,
    Exposures,
    Frame,
    HeadModel,
    Landmarks,
    Marks,
    Measures,
    Placement,
    Points,
    Quality,
    Ranked,
    RunRecord,
    ScanVerdict,
    Spread,
    Start,
    Surface,
    T1wQuality,
    Target,
    TargetSet,
    Volume,
    Warp,
)
