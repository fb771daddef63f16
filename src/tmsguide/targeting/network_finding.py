"""The patch of one of the person's own networks, in every resample."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tmsguide.errors import InputError
from tmsguide.num.components import near
from tmsguide.num.profiles import network_of, seed_network_series
from tmsguide.targeting.finders.patches import patch_targets
from tmsguide.targeting.finders.terrain import Found
from tmsguide.targeting.networks.communities import community_networks
from tmsguide.targeting.networks.personal_networks import network_at, seed_means
from tmsguide.targeting.scene import APART_MM, evenly

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tmsguide.targeting.definitions import TargetDefinition
    from tmsguide.targeting.ground import Ground
    from tmsguide.targeting.networks.personal_networks import ReferenceNetworks
    from tmsguide.targeting.scene import Draw, Scene

    Singles = NDArray[np.float32]

__all__ = ["patches_found"]

#: Trials of Infomap start from here, so that one scan has one answer.
_SEED = 20080101


def patches_found(ground: Ground, stage: Scene, draw: Draw, method: TargetDefinition) -> Found:
    """Find the largest patch of the method's network, places named anew in every resample.

    Templates are the maps of the person's own seeds outside the search area, so that no place is
    compared with itself. With ``communities`` the scan as it is is named by Infomap instead; its
    resamples stay those of templates, as it takes seconds for each.

    Raises
    ------
    InputError
        If networks were not supplied, or none has the method's name.
    """
    known = ground.networks
    if known is None:
        raise InputError(
            "it needs networks known from groups; give a coordinate set or a label image with "
            "network names"
        )
    wanted = _named(method.network, known)
    if method.parameters.get("communities") and len(draw.counts) == 1:
        winner = _by_communities(ground, stage, known)
    else:
        winner = _by_templates(stage, draw, known, method)
    held = patch_targets(winner, wanted, stage.places)
    small = held.size_cm3 < method.parameters["least_cm3"]
    return Found(
        np.where(small, -1, held.found.index),
        np.where(small[:, None], np.nan, held.found.centroid_mm),
    )


def _by_templates(
    stage: Scene, draw: Draw, known: ReferenceNetworks, method: TargetDefinition
) -> NDArray[np.int16]:
    radius_mm = method.parameters["seed_radius_mm"]
    beyond = stage.beyond
    beside = beyond[near(stage.mni_mm[beyond], known.seeds_mni_mm, radius_mm)]
    seeds = seed_means(stage.series[:, beside], stage.mni_mm[beside], known, radius_mm=radius_mm)
    parcels = stage.thinned
    if method.parameters["grid_mm"] != APART_MM:
        spaced = beyond[evenly(stage.mni_mm[beyond], method.parameters["grid_mm"])]
        parcels = stage.series[:, spaced]
    courses = seed_network_series(draw.counts, seeds, parcels)
    return network_of(draw.counts, stage.inside, courses)


def _by_communities(ground: Ground, stage: Scene, known: ReferenceNetworks) -> NDArray[np.int16]:
    grey = np.flatnonzero(ground.grey & stage.alive)
    # about 5,000 places in an adult's grey matter
    thin = grey[evenly(stage.mni_mm[grey], APART_MM)]
    xyz = ground.denoised.where.xyz_mm
    found = community_networks(
        stage.series[:, thin],
        xyz[thin],
        stage.mni_mm[thin],
        known,
        rng=np.random.default_rng(_SEED),
    )
    return network_at(found, xyz[thin], stage.places.xyz_mm)[None].astype(np.int16)


def _named(network: str, known: ReferenceNetworks) -> int:
    """Give the network of that name: case, blanks and hyphens aside, or the one that starts so."""

    def plain(name: str) -> str:
        return "".join(c for c in name.lower() if c.isalnum())

    names = [plain(name) for name in known.names]
    wanted = plain(network)
    fits = [k for k, name in enumerate(names) if name == wanted]
    fits = fits or [k for k, name in enumerate(names) if name.startswith(wanted)]
    if len(fits) != 1:
        raise InputError(
            f"it looks for the network {network!r}; there are {', '.join(known.names)}"
        )
    return fits[0]
