"""How good a T1w image is, in the figures of MRIQC, and in words where one stands out."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

from tmsguide.errors import QualityError
from tmsguide.model import Tissue

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tmsguide.model import Anatomy, Volume

    Floats = NDArray[np.floating]

__all__ = [
    "T1wQuality",
    "coefficient_of_joint_variation",
    "contrast_to_noise",
    "energy_ratio",
    "entropy_focus",
    "shading_range",
    "signal_to_noise",
    "t1w_quality",
]

#: Surely one tissue; MRIQC takes 0.85 and erodes (as here, where enough is left).
SURE = 0.85
FEWEST_VOXELS = 1000
#: Skin, hair and ringing reach this far into the air.
AIR_AWAY_MM = 5.0
#: Width over which the shading is read: wide beside noise and furrows, narrow beside coils.
SHADING_MM = 8.0


@dataclass(frozen=True, slots=True)
class T1wQuality:
    """Figures of one T1w image; not-a-number where they cannot be measured.

    ``cnr`` contrast of grey to white matter over all noise; ``cjv`` their joint variation; ``snr``
    within white matter; ``efc`` entropy focus (0 sharp, 1 worst); ``fber`` energy of the head over
    that of the air; ``inu_range`` spread of the shading over white matter, a fraction.
    """

    cnr: float
    cjv: float
    snr: float
    efc: float
    fber: float
    inu_range: float
    problems: tuple[str, ...] = ()


def t1w_quality(t1w_raw: Volume, anatomy: Anatomy) -> T1wQuality:
    """Give the figures of a T1w image as acquired, with what the anatomy tells of its tissues.

    As in MRIQC, contrast and noise of tissues are those of the corrected image; air, entropy and
    shading those of the raw one. Air that was blanked (defacing, masks) leaves ``fber`` unknown.

    Raises
    ------
    QualityError
        Under 1000 voxels are surely grey or white matter.

    References
    ----------
    Esteban 2017, doi:10.1371/journal.pone.0184661.
    """
    corrected = np.asarray(anatomy.t1w.data, dtype=np.float64)
    white, grey = (_sure(anatomy, tissue) for tissue in (Tissue.WM, Tissue.GM))
    raw, seen = _raw_at(t1w_raw, anatomy.t1w)
    both = corrected[white], corrected[grey]
    scale = float(np.median(raw[white & seen])) / max(float(np.median(both[0])), 1e-12)
    air = _air(raw, seen, anatomy)
    air_sd = float(air.std()) / scale if air.size and scale > 0 else 0.0
    head = raw[seen & (np.asarray(anatomy.labels.data) > 0)]
    figures = {
        "cnr": contrast_to_noise(*both, air_sd=air_sd),
        "cjv": coefficient_of_joint_variation(*both),
        "snr": signal_to_noise(both[0]),
        "efc": entropy_focus(np.asarray(t1w_raw.data)),
        "fber": energy_ratio(head, air) if air.size else float("nan"),
        "inu_range": shading_range(raw, corrected, white & seen, anatomy.t1w.voxel_mm),
    }
    return T1wQuality(**figures, problems=_words(figures))


def contrast_to_noise(white: Floats, grey: Floats, *, air_sd: float) -> float:
    """Give the difference of means over the root of the summed variances, air's included.

    References
    ----------
    Magnotta & Friedman 2006, doi:10.1007/s10278-006-0264-x, as MRIQC extends it.
    """
    noise = np.sqrt(white.var() + grey.var() + air_sd**2)
    return float(abs(white.mean() - grey.mean()) / noise) if noise > 0 else float("nan")


def coefficient_of_joint_variation(white: Floats, grey: Floats) -> float:
    """Give the summed deviations over the difference of means; infinite without contrast.

    References
    ----------
    Ganzetti 2016, doi:10.3389/fninf.2016.00010.
    """
    apart = abs(float(white.mean() - grey.mean()))
    return float(white.std() + grey.std()) / apart if apart > 0 else float("inf")


def signal_to_noise(tissue: Floats) -> float:
    """Give mean over deviation of one tissue's N values, with the small-sample factor."""
    sd = float(tissue.std()) * np.sqrt(tissue.size / (tissue.size - 1))
    return float(tissue.mean() / sd) if sd > 0 else float("nan")


def entropy_focus(image: NDArray[np.generic]) -> float:
    """Give Shannon's entropy of an image's energy over the most there can be: 0 sharp, 1 even.

    References
    ----------
    Atkinson 1997, doi:10.1109/42.650886, eq. 4; over its maximum as in MRIQC.
    """
    values = np.abs(np.asarray(image, dtype=np.float64)).ravel()
    total = float(np.sqrt(np.square(values).sum()))
    if not total > 0 or values.size < 2:
        return float("nan")
    share = values[values > 0] / total
    most = np.sqrt(values.size) * np.log(np.sqrt(values.size))
    return float(-(share * np.log(share)).sum() / most)


def energy_ratio(head: Floats, air: Floats) -> float:
    """Give the mean square of the head over that of the air; infinite where the air is 0.

    References
    ----------
    Shehzad 2015, doi:10.3389/conf.fnins.2015.91.00047.
    """
    below = float(np.square(air).mean())
    return float(np.square(head).mean()) / below if below > 0 else float("inf")


def shading_range(
    raw: Floats, corrected: Floats, white: NDArray[np.bool_], voxel_mm: NDArray[np.float64]
) -> float:
    """Give the 5th to 95th percentile span of raw over corrected image, median 1, in ``white``."""
    sigma = SHADING_MM / voxel_mm
    top, bottom = (
        ndimage.gaussian_filter(np.where(white, image, 0).astype(np.float32), sigma, truncate=2)
        for image in (raw, corrected)
    )
    field = top[white] / np.maximum(bottom[white], 1e-6 * float(bottom.max()))
    low, middle, high = np.percentile(field, [5, 50, 95])
    return float((high - low) / middle) if middle > 0 else float("nan")


def _sure(anatomy: Anatomy, tissue: Tissue) -> NDArray[np.bool_]:
    """Give the voxels (X, Y, Z) surely of a tissue, without its rim where enough is left."""
    sure = np.asarray(anatomy.probability.data[..., int(tissue) - 1] > SURE)
    sure &= np.asarray(anatomy.labels.data) == tissue
    core = ndimage.binary_erosion(sure)
    chosen = core if core.sum() >= FEWEST_VOXELS else sure
    if chosen.sum() < FEWEST_VOXELS:
        raise QualityError(
            f"{int(chosen.sum())} voxels are surely {tissue.name}, needed {FEWEST_VOXELS}: the "
            "quality of the T1w cannot be measured; look at the tissue labels"
        )
    return np.asarray(chosen)


def _raw_at(t1w_raw: Volume, grid: Volume) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Give the raw image's nearest voxels on the grid, noise untouched, and where it has any."""
    to = np.linalg.inv(t1w_raw.frame_from_voxel) @ grid.frame_from_voxel
    values = ndimage.affine_transform(
        np.asarray(t1w_raw.data, dtype=np.float32),
        to[:3, :3],
        to[:3, 3],
        output_shape=grid.data.shape,
        order=0,
        mode="grid-constant",
        cval=np.nan,
    )
    seen = np.isfinite(values)
    return np.where(seen, values, 0).astype(np.float64), seen


def _air(raw: Floats, seen: NDArray[np.bool_], anatomy: Anatomy) -> Floats:
    """Give the raw values of the air; none where half or more of it was set to one value."""
    head = np.asarray(anatomy.labels.data) > 0
    away = ndimage.distance_transform_edt(~head, sampling=anatomy.labels.voxel_mm)
    values = raw[seen & (away > AIR_AWAY_MM)]
    if values.size < FEWEST_VOXELS:
        return np.empty(0)
    middle = float(np.median(values))
    blanked = middle == float(values.min()) and float(np.mean(values == middle)) >= 0.5
    return np.empty(0) if blanked else np.asarray(values)


@lru_cache(maxsize=1)
def _limits() -> tuple[dict[str, str | float], ...]:
    text = files("tmsguide.head").joinpath("data/t1w_limits.toml").read_text("utf-8")
    return tuple(tomllib.loads(text)["limit"])


def _words(figures: dict[str, float]) -> tuple[str, ...]:
    """Give words about every figure on the wrong side of its limit; unknown ones are silent."""
    out = []
    for row in _limits():
        value, limit = figures[str(row["name"])], float(row["value"])
        if value < limit if row["side"] == "below" else value > limit:
            out.append(str(row["says"]).format(value=value, limit=limit))
    return tuple(out)
