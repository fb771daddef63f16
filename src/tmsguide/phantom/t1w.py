"""The T1w image of a generated head: contrast, shading, noise."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

from tmsguide.phantom.materials import Material, t1w_of
from tmsguide.phantom.smooth import smooth_field

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tmsguide.phantom.anatomy import Body
    from tmsguide.phantom.settings import PhantomSettings

    Grid = NDArray[np.float32]

__all__ = ["acquire_t1w", "rician", "shading"]

_FINE = np.zeros(len(Material), np.float32)  # how much of the template's own detail shows
_FINE[[Material.WHITE, Material.CORTEX]] = 150
_FINE[[Material.DEEP_GREY, Material.CEREBELLAR_GREY]] = 1100


def acquire_t1w(
    rng: np.random.Generator, body: Body, settings: PhantomSettings
) -> NDArray[np.int16]:
    """Give a magnitude T1w image, white matter near 1000 before shading.

    Noise is Rician (Gudbjartsson & Patz 1995, 10.1002/mrm.1910340618), in air too.
    """
    mm = settings.t1w_mm
    clean = t1w_of[body.material] + _FINE[body.material] * body.detail
    texture = 0.03 * smooth_field(rng, clean.shape, 3 / mm)
    texture[body.material == Material.CSF] *= 3
    clean = ndimage.gaussian_filter(clean * (1 + texture), 0.5 / mm)
    clean *= shading(rng, clean.shape, mm, fraction=settings.bias_fraction)
    noisy = rician(rng, clean, float(t1w_of[Material.WHITE]) / settings.t1w_snr)
    return np.clip(np.rint(noisy), 0, 32767).astype(np.int16)


def shading(
    rng: np.random.Generator, shape: tuple[int, ...], voxel_mm: float, *, fraction: float
) -> Grid:
    """Give a smooth positive gain whose extremes lie near 1 - fraction and 1 + fraction."""
    log = smooth_field(rng, shape, 75 / voxel_mm)
    log -= log.mean()
    return np.asarray(np.exp(log * (np.log1p(fraction) / np.abs(log).max())), dtype=np.float32)


def rician(rng: np.random.Generator, clean: Grid, sigma: float) -> Grid:
    """Give the magnitude of ``clean`` plus complex Gaussian noise of ``sigma`` per channel."""
    real = rng.standard_normal(clean.shape, dtype=np.float32)
    real *= np.float32(sigma)
    real += clean
    other = rng.standard_normal(clean.shape, dtype=np.float32)
    other *= np.float32(sigma)
    return np.hypot(real, other, out=real)
