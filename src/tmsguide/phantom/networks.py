"""Resting-state networks of a generated brain: where they lie and how their series hang together.

Centres are round numbers near those of the literature (Yeo 2011, 10.1152/jn.00338.2011; Fox 2012,
10.1016/j.biopsych.2012.04.028 for the subgenual network): a plausible brain, not an atlas.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from tmsguide.errors import InputError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Grid = NDArray[np.float32]

__all__ = [
    "DECOYS",
    "NETWORKS",
    "Blob",
    "Network",
    "band_limited",
    "coupling",
    "network_map",
    "planted_series",
]


LOW_HZ, HIGH_HZ = 0.01, 0.08  # band of resting fluctuations (Fox 2005)


class Blob(NamedTuple):
    """A Gaussian of strength ``weight``: MNI centre in mm, standard deviation in mm."""

    centre_mni: tuple[float, float, float]
    sd_mm: float
    weight: float


class Network(NamedTuple):
    """A named set of blobs that share one series."""

    name: str
    blobs: tuple[Blob, ...]


def _both(x: float, y: float, z: float, sd: float, weight: float) -> tuple[Blob, Blob]:
    return Blob((x, y, z), sd, weight), Blob((-x, y, z), sd, weight)


NETWORKS: tuple[Network, ...] = (
    Network(
        "subgenual",
        (
            *_both(6, 16, -10, 9, 1.0),
            Blob((0, 44, -14), 10, 0.6),
            Blob((0, 52, 8), 10, 0.4),
            Blob((0, -52, 26), 10, 0.35),
            *_both(22, -8, -20, 8, 0.45),
            *_both(9, 9, -8, 6, 0.5),
        ),
    ),
    Network(
        "default",
        (
            Blob((0, -54, 28), 13, 1.0),
            Blob((0, 54, 16), 13, 0.9),
            *_both(46, -66, 34, 11, 0.9),
            *_both(58, -14, -18, 10, 0.7),
            *_both(24, -28, -16, 8, 0.5),
            *_both(22, 30, 46, 10, 0.6),
        ),
    ),
    Network(
        "frontoparietal",
        (
            *_both(44, 32, 30, 17, 0.9),
            *_both(48, -50, 46, 13, 1.0),
            *_both(34, 56, 2, 11, 0.6),
            Blob((0, 26, 46), 9, 0.6),
        ),
    ),
    Network(
        "salience",
        (
            *_both(38, 16, 0, 10, 1.0),
            Blob((0, 18, 36), 11, 1.0),
            *_both(58, -40, 28, 10, 0.7),
            *_both(30, 46, 26, 9, 0.5),
        ),
    ),
    Network(
        "dorsal attention",
        (
            *_both(28, -58, 54, 14, 1.0),
            *_both(26, -4, 56, 10, 0.9),
            *_both(50, -62, -6, 9, 0.8),
            *_both(50, 6, 30, 8, 0.6),
        ),
    ),
    Network("visual", (*_both(10, -86, 4, 17, 1.0), *_both(30, -80, 10, 12, 0.8))),
    Network("motor", (*_both(38, -26, 56, 16, 1.0), Blob((0, -16, 60), 13, 0.9))),
    Network("auditory", (*_both(54, -18, 8, 12, 1.0), *_both(56, -4, 22, 10, 0.7))),
    Network("language", (Blob((-48, 24, 4), 11, 1.0), Blob((-56, -44, 8), 11, 1.0))),
    Network("cerebellar", (*_both(30, -64, -32, 16, 1.0), *_both(14, -54, -20, 10, 0.6))),
    Network("thalamic", (*_both(10, -16, 8, 9, 1.0), *_both(24, 4, 4, 9, 0.7))),
)

# Off-diagonal latent correlations: the subgenual and default networks go together and oppose the
# task-positive ones (Fox 2005, 10.1073/pnas.0504136102; Fox 2012).
_TIES: dict[tuple[str, str], float] = {
    ("subgenual", "default"): 0.35,
    ("subgenual", "frontoparietal"): -0.18,
    ("subgenual", "salience"): -0.15,
    ("subgenual", "dorsal attention"): -0.15,
    ("default", "frontoparietal"): -0.15,
    ("default", "dorsal attention"): -0.35,
    ("default", "salience"): -0.2,
    ("frontoparietal", "dorsal attention"): 0.3,
    ("frontoparietal", "salience"): 0.2,
    ("motor", "auditory"): 0.3,
    ("motor", "visual"): 0.2,
    ("auditory", "language"): 0.3,
}

#: Weaker anticorrelated places elsewhere in the frontal lobe: (blob, share of the patch's |r|).
DECOYS: tuple[tuple[Blob, float], ...] = (
    (Blob((38, 42, 30), 7, 1.0), 0.6),
    (Blob((-30, 8, 56), 6, 1.0), 0.45),
    (Blob((-28, 58, 8), 6, 1.0), 0.5),
    (Blob((50, 18, 22), 6, 1.0), 0.45),
)


def coupling(patch: float) -> Floats:
    """Give the latent correlation matrix of all networks, the patch and the decoys, in that order.

    ``patch`` is the |r| of patch and subgenual series; a decoy has its share of it.
    """
    names = [n.name for n in NETWORKS]
    count = len(names)
    out = np.eye(count + 1 + len(DECOYS))
    for (a, b), r in _TIES.items():
        i, j = names.index(a), names.index(b)
        out[i, j] = out[j, i] = r
    seed = names.index("subgenual")
    for k, share in enumerate((1.0, *(share for _, share in DECOYS))):
        # Each follows the subgenual series only, so its ties to the rest are inherited.
        row = -patch * share * out[seed, :count]
        out[count + k, :count] = out[:count, count + k] = row
        for m in range(k):
            out[count + k, count + m] = out[count + m, count + k] = (
                out[count + k, seed] * out[count + m, seed]
            )
    return out


def network_map(blobs: tuple[Blob, ...], at_mni: Grid) -> Grid:
    """Give the sum of blobs at MNI positions (N, 3), (N,)."""
    out = np.zeros(len(at_mni), np.float32)
    for blob in blobs:
        way = ((at_mni - np.asarray(blob.centre_mni, np.float32)) ** 2).sum(1)
        out += np.float32(blob.weight) * np.exp(way / np.float32(-2 * blob.sd_mm**2))
    return out


def band_limited(
    rng: np.random.Generator,
    count: int,
    width: int,
    *,
    tr_s: float,
    low_hz: float = LOW_HZ,
    high_hz: float = HIGH_HZ,
    tilt: float = 1.0,
) -> Floats:
    """Give ``width`` Gaussian series (count, width), power f^-tilt in band, unit variance."""
    hz = np.fft.rfftfreq(count, tr_s)
    gain = np.zeros(len(hz))
    band = (hz >= low_hz) & (hz <= high_hz)
    gain[band] = hz[band] ** (-tilt / 2)
    noise = rng.standard_normal((len(hz), width)) + 1j * rng.standard_normal((len(hz), width))
    series = np.fft.irfft(noise * gain[:, None], n=count, axis=0)
    return np.asarray(series / series.std(axis=0))


def planted_series(
    rng: np.random.Generator, count: int, correlation: Floats, *, tr_s: float
) -> Floats:
    """Give band-limited series (count, K) whose sample correlation is ``correlation`` exactly.

    Chance correlations between latent series are removed (whitened) before the planted ones are
    put in, so that the truth holds in this very run, not only on average.

    Raises
    ------
    InputError
        When the run is too short for so many independent series in the band.
    """
    hz = np.fft.rfftfreq(count, tr_s)
    room = 2 * int(((hz >= LOW_HZ) & (hz <= HIGH_HZ)).sum())
    if room < len(correlation):
        raise InputError(
            f"a run of {count} x {tr_s} s has room for {room} independent series between "
            f"{LOW_HZ} and {HIGH_HZ} Hz; needed {len(correlation)}. Raise n_volumes"
        )
    free = band_limited(rng, count, len(correlation), tr_s=tr_s)
    white, _ = np.linalg.qr(free)
    return np.asarray(white @ np.linalg.cholesky(correlation).T * np.sqrt(count))
