"""Nouns: frozen dataclasses that flow between the rooms, and the ports that engines fit."""

from tmsguide.model.heads import Coil, Field, HeadModel, Landmarks, Placement, Surface
from tmsguide.model.images import Anatomy, Distortion, Scan, Tissue, Volume
from tmsguide.model.networks import Connectome, Deviation, NetworkMeans, Parcels
from tmsguide.model.plans import Finding, Plan, Protocol, Subject, Verdict
from tmsguide.model.ports import BiasCorrector, DeformableRegistrar, LinearRegistrar
from tmsguide.model.progress import silent
from tmsguide.model.settings import (
    AnatomySettings,
    BoldSettings,
    HeadSettings,
    NetworkSettings,
    OutputSettings,
    PlanSettings,
    SearchSettings,
    TargetSettings,
)
from tmsguide.model.signals import ConnectivityMap, Denoised, Prepared, Quality, ScanVerdict
from tmsguide.model.spaces import MNI, MNI_FRAMES, Affine, Frame, Points, Warp, native_frame
from tmsguide.model.targets import Advice, Region, Reliability, Support, Target

__all__ = [
    "MNI",
    "MNI_FRAMES",
    "Advice",
    "Affine",
    "Anatomy",
    "AnatomySettings",
    "BiasCorrector",
    "BoldSettings",
    "Coil",
    "ConnectivityMap",
    "Connectome",
    "DeformableRegistrar",
    "Denoised",
    "Deviation",
    "Distortion",
    "Field",
    "Finding",
    "Frame",
    "HeadModel",
    "HeadSettings",
    "Landmarks",
    "LinearRegistrar",
    "NetworkMeans",
    "NetworkSettings",
    "OutputSettings",
    "Parcels",
    "Placement",
    "Plan",
    "PlanSettings",
    "Points",
    "Prepared",
    "Protocol",
    "Quality",
    "Region",
    "Reliability",
    "Scan",
    "ScanVerdict",
    "SearchSettings",
    "Subject",
    "Support",
    "Surface",
    "Target",
    "TargetSettings",
    "Tissue",
    "Verdict",
    "Volume",
    "Warp",
    "native_frame",
    "silent",
]
