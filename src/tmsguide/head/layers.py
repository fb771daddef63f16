"""Where the skull ends and the scalp begins.

On T1w images bone, fat-suppressed fat and air are equally dark, so grey values alone cannot tell.
What one can see is how far it is from the inner skull to the skin; published thicknesses say how
that way splits into bone and soft tissue (`shells`), and the grey values move the border about
that place.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

from tmsguide.head.prior import below_face_line
from tmsguide.head.shells import scalp_mm, skull_mm

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Mask = NDArray[np.bool_]

__all__ = ["bone_chance"]

SHARE_SD = 0.10  # of the split, from SDs near 20 % of both thicknesses (sources in `shells`)
THICKEST = 1.7  # in parts of the mean skull; beyond it thick flesh, not bone
BINS = 128
ROUNDS = 12
# neighbours repeat each other, so one voxel's grey counts for less than a voxel
EVIDENCE = 0.5
REACH_MM = 40.0


def bone_chance(
    grey: NDArray[np.float32],
    inner: Mask,
    head: Mask,
    *,
    below: NDArray[np.float32],
    mni: NDArray[np.float32],
    voxel_mm: float,
) -> NDArray[np.float32]:
    """Give the chance of bone rather than soft tissue between the inner skull and the skin.

    Parameters
    ----------
    grey
        (X, Y, Z) bias-corrected image.
    inner, head
        (X, Y, Z) inside of the skull and whole head.
    below
        (X, Y, Z) chance of bone that holds under the line from glabella to inion.
    mni
        (3, X, Y, Z) template position of each voxel, mm.
    voxel_mm
        Edge of the cubic voxels.
    """
    expected = _expected_share(inner, head, mni, voxel_mm)
    vault = ~below_face_line(np.moveaxis(mni, 0, -1))
    prior = np.where(vault, expected, below)
    between = head & ~inner
    at = np.flatnonzero(between & vault & (expected > 1e-4))
    top = float(np.percentile(grey[inner], 99))
    bins = np.clip(grey * (BINS / top), 0, BINS - 1).astype(np.intp)
    ratio = _log_ratio(bins.ravel()[at], prior.ravel()[at])
    chance = _sigmoid(_logit(prior) + EVIDENCE * np.where(vault, ratio[bins], 0))
    out = np.where(between, chance, 0)
    return np.asarray(ndimage.gaussian_filter(out.astype(np.float32), 0.7 / voxel_mm))


def _expected_share(
    inner: Mask, head: Mask, mni: NDArray[np.float32], voxel_mm: float
) -> NDArray[np.float32]:
    """Give the chance of bone from the place on the way from inner skull to skin alone."""
    step = 2
    some = (slice(None, None, step),) * 3
    from_inner = _distance(~inner[some]) * step * voxel_mm
    from_skin = _distance(np.pad(head[some], 1))[1:-1, 1:-1, 1:-1] * step * voxel_mm
    place = np.moveaxis(mni[(slice(None), *some)], 0, -1)
    skull, scalp = skull_mm(place), scalp_mm(place)
    whole = np.maximum(from_inner + from_skin, voxel_mm)
    border = np.minimum(skull / (skull + scalp) * whole, THICKEST * skull)
    chance = _sigmoid((border - from_inner) / whole * (np.pi / np.sqrt(3) / SHARE_SD))
    chance[from_inner > REACH_MM] = 0
    index = np.meshgrid(*[np.arange(n) / step for n in inner.shape], indexing="ij", sparse=True)
    at = np.broadcast_arrays(*[i.astype(np.float32) for i in index])
    return np.asarray(
        ndimage.map_coordinates(chance, at, order=1, mode="nearest"), dtype=np.float32
    )


def _distance(mask: Mask) -> NDArray[np.float32]:
    """Give the distance in voxels from the border of the mask, half a voxel at its first layer."""
    far = ndimage.distance_transform_edt(mask)
    return np.asarray(np.maximum(far - 0.5, 0), dtype=np.float32)


def _log_ratio(bins: NDArray[np.intp], prior: NDArray[np.floating]) -> NDArray[np.float64]:
    """Give (BINS,) log of how much likelier each grey is in bone than in soft tissue."""
    ratio = np.zeros(BINS)
    for _ in range(ROUNDS):
        bone = _sigmoid(_logit(prior) + ratio[bins])
        counts = [np.bincount(bins, weights=w, minlength=BINS) for w in (bone, 1 - bone)]
        smooth = [ndimage.gaussian_filter1d(c, 2.0) + 1e-4 * c.sum() + 1e-9 for c in counts]
        ratio = np.log(smooth[0] / smooth[0].sum()) - np.log(smooth[1] / smooth[1].sum())
    return np.asarray(ratio)


def _logit(p: NDArray[np.floating]) -> NDArray[np.floating]:
    p = np.clip(p, 1e-4, 1 - 1e-4)
    return np.asarray(np.log(p / (1 - p)))


def _sigmoid(x: NDArray[np.floating]) -> NDArray[np.floating]:
    return np.asarray(1 / (1 + np.exp(-np.clip(x, -40, 40))))
