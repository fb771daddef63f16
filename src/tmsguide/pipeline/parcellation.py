"""The parcels of a run: a coordinate set that comes along, or a label image of the user's."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from tmsguide.connectivity import labelled_parcels, sphere_parcels
from tmsguide.errors import InputError
from tmsguide.io import coordinate_set, coordinate_set_names, read_label_image

if TYPE_CHECKING:
    from tmsguide.model import NetworkSettings, Parcels, Points

__all__ = ["atlas_file", "check_atlas", "parcels_of"]


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
    elif settings.atlas not in coordinate_set_names():
        raise InputError(
            f"--atlas {settings.atlas} is unknown; choose one of "
            f"{', '.join(coordinate_set_names())}, or give a label image (.nii.gz)"
        )
