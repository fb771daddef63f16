"""Every choice of a generated resting scan at the level of signals, with its reason beside it."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["RestSettings"]


@dataclass(frozen=True, slots=True)
class RestSettings:
    """How people and their scans are generated; sizes of signals are per cent of the mean.

    The sizes are those of `phantom.bold`, whose scans come out as measured in people; tests hold
    raw tSNR and the connectivity of seed and site in their ranges.
    """

    minutes: float = 15.0
    run_minutes: float = 15.0  # longer scans come as several runs
    tr_s: float = 2.0
    voxel_mm: float = 3.0  # as acquired; noise is averaged by smoothing from there
    fwhm_mm: float = 4.0  # smoothing (Cash 2021)
    low_hz: float = 0.01
    high_hz: float = 0.1
    confounds: int = 34  # directions of the band lost to nuisance regression: 24 + 10 series
    censored: float = 0.0  # share of frames cut out, in bursts of about five

    thermal_tsnr: float = 100.0  # of a voxel as acquired; all noise gives about 65
    seed_tsnr: tuple[float, float] = (30.0, 60.0)  # dropout below the genu; drawn per person
    neural_percent: float = 0.8  # a network of weight 1
    local_percent: float = 0.64  # neural noise of a centimetre's reach
    remainder_percent: float = 0.3  # movement and pulse that regression leaves behind
    breath_percent: float = 0.6  # common to all grey matter (Power 2017)

    site_sd_mm: float = 8.0  # per axis; most individual targets < 20 mm off (Gregory 2025)
    seed_sd_mm: float = 2.0  # registration error of the seed, per axis
    network_sd_mm: float = 3.0  # how far a person's networks lie from the usual place, per axis
    patch_percent: float = 0.9
    patch_half_width_mm: float = 8.0  # distance at which the patch has half its strength
    patch_coupling: float = 0.6  # |r| of the latent series of patch and subgenual network
    weak: float = 0.15  # share of people whose patch couples half as much
    broad: float = 0.10  # share of people whose patch is twice as wide
    decoy: tuple[float, float] = (0.2, 0.6)  # coupling of a second place, share of a usual patch's
    thin_mm: float = 6.0  # spacing of the places kept outside search area and seed
