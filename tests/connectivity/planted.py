"""Parcel series with a planted covariance and the spectrum of band-passed rest."""

import numpy as np

NETWORKS = tuple(word for word in ("a", "b", "c") for _ in range(10))
NAMES = tuple(f"p{i:02d}" for i in range(30))


def correlation():
    """Three networks of ten: a shared signal, one of each network, a and c pulling apart."""
    load = np.zeros((30, 4))
    load[:, 0] = 0.3
    for i in range(30):
        load[i, 1 + i // 10] = 0.6
    load[:10, 3] = -0.25
    shared = load @ load.T
    spread = np.sqrt(np.diag(shared + 0.4 * np.eye(30)))
    return (shared + 0.4 * np.eye(30)) / np.outer(spread, spread)


def rest(frames, rng, *, tr_s=2.0, columns=30):
    """Unrelated series of 1/f power between 0.01 and 0.1 Hz, (T, columns), cut from longer."""
    long = 4 * frames
    hz = np.fft.rfftfreq(long, tr_s)
    weight = ((hz >= 0.01) & (hz <= 0.1)) / np.sqrt(np.maximum(hz, 0.01))
    spectrum = np.fft.rfft(rng.standard_normal((long, columns)), axis=0) * weight[:, None]
    return np.fft.irfft(spectrum, long, axis=0)[:frames]


def planted(frames, rng, *, r=None):
    r = correlation() if r is None else r
    return rest(frames, rng, columns=len(r)) @ np.linalg.cholesky(r).T
