"""Every default that a user may change, once, with its reason beside it."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = [
    "AnatomySettings",
    "BoldSettings",
    "HeadSettings",
    "NetworkSettings",
    "OutputSettings",
    "PlanSettings",
    "SearchSettings",
    "TargetSettings",
]


@dataclass(frozen=True, slots=True)
class AnatomySettings:
    """Settings of the T1w chain."""

    prior_path: str = ""  # empty: our own prior; else a 4-D tissue map such as SPM's TPM.nii
    labels: str = "found"  # labels of charm, FreeSurfer or fMRIPrep win when present; or "own"
    template: str = "MNI152NLin2009aSym"  # bundled; others as fetched with TemplateFlow
    templateflow_home: str = ""  # folder that holds them
    registration_mm: float = 2.0  # grid of the deformable registrations
    label_mm: float = 1.0  # grid of the tissue labels


@dataclass(frozen=True, slots=True)
class BoldSettings:
    """Settings of the functional chain (sources: docs/settings.md)."""

    fieldmaps: bool = True  # correct susceptibility distortion where the run has a fieldmap
    dummy_volumes: int = 0  # BIDS data should have them removed already
    low_hz: float = 0.01  # Fox 2012, Cash 2021
    high_hz: float = 0.1
    fd_limit_mm: float | None = None  # by age and filter: preprocess/data/denoising.toml
    motion_filter: str = "notch"  # breathing out of motion where the TR allows it (Fair 2020)
    denoising: str = "24p-acompcor-gsr"  # a preset; the answer without global signal comes too
    fwhm_mm: float = 4.0  # volume smoothing, Cash 2021
    grid_mm: float = 2.0  # analysis grid in the person's T1w space


@dataclass(frozen=True, slots=True)
class TargetSettings:
    """Settings of methods and uncertainty; each method's own are in its definition."""

    method: str = "sgacc-cluster"  # the definition that is planned for; the others stand beside
    definitions: tuple[str, ...] = ()  # target definition files of the user, beside the built-in
    resamples: int = 1000
    seed_shift_mm: float = 2.0  # SD per axis of where the seed truly lies: MNI registration error
    block_s: float = 60.0  # circular block bootstrap
    confidence: float = 0.95


@dataclass(frozen=True, slots=True)
class NetworkSettings:
    """Settings of parcels, connectome and comparison with a cohort."""

    atlas: str = "seitzman-2018"  # comes with nilearn; or a label image in an MNI 152 space
    radius_mm: float = 5.0  # balls round the coordinates of a set (Power 2011)
    connectome: str = "correlation"  # or "partial correlation"
    resamples: int = 200  # of the network means
    norms_path: str = ""  # norms fitted from a cohort of the user's; empty: no comparison


@dataclass(frozen=True, slots=True)
class HeadSettings:
    """Settings of the head mesh and its conductivities."""

    edge_mm: float = 3.0  # lattice step; cortex elements come out at about this size


@dataclass(frozen=True, slots=True)
class SearchSettings:
    """Settings of the placement search."""

    coil: str = "figure8-70mm"
    standoff_mm: float = 4.0  # scalp to casing: hair and cap, the SimNIBS default
    radius_mm: float = 25.0  # scalp patch round the target's projection
    step_mm: float = 2.0  # about the error of a navigated coil (placement.Guidance)
    angle_deg: float = 5.0
    didt_a_per_s: float = 1e6  # 1 A/us: V/m are per A/us, as in SimNIBS
    roi_radius_mm: float = 5.0  # grey matter round the target over which E is averaged
    guidance: str = "navigator"  # or "cap": whose placement error the expected field stands for
    tested_poses: int = 100  # best unlike poses that are tried under placement error
    solved_poses: int = 20  # the best of these under error, solved in full and weighed
    sheet_mm: float = 2.5  # spacing of the cortex points on which focality is measured


@dataclass(frozen=True, slots=True)
class PlanSettings:
    """Settings of the treatment plan."""

    protocol: str = "itbs600"
    rmt_percent_mso: float | None = (
        None  # measured by the clinic; without it dose is % of rMT only
    )


@dataclass(frozen=True, slots=True)
class OutputSettings:
    """What is written beside the plan."""

    keep_face: bool = False  # in the report and in shared images; planning images always keep it
    mni_maps: bool = False  # the connectivity map and the mean BOLD in the MNI space too
