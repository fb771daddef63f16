"""A generated brain at rest: where one person's networks, own site and decoys lie."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.spatial import cKDTree

from tmsguide.errors import GeometryError, InputError
from tmsguide.model import Points
from tmsguide.phantom.networks import DECOYS, NETWORKS, Blob, network_map
from tmsguide.phantom.site import ANCHORS_MNI

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tmsguide.phantom.rest_settings import RestSettings

    Floats = NDArray[np.float64]
    Grid = NDArray[np.float32]

__all__ = ["SEED_MNI", "RestBrain", "draw_brain"]

#: Subgenual seed (Fox 2012, 10.1016/j.biopsych.2012.04.028) and its radius.
SEED_MNI = (6.0, 16.0, -10.0)
_SEED_MM = 10.0
#: A site is moved to grey matter of the search area at most this far, else drawn again.
_SNAP_MM = 4.0
_DRAWS = 1000
#: A decoy lies at least so far from the site: another place, not the site's rim.
_APART_MM = 18.0
_HALF = float(np.sqrt(2 * np.log(2)))


@dataclass(frozen=True, slots=True, eq=False)
class RestBrain:
    """What stays the same from one scan of a person to the next.

    ``where_mni`` N places; ``search`` (N,) those of the search area, ``stands_for`` (N,) how many
    places of the grid each stands for. ``maps`` (N, K) in per cent: networks, then the patch,
    then decoys; ``coupling`` (K,) the planted correlation of patch and decoys with the subgenual
    series (0 for networks); ``tsnr`` (N,) of thermal noise. ``truth`` (1, 3) is where the patch
    centres on grey matter; ``kind`` is "usual", "weak" or "broad".
    """

    where_mni: Points
    search: NDArray[np.bool_]
    stands_for: Floats
    maps: Grid
    coupling: Floats
    tsnr: Floats
    seed_tsnr: float
    truth: Points
    kind: str


def draw_brain(
    rng: np.random.Generator,
    grey_mni: Points,
    search: NDArray[np.bool_],
    settings: RestSettings,
) -> RestBrain:
    """Draw one person on the grey matter of a regular grid.

    ``grey_mni`` are grey-matter places on a grid along the axes, ``search`` marks those of the
    search area. All places of search area and seed are kept, of the rest those on a coarser grid.
    The site is a group site moved by a normal deviate, within the search area.

    Raises
    ------
    InputError
        If marks and places differ in number or no place is marked.
    GeometryError
        If no site can be drawn: the search area is far from the group sites.
    """
    if len(search) != len(grey_mni) or not search.any():
        raise InputError(
            f"{len(search)} marks ({int(np.sum(search))} of them set) for {len(grey_mni)} places; "
            "needed one mark per place and some grey matter in the search area"
        )
    kept, stands_for = _kept(grey_mni.xyz_mm, search, settings.thin_mm)
    xyz, inside = grey_mni.xyz_mm[kept], search[kept]
    site = _draw_site(rng, xyz[inside], settings.site_sd_mm)
    kind = str(rng.choice(["weak", "broad", "usual"], p=_shares(settings)))
    width_mm = settings.patch_half_width_mm * rng.lognormal(0, 0.15)
    width_mm *= 2.0 if kind == "broad" else 1.0
    patch = settings.patch_coupling * (rng.uniform(0.35, 0.65) if kind == "weak" else 1.0)
    spots, shares = _decoys(rng, xyz[inside], site, settings)
    blob = Blob((float(site[0]), float(site[1]), float(site[2])), width_mm / _HALF, 1.0)
    at = xyz.astype(np.float32)
    networks = [
        network_map(_moved(rng, n.blobs, settings, seed=n.name == "subgenual"), at)
        for n in NETWORKS
    ]
    places = [network_map((b,), at) for b in (blob, *spots)]
    seed_tsnr = float(rng.uniform(*settings.seed_tsnr))
    return RestBrain(
        where_mni=Points(xyz, grey_mni.frame),
        search=inside,
        stands_for=stands_for,
        maps=np.stack(
            [settings.neural_percent * m for m in networks]
            + [settings.patch_percent * m for m in places],
            axis=1,
        ).astype(np.float32),
        coupling=np.array([0.0] * len(networks) + [patch, *shares]),
        tsnr=_tsnr(rng, xyz, seed_tsnr, settings),
        seed_tsnr=seed_tsnr,
        truth=Points(_centre(xyz, inside, places[0])[None], grey_mni.frame),
        kind=kind,
    )


def _shares(settings: RestSettings) -> tuple[float, float, float]:
    return settings.weak, settings.broad, 1 - settings.weak - settings.broad


def _kept(
    xyz: Floats, search: NDArray[np.bool_], thin_mm: float
) -> tuple[NDArray[np.bool_], Floats]:
    """Tell which places are kept, and how many places of the grid each of them stands for."""
    step = float(np.diff(np.unique(np.round(xyz[:, 0], 3))).min())
    every = max(1, round(thin_mm / step))
    node = np.round((xyz - xyz.min(axis=0)) / step).astype(np.int64)
    coarse = (node % every == 0).all(axis=1)
    dense = search | (np.linalg.norm(xyz - SEED_MNI, axis=1) <= _SEED_MM)
    kept = dense | coarse
    return kept, np.where(dense, 1.0, float(every**3))[kept]


def _draw_site(rng: np.random.Generator, places: Floats, sd_mm: float) -> Floats:
    tree = cKDTree(places)
    for _ in range(_DRAWS):
        anchor = np.array(ANCHORS_MNI[int(rng.integers(2))])
        wanted = anchor + rng.normal(0.0, sd_mm, 3)
        away, index = tree.query(wanted)
        if away <= _SNAP_MM:
            return np.asarray(places[index])
    raise GeometryError(
        f"no grey matter of the search area within {_SNAP_MM:.0f} mm of {_DRAWS} drawn sites; "
        "give the left prefrontal search area in MNI"
    )


def _decoys(
    rng: np.random.Generator, places: Floats, site: Floats, settings: RestSettings
) -> tuple[list[Blob], list[float]]:
    """Give weaker anticorrelated places: one drawn in the search area, and those of `DECOYS`."""
    fixed = [
        (blob, share)
        for blob, share in DECOYS
        if np.linalg.norm(np.subtract(blob.centre_mni, site)) >= _APART_MM
    ]
    free = places[np.linalg.norm(places - site, axis=1) >= _APART_MM]
    if len(free):
        x, y, z = map(float, free[int(rng.integers(len(free)))])
        own = Blob((x, y, z), float(rng.uniform(5, 8)), 1.0)
        fixed.append((own, float(rng.uniform(*settings.decoy))))
    return [b for b, _ in fixed], [settings.patch_coupling * s for _, s in fixed]


def _moved(
    rng: np.random.Generator, blobs: tuple[Blob, ...], settings: RestSettings, *, seed: bool
) -> tuple[Blob, ...]:
    """Give a network's blobs as they lie in this person; those of the seed by its own error."""
    sd_mm = settings.seed_sd_mm if seed else settings.network_sd_mm
    out = []
    for blob in blobs:
        x, y, z = np.asarray(blob.centre_mni) + rng.normal(0.0, sd_mm, 3)
        weight = blob.weight * rng.lognormal(0, 0.2)
        out.append(Blob((float(x), float(y), float(z)), blob.sd_mm, float(weight)))
    return tuple(out)


def _tsnr(
    rng: np.random.Generator, xyz: Floats, seed_tsnr: float, settings: RestSettings
) -> Floats:
    """Give the thermal tSNR of each place: lower at the seed, uneven over the rest."""
    spots = xyz[rng.integers(len(xyz), size=12)]
    uneven = sum(
        (
            float(g) * np.exp(-((xyz - s) ** 2).sum(axis=1) / (2 * 25.0**2))
            for g, s in zip(rng.normal(0, 0.2, 12), spots, strict=True)
        ),
        start=np.zeros(len(xyz)),
    )
    near = np.exp(-np.maximum(np.linalg.norm(xyz - SEED_MNI, axis=1) - _SEED_MM, 0) / 5)
    usual = settings.thermal_tsnr * np.exp(uneven)
    return np.asarray(usual ** (1 - near) * seed_tsnr**near)


def _centre(xyz: Floats, inside: NDArray[np.bool_], patch: Grid) -> Floats:
    """Give the place of the search area nearest to the mean of the half of the patch it holds."""
    held = patch >= 0.5 * patch.max()
    mean = np.average(xyz[held], axis=0, weights=patch[held])
    return np.asarray(xyz[inside][np.argmin(np.linalg.norm(xyz[inside] - mean, axis=1))])
