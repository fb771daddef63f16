"""The resting BOLD scan of a generated person: signals that move with the head, then noise."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy import ndimage, sparse

from tmsguide.phantom.materials import Material, epi_of
from tmsguide.phantom.motion import head_moves
from tmsguide.phantom.networks import (
    DECOYS,
    NETWORKS,
    Blob,
    band_limited,
    coupling,
    network_map,
    planted_series,
)
from tmsguide.phantom.smooth import smooth_field
from tmsguide.phantom.t1w import rician

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tmsguide.model import Points
    from tmsguide.phantom.scanner import Session, Still
    from tmsguide.phantom.settings import PhantomSettings

    Floats = NDArray[np.float64]
    Grid = NDArray[np.float32]

__all__ = ["Signals", "acquire_bold", "draw_signals"]

# Sizes in per cent of the local signal, chosen so that grey matter tSNR and connectivity come out
# as measured in people (raw tSNR 56 to 71, seed-patch r -.39 to -.50 after cleaning, 8 seeds).
_NEURAL = 0.8
_PATCH = 1.1  # patch and decoys, relative to a network of weight 1
_LOCAL = 0.8  # spatially local neural noise, relative to the same
_GLOBAL = 0.6
_PULSATION = 2.2
_DRIFT = 0.5
_LOCAL_MM = 7.0  # lattice of the local noise: correlated over about a centimetre
_BLOCK = 30  # volumes computed at once, to bound memory


class Signals(NamedTuple):
    """Relative signal change as ``weights @ series.T`` plus ``local_weights @ local_series.T``.

    ``weights`` (V, K) on the still brain's rows, ``series`` (T, K); ``local_weights`` sparse
    (V, L), ``local_series`` (T, L).
    """

    weights: Grid
    series: Grid
    local_weights: sparse.csr_array
    local_series: Grid


def draw_signals(
    rng: np.random.Generator, still: Still, centre: Points, settings: PhantomSettings
) -> Signals:
    """Give the relative signal changes of a resting brain with a planted patch at ``centre``.

    Networks, patch and decoys share `networks.coupling`; beside them lie a global wave such as
    breathing makes (Power 2017, 10.1016/j.neuroimage.2016.09.038), pulsation in CSF that leaks
    into grey matter (aliased at this TR, so broad), scanner drift and neural noise of a
    centimetre's reach.
    """
    count, tr = settings.n_volumes, settings.tr_s
    neural = planted_series(rng, count, coupling(settings.patch_coupling), tr_s=tr)
    wave = band_limited(rng, count, 1, tr_s=tr, low_hz=0.008, high_hz=0.05)
    beats = rng.standard_normal((count, 4))
    t = np.linspace(-1, 1, count)
    drifts = np.stack([t, 1.5 * t**2 - 0.5, np.cos(np.pi * t)], axis=1)
    series = np.hstack([neural, wave, beats, drifts]).astype(np.float32)
    weights = np.hstack(
        [
            _neural_weights(still, centre, settings),
            (_GLOBAL * (still.grey + 0.4 * still.white))[:, None],
            _PULSATION / 2 * _random_maps(rng, still, 4, 25.0) * _pulsing(still),
            _DRIFT * _random_maps(rng, still, 3, 60.0),
        ]
    )
    nodes, local = _local_weights(still)
    free = band_limited(rng, count, nodes, tr_s=tr, tilt=0.5).astype(np.float32)
    percent = np.float32(0.01)
    return Signals(percent * weights, series, percent * local, free)


def acquire_bold(
    rng: np.random.Generator,
    still: Still,
    signals: Signals,
    *,
    session: Session,
    motion: Floats,
    settings: PhantomSettings,
) -> NDArray[np.int16]:
    """Give the scan (X, Y, Z, T): every volume is the moved head, resampled, plus Rician noise."""
    count = len(motion)
    out = np.empty((*session.shape, count), np.int16)
    fetch = _still_from_scan(still, session, motion)
    sigma = float(epi_of[Material.CORTEX]) / settings.thermal_tsnr
    rest = still.image.reshape(-1)[still.rows]
    moving = still.image.copy()
    for start in range(0, count, _BLOCK):
        block = slice(start, min(start + _BLOCK, count))
        change = signals.weights @ signals.series[block].T
        change += signals.local_weights @ signals.local_series[block].T
        for k, matrix in enumerate(fetch[block]):
            moving.reshape(-1)[still.rows] = rest * (1 + change[:, k])
            seen = ndimage.affine_transform(
                moving, matrix, output_shape=session.shape, order=1, prefilter=False
            )
            out[..., start + k] = np.rint(rician(rng, seen, sigma))
    return out


def _still_from_scan(still: Still, session: Session, motion: Floats) -> Floats:
    """Give, per volume, the still-brain voxel that each scan voxel sees, (T, 4, 4)."""
    middle = (np.asarray(session.shape) - 1) / 2
    centre = session.bold_from_voxel[:3, :3] @ middle + session.bold_from_voxel[:3, 3]
    back = np.linalg.inv(head_moves(motion, centre))
    return np.asarray(np.linalg.inv(still.bold_from_still) @ back @ session.bold_from_voxel)


def _neural_weights(still: Still, centre: Points, settings: PhantomSettings) -> Grid:
    """Give the grey-matter maps of networks, patch and decoys, (V, K)."""
    sd_mm = settings.patch_half_width_mm / np.sqrt(2 * np.log(2))
    away = ((still.at_native.xyz_mm - centre.xyz_mm) ** 2).sum(axis=1)
    maps = [network_map(n.blobs, still.at_mni) for n in NETWORKS]
    maps.append((_PATCH * np.exp(-away / (2 * sd_mm**2))).astype(np.float32))
    maps.extend(_PATCH * network_map((blob,), still.at_mni) for blob, _ in DECOYS)
    return np.float32(_NEURAL) * np.stack(maps, axis=1) * still.grey[:, None]


def _pulsing(still: Still) -> Grid:
    """Give how much of the pulsation a voxel feels, (V, 1): most in ventricles and cisterns."""
    deep = network_map((Blob((0, -20, -4), 26, 1.0),), still.at_mni)
    wet = still.csf * (0.25 + 0.75 * deep) + 0.1 * still.grey * (0.4 + 0.6 * deep)
    return np.asarray((wet + 0.03 * still.white)[:, None])


def _random_maps(rng: np.random.Generator, still: Still, count: int, reach_mm: float) -> Grid:
    """Give smooth random maps of about unit size on the still brain's rows, (V, count)."""
    step = reach_mm / float(np.linalg.norm(still.bold_from_still[:3, 0]))
    fields = [smooth_field(rng, still.image.shape, step) for _ in range(count)]
    return np.stack([f.reshape(-1)[still.rows] for f in fields], axis=1)


def _local_weights(still: Still) -> tuple[int, sparse.csr_array]:
    """Give (number of nodes, sparse (V, nodes) weights) of unit power times grey share."""
    at = still.at_native.xyz_mm / _LOCAL_MM
    at = at - np.floor(at.min(axis=0))
    size = np.ceil(at.max(axis=0)).astype(np.int64) + 1
    low = np.floor(at).astype(np.int64)
    part = at - low
    columns, weights = [], []
    for corner in np.ndindex(2, 2, 2):
        columns.append(np.ravel_multi_index(tuple((low + corner).T), tuple(size), mode="clip"))
        weights.append(np.prod(np.where(corner, part, 1 - part), axis=1))
    share = np.stack(weights, axis=1)
    share *= (_NEURAL * _LOCAL * still.grey / np.linalg.norm(share, axis=1))[:, None]
    used, packed = np.unique(np.stack(columns, axis=1), return_inverse=True)
    starts = np.arange(len(at) + 1) * 8
    matrix = sparse.csr_array(
        (share.astype(np.float32).ravel(), packed.ravel().astype(np.int64), starts),
        shape=(len(at), len(used)),
    )
    return len(used), matrix
