"""Places gathered into parcels, and one series per parcel."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import csr_array
from scipy.spatial import cKDTree

from tmsguide.errors import FrameError, InputError
from tmsguide.model import MNI_FRAMES, Parcels
from tmsguide.num.bootstrap import column_blocks
from tmsguide.num.statistics import standardise, varies

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from tmsguide.model import Denoised, Points, Volume

    Floats = NDArray[np.float64]

__all__ = ["empty_parcels", "labelled_parcels", "parcel_series", "sphere_parcels"]


def sphere_parcels(
    where_mni: Points,
    centres: NDArray[np.floating],
    names: Sequence[str],
    networks: Sequence[str],
    *,
    source: str,
    radius_mm: float = 5.0,  # Power 2011: 10 mm diameter
) -> Parcels:
    """Give each of N places to the nearest of P ``centres`` (P, 3), in MNI mm, within the radius.

    A place exactly on the radius belongs to the sphere. Parcels that no place falls into keep
    their name and stay empty (`empty_parcels`).

    Raises
    ------
    FrameError
        If the places are not in an MNI space.
    InputError
        If centres, names and networks do not belong together.

    References
    ----------
    Power et al. 2011, 10.1016/j.neuron.2011.09.006.
    """
    if where_mni.frame not in MNI_FRAMES:
        raise FrameError(
            f"the places are in {where_mni.frame.name}, the centres in MNI millimetres; map the "
            "places to MNI first"
        )
    centres = np.asarray(centres, dtype=np.float64)
    if centres.shape != (len(names), 3) or len(networks) != len(names):
        raise InputError(
            f"centres of shape {centres.shape}, {len(names)} names and {len(networks)} networks; "
            "needed three numbers, one name and one network per parcel"
        )
    distance, nearest = cKDTree(centres).query(where_mni.xyz_mm)
    inside = distance <= radius_mm
    return Parcels(
        names=tuple(names),
        networks=tuple(networks),
        member=np.where(inside, nearest + 1, 0).astype(np.int64),
        source=source,
    )


def labelled_parcels(
    where_mni: Points,
    labels: Volume,
    names: Mapping[int, str],
    networks: Mapping[int, str],
    *,
    source: str,
) -> Parcels:
    """Give each of N places to the parcel whose label its nearest voxel carries.

    Parcels come in the order of their label numbers; labels without a name and places outside
    the image are left out. The image may be in an MNI space, or in that of the places (which may
    then be the person's own).

    Raises
    ------
    FrameError
        If the image lies in another space than the places.
    InputError
        If the image is not 3-D or a named label has no network.
    """
    both_mni = labels.frame in MNI_FRAMES and where_mni.frame in MNI_FRAMES
    if not (both_mni or labels.frame == where_mni.frame):
        raise FrameError(
            f"the labels are in {labels.frame.name}, the places in {where_mni.frame.name}; give "
            "both in MNI or both in the person's own space"
        )
    if labels.data.ndim != 3:
        raise InputError(f"the label image has shape {labels.data.shape}; needed a 3-D image")
    lost = sorted(set(names) - set(networks))
    if lost:
        raise InputError(
            f"labels {', '.join(map(str, lost[:5]))} have a name but no network; give one for each"
        )
    order = sorted(names)
    given = _nearest(labels, where_mni)
    place = np.minimum(np.searchsorted(order, given), len(order) - 1)
    member = np.where(np.asarray(order)[place] == given, place + 1, 0)
    return Parcels(
        names=tuple(names[k] for k in order),
        networks=tuple(networks[k] for k in order),
        member=member.astype(np.int64),
        source=source,
    )


def empty_parcels(parcels: Parcels) -> tuple[str, ...]:
    """Names of the parcels that hold no place."""
    held = np.bincount(parcels.member, minlength=len(parcels.names) + 1)[1:]
    return tuple(name for name, count in zip(parcels.names, held, strict=True) if count == 0)


def parcel_series(denoised: Denoised, parcels: Parcels) -> Floats:
    """Mean of the z-scored series of each parcel's places with signal, (T, P).

    The column of a parcel without any such place is NaN.

    Raises
    ------
    InputError
        If the parcels were made for other places.
    """
    if parcels.member.shape != (len(denoised.where),):
        raise InputError(
            f"the parcels tell of {len(parcels.member)} places, the scan has "
            f"{len(denoised.where)}; make the parcels at the places of this scan"
        )
    total = np.zeros((len(denoised.series), len(parcels.names)))
    size = np.zeros(len(parcels.names))
    for part in column_blocks(len(denoised.where)):
        member = parcels.member[part]
        some = denoised.series[:, part][:, member > 0]
        alive = varies(some)
        member = member[member > 0][alive] - 1
        total += _summed(standardise(some[:, alive]), member, len(size))
        size += np.bincount(member, minlength=len(size))
    return np.divide(total, size, out=np.full_like(total, np.nan), where=size > 0)


def _summed(series: Floats, member: NDArray[np.int64], parcels: int) -> Floats:
    """Sum the columns (T, N) of each parcel, (T, parcels)."""
    rows = np.arange(len(member))
    into = csr_array((np.ones(len(member)), (member, rows)), shape=(parcels, len(member)))
    return np.asarray((into @ series.T).T)


def _nearest(labels: Volume, where: Points) -> NDArray[np.int64]:
    """Label of the nearest voxel of each point; 0 outside the image."""
    voxel_from_world = np.linalg.inv(labels.frame_from_voxel)
    at = where.xyz_mm @ voxel_from_world[:3, :3].T + voxel_from_world[:3, 3]
    voxel = np.floor(at + 0.5).astype(np.int64)
    inside = ((voxel >= 0) & (voxel < labels.data.shape)).all(axis=1)
    out = np.zeros(len(where), dtype=np.int64)
    out[inside] = np.rint(labels.data[tuple(voxel[inside].T)]).astype(np.int64)
    return out
