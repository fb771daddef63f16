"""Gradient-echo fieldmaps: phase images or measured fields to a clean field in Hz."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

from tmsguide.errors import InputError
from tmsguide.model import Volume
from tmsguide.preprocess.distortion.cosine_fit import bending, fitted
from tmsguide.preprocess.distortion.unwrapping import phase_radians, unwrapped, wrapped
from tmsguide.preprocess.movement.motion import head_mask

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from tmsguide.model import Scan

    Floats = NDArray[np.float64]
    Grid = NDArray[np.float32]

__all__ = ["clean_field", "field_from_direct", "field_from_phases"]

#: Proton frequency per tesla, shielded in water (CODATA 2018, 42.576 384 74 MHz/T).
_HZ_PER = {"Hz": 1.0, "rad/s": 1 / (2 * np.pi), "T": 42.57638474e6}
#: Ripples that the final fit halves: noise is shorter, fields of air pockets are longer.
_FINE_MM, _FINE_VOXELS = 8.0, 2.5
_COARSE_MM = 30.0
#: A voxel this far beyond all but two of its neighbours is a spike: robust deviations, and Hz.
_SPIKE_SD, _SPIKE_HZ = 6.0, 10.0


def field_from_phases(phases: Sequence[Scan], magnitude: Volume) -> Volume:
    """Give the field in Hz from one phase-difference image or from the phases of two echoes.

    One scan needs ``EchoTime1`` and ``EchoTime2`` in its metadata, two need ``EchoTime`` each.
    ``magnitude`` lies on their grid; where it is bright the phase is trusted, elsewhere the field
    goes on smoothly. Later phase minus earlier over the time between, in turns: positive
    phase is positive frequency, as BIDS, FSL and SDCFlows take it.

    Raises
    ------
    InputError
        Echo times are missing or equal, grids differ, or the phase has no known scale.
    QualityError
        No head is visible in the magnitude.
    """
    gap_s, phase = _phase_gained(phases)
    if phase.shape != magnitude.data.shape:
        raise InputError(
            f"the fieldmap's phase has shape {phase.shape} and its magnitude "
            f"{magnitude.data.shape}; needed one grid; check the fieldmap files"
        )
    mask = head_mask(np.asarray(magnitude.data, np.float32))
    hz = unwrapped(phase, mask) / (2 * np.pi * gap_s)
    first = phases[0].volume
    return clean_field(Volume(hz, first.frame_from_voxel, first.frame), magnitude)


def field_from_direct(scan: Scan, magnitude: Volume) -> Volume:
    """Give the field in Hz of a measured fieldmap whose metadata state ``Units``.

    Raises
    ------
    InputError
        ``Units`` is not Hz, rad/s or T, or the grids differ.
    QualityError
        No head is visible in the magnitude.
    """
    units = scan.metadata.get("Units")
    if units not in _HZ_PER:
        raise InputError(
            f"the fieldmap has Units {units!r} in its sidecar; needed Hz, rad/s or T; add Units"
        )
    volume = scan.volume
    if volume.data.shape != magnitude.data.shape:
        raise InputError(
            f"the fieldmap has shape {volume.data.shape} and its magnitude "
            f"{magnitude.data.shape}; needed one grid; check the fieldmap files"
        )
    hz = np.asarray(volume.data, np.float64) * _HZ_PER[str(units)]
    return clean_field(Volume(hz, volume.frame_from_voxel, volume.frame), magnitude)


def clean_field(field_hz: Volume, magnitude: Volume) -> Volume:
    """Give ``field_hz`` without spikes and noise, and smoothly continued beyond the head.

    Weighted by the squared ``magnitude`` (the variance of phase is its inverse), up to the typical
    tissue's.
    """
    bright = np.asarray(magnitude.data, np.float32)
    mask = head_mask(bright)
    weight = np.where(mask, np.minimum(bright / np.median(bright[mask]), 1) ** 2, 0)
    weight = weight.astype(np.float32)
    hz = np.where(mask, field_hz.data, 0).astype(np.float32)
    voxel_mm = field_hz.voxel_mm
    coarse = bending(hz.shape, voxel_mm, wavelength_mm=_COARSE_MM)
    typical = np.float32(np.median(hz[mask]))
    around = np.where(mask, hz, fitted(hz - typical, weight, coarse) + typical)
    weight[_spikes(hz, around, mask)] = 0
    wavelength_mm = max(_FINE_MM, _FINE_VOXELS * float(voxel_mm.max()))
    fine = bending(hz.shape, voxel_mm, wavelength_mm=wavelength_mm)
    smooth = fitted(hz - typical, weight, fine) + typical
    return Volume(smooth, field_hz.frame_from_voxel, field_hz.frame)


def _spikes(hz: Grid, around: Grid, mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Give the voxels that stick out; the top of a smooth, steep hill does not.

    ``around`` is ``hz`` with what lies outside the ``mask`` filled in.
    """
    neighbours = np.ones((3, 3, 3), bool)
    neighbours[1, 1, 1] = False
    high = ndimage.rank_filter(around, -3, footprint=neighbours)
    low = ndimage.rank_filter(around, 2, footprint=neighbours)
    out = np.maximum(hz - high, low - hz)
    rough = np.abs(hz - ndimage.median_filter(around, 3))[mask]
    limit = max(_SPIKE_HZ, _SPIKE_SD * 1.4826 * float(np.median(rough)))
    return np.asarray(mask & (out > limit))


def _phase_gained(phases: Sequence[Scan]) -> tuple[float, Floats]:
    """Give the time between the echoes in s and the wrapped phase gained (X, Y, Z)."""
    if len(phases) == 1:
        metadata = phases[0].metadata
        times = [_seconds(metadata.get(f"EchoTime{n}"), f"EchoTime{n}") for n in (1, 2)]
        gained = phase_radians(phases[0].volume.data)
    elif len(phases) == 2:
        times = [_seconds(scan.metadata.get("EchoTime"), "EchoTime") for scan in phases]
        one, two = (phase_radians(scan.volume.data) for scan in phases)
        if one.shape != two.shape:
            raise InputError(
                f"the two phase images have shapes {one.shape} and {two.shape}; needed one grid"
            )
        gained = wrapped(two - one)
    else:
        raise InputError(f"a fieldmap has one or two phase images, given {len(phases)}")
    gap_s = times[1] - times[0]
    if not 1e-4 <= abs(gap_s) <= 0.05:
        raise InputError(
            f"the fieldmap's echo times {times[0]:g} and {times[1]:g} s are {abs(gap_s):g} s "
            "apart; needed 0.0001 to 0.05 s; check that they are in seconds"
        )
    # A difference image is the later echo minus the earlier, whichever is called the first.
    return (abs(gap_s) if len(phases) == 1 else gap_s), gained


def _seconds(value: object, key: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise InputError(
            f"the fieldmap has {key} {value!r} in its sidecar; needed seconds; add {key}"
        )
    return float(value)
