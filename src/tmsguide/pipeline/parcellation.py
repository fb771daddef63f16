"""The parcels of a run: a coordinate set that comes along, or a label image of the user's."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

from tmsguide.connectivity import labelled_parcels, sphere_parcels
from tmsguide.errors import InputError
from tmsguide.io import COORDINATE_SETS, UNASSIGNED, coordinate_set, read_label_image
from tmsguide.targeting import ReferenceNetworks

if TYPE_CHECKING:
    from tmsguide.model import NetworkSettings, Parcels, Points

__all__ = ["atlas_file", "check_atlas", "parcels_of", "reference_of"]


def parcels_of(settings: NetworkSettings, where_mni: Points) -> Parcels:
    """Give the parcels at the places of a scan.

    Raises
    ------
    InputError
        As `check_atlas`.
    """
    path = atlas_file(settings)
    if path is None:
        chosen = coordinate_set(settings.atlas)
        return sphere_parcels(
            where_mni,
            chosen.mni_mm,
            chosen.names,
            chosen.networks,
            source=chosen.source,
            radius_mm=settings.radius_mm,
        )
    image = read_label_image(path)
    return labelled_parcels(
        where_mni, image.volume, image.names, image.networks, source=image.source
    )


def reference_of(settings: NetworkSettings) -> ReferenceNetworks | None:
    """Give the networks of the parcels by their centres, None where they have no names."""
    path = atlas_file(settings)
    if path is None:
        chosen = coordinate_set(settings.atlas)
        centres, networks, source = chosen.mni_mm, chosen.networks, chosen.source
    else:
        image = read_label_image(path)
        labels = sorted(image.names)
        at = np.array(ndimage.center_of_mass(image.volume.data > 0, image.volume.data, labels))
        to_mm = image.volume.frame_from_voxel
        centres = at @ to_mm[:3, :3].T + to_mm[:3, 3]
        networks, source = tuple(image.networks[k] for k in labels), image.source
    named = [k for k, network in enumerate(networks) if network and network != UNASSIGNED]
    names = tuple(sorted({networks[k] for k in named}))
    if len(names) < 2:
        return None
    of = np.array([names.index(networks[k]) for k in named], dtype=np.int64)
    return ReferenceNetworks(names, centres[named], of, source)


def atlas_file(settings: NetworkSettings) -> Path | None:
    """Give the label image that was asked for, None for a coordinate set."""
    return Path(settings.atlas) if Path(settings.atlas).suffix else None


def check_atlas(settings: NetworkSettings) -> None:
    """Refuse parcels that cannot be had.

    Raises
    ------
    InputError
        If the name is no coordinate set and no readable label image.
    """
    path = atlas_file(settings)
    if path is not None:
        read_label_image(path)
    elif settings.atlas not in COORDINATE_SETS:
        raise InputError(
            f"--atlas {settings.atlas} is unknown; choose one of "
            f"{', '.join(COORDINATE_SETS)}, or give a label image (.nii.gz)"
        )
