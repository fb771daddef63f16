"""Raw BOLD to cleaned series in the person's T1w space, and what the scan can carry."""

from tmsguide.preprocess.carpets import CARPET_ROWS, carpet
from tmsguide.preprocess.cleaning import clean_bold, clean_preprocessed
from tmsguide.preprocess.coregistration import Coregistration, Start, coregister
from tmsguide.preprocess.denoising import (
    Band,
    affordable,
    check_usable,
    degrees_of_freedom,
    denoise,
    kept_frames,
    unsteady_start,
)
from tmsguide.preprocess.finishing import CleanBold
from tmsguide.preprocess.grids import BrainGrid, brain_grid
from tmsguide.preprocess.judging import quality, seed_figures, temporal_snr
from tmsguide.preprocess.motion import Motion, estimate_motion, framewise_displacement
from tmsguide.preprocess.nuisance import GLOBAL_SIGNAL, Confounds, confounds, dvars
from tmsguide.preprocess.resampling import resample_once, seen_throughout
from tmsguide.preprocess.smoothing import smooth

__all__ = [
    "CARPET_ROWS",
    "GLOBAL_SIGNAL",
    "Band",
    "BrainGrid",
    "CleanBold",
    "Confounds",
    "Coregistration",
    "Motion",
    "Start",
    "affordable",
    "brain_grid",
    "carpet",
    "check_usable",
    "clean_bold",
    "clean_preprocessed",
    "confounds",
    "coregister",
    "degrees_of_freedom",
    "denoise",
    "dvars",
    "estimate_motion",
    "framewise_displacement",
    "kept_frames",
    "quality",
    "resample_once",
    "seed_figures",
    "seen_throughout",
    "smooth",
    "temporal_snr",
    "unsteady_start",
]
