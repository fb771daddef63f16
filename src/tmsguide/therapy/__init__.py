"""Therapy: the protocol library, the dose, the safety rules and the plan."""

from tmsguide.therapy.check import check, worst
from tmsguide.therapy.dose import Dose, dose
from tmsguide.therapy.dosing import DepthRule, MotorHotspot, Side, motor_hotspot
from tmsguide.therapy.intensity import Estimate, Intensities, Intensity, Limit, Method, intensities
from tmsguide.therapy.library import (
    Basis,
    ScreenItem,
    Standing,
    Threshold,
    protocol,
    protocols,
    screen_items,
    standing,
)
from tmsguide.therapy.person import MtMethod
from tmsguide.therapy.plan import make_plan
from tmsguide.therapy.timing import nibs_timing
from tmsguide.therapy.trains import Support, support

__all__ = [
    "Basis",
    "DepthRule",
    "Dose",
    "Estimate",
    "Intensities",
    "Intensity",
    "Limit",
    "Method",
    "MotorHotspot",
    "MtMethod",
    "ScreenItem",
    "Side",
    "Standing",
    "Support",
    "Threshold",
    "check",
    "dose",
    "intensities",
    "make_plan",
    "motor_hotspot",
    "nibs_timing",
    "protocol",
    "protocols",
    "screen_items",
    "standing",
    "support",
    "worst",
]
