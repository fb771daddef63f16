"""Raw BOLD to cleaned series in the person's T1w space, and what the scan can carry."""

from tmsguide.preprocess.alignment.coregistration import Coregistration, Start, coregister
from tmsguide.preprocess.alignment.mirror import MirrorCheck, Sides, mirror_check
from tmsguide.preprocess.cleaning import clean_runs
from tmsguide.preprocess.denoising.nuisance import (
    Confounds,
    confounds,
    dvars,
    without_global_signal,
)
from tmsguide.preprocess.denoising.presets import (
    DEFAULT_PRESET,
    Preset,
    described,
    preset_named,
    presets,
)
from tmsguide.preprocess.denoising.regression import (
    Band,
    affordable,
    check_usable,
    degrees_of_freedom,
    denoise,
    kept_frames,
)
from tmsguide.preprocess.distortion.susceptibility import distortion_caution, run_distortion
from tmsguide.preprocess.echoes import (
    decay_time_s,
    echo_times_s,
    echo_weights,
    rising_echo_times_s,
)
from tmsguide.preprocess.finishing import RunRecord
from tmsguide.preprocess.grids import BrainGrid, brain_grid
from tmsguide.preprocess.joining import CleanBold
from tmsguide.preprocess.judging.carpets import CARPET_BANDS, CARPET_ROWS, carpet
from tmsguide.preprocess.judging.quality import quality, seed_figures, temporal_snr
from tmsguide.preprocess.movement.breathing import (
    FilteredMotion,
    MotionFilter,
    bursts_per_min,
    fd_limit_for,
    filtered_motion,
)
from tmsguide.preprocess.movement.motion import Motion, estimate_motion, framewise_displacement
from tmsguide.preprocess.prepared import clean_prepared
from tmsguide.preprocess.resampling import resample_mapped, resample_once, seen_throughout
from tmsguide.preprocess.runs import Person, RawRun, Unsmoothed
from tmsguide.preprocess.smoothing import smooth

__all__ = [
    "CARPET_BANDS",
    "CARPET_ROWS",
    "DEFAULT_PRESET",
    "Band",
    "BrainGrid",
    "CleanBold",
    "Confounds",
    "Coregistration",
    "FilteredMotion",
    "MirrorCheck",
    "Motion",
    "MotionFilter",
    "Person",
    "Preset",
    "RawRun",
    "RunRecord",
    "Sides",
    "Start",
    "Unsmoothed",
    "affordable",
    "brain_grid",
    "bursts_per_min",
    "carpet",
    "check_usable",
    "clean_prepared",
    "clean_runs",
    "confounds",
    "coregister",
    "decay_time_s",
    "degrees_of_freedom",
    "denoise",
    "described",
    "distortion_caution",
    "dvars",
    "echo_times_s",
    "echo_weights",
    "estimate_motion",
    "fd_limit_for",
    "filtered_motion",
    "framewise_displacement",
    "kept_frames",
    "mirror_check",
    "preset_named",
    "presets",
    "quality",
    "resample_mapped",
    "resample_once",
    "rising_echo_times_s",
    "run_distortion",
    "seed_figures",
    "seen_throughout",
    "smooth",
    "temporal_snr",
    "without_global_signal",
]
