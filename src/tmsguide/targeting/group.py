"""Group-average and scalp-rule targets, brought to one person's grey matter."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from scipy.spatial import cKDTree

from tmsguide.errors import FrameError, InputError, QualityError
from tmsguide.model import MNI, Points, Target
from tmsguide.targeting.definitions import definitions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from tmsguide.model import ConnectivityMap
    from tmsguide.targeting.definitions import TargetDefinition

__all__ = ["group_targets", "site_targets", "with_score"]

#: A mapped group point further than this from grey matter is left where it is, and said so.
_SNAP_MM = 10.0


def group_targets(
    t1w_from_mni: Callable[[Points], Points], gm_points: Points
) -> tuple[Target, ...]:
    """Give the published left prefrontal sites on this person's cortex, as `site_targets` does."""
    sites = (d for d in definitions() if d.default and d.site_mni_mm is not None)
    return site_targets(t1w_from_mni, gm_points, sites)


def site_targets(
    t1w_from_mni: Callable[[Points], Points],
    gm_points: Points,
    sites: Iterable[TargetDefinition],
) -> tuple[Target, ...]:
    """Give published sites on this person's cortex, one target each, in their order.

    ``t1w_from_mni`` maps MNI points to the frame of ``gm_points``, the centres of grey-matter
    voxels. Each site is moved to the nearest of them within 10 mm; the notes tell how far.
    The score is NaN: these sites come from groups, not from this person's data.

    Raises
    ------
    QualityError
        If there is no grey matter.
    FrameError
        If the map leads to another frame than that of the grey matter.
    InputError
        If a definition is not that of a site.
    """
    if len(gm_points) == 0:
        raise QualityError("no grey-matter points were given; check the segmentation")
    tree = cKDTree(gm_points.xyz_mm)
    return tuple(_on_cortex(one, t1w_from_mni, gm_points, tree) for one in sites)


def _on_cortex(
    site: TargetDefinition,
    t1w_from_mni: Callable[[Points], Points],
    gm_points: Points,
    tree: cKDTree,
) -> Target:
    if site.site_mni_mm is None:
        raise InputError(
            f"{site.name} compares with {site.compared.value}, it has no coordinate of its own; "
            "give definitions of sites only"
        )
    mapped = t1w_from_mni(Points(np.array([site.site_mni_mm]), MNI))
    if mapped.frame != gm_points.frame:
        raise FrameError(
            f"the map leads to {mapped.frame.name}, grey matter is in "
            f"{gm_points.frame.name}; give the map of this person"
        )
    distance, index = tree.query(mapped.xyz_mm[0])
    near = distance <= _SNAP_MM
    note = (
        f"moved {distance:.1f} mm to the nearest grey matter"
        if near
        else f"no grey matter within {_SNAP_MM:.0f} mm (nearest {distance:.1f} mm): not moved"
    )
    return Target(
        point=Points((gm_points.xyz_mm[index] if near else mapped.xyz_mm[0])[None], mapped.frame),
        score=float("nan"),
        method=site.title,
        source=site.source,
        notes=(note,) if site.verified else (note, "the coordinate is unverified"),
        name=site.name,
    )


def with_score(target: Target, cmap: ConnectivityMap) -> Target:
    """Give the target with the map's Fisher z at its nearest place as score, if within 10 mm.

    Raises
    ------
    FrameError
        If target and map are in different frames.
    """
    if target.point.frame != cmap.where.frame:
        raise FrameError(
            f"the target is in {target.point.frame.name}, the map in {cmap.where.frame.name}; "
            "map one to the other first"
        )
    distance = np.linalg.norm(cmap.where.xyz_mm - target.point.xyz_mm, axis=1)
    nearest = int(np.argmin(distance))
    return (
        replace(target, score=float(cmap.z[nearest])) if distance[nearest] <= _SNAP_MM else target
    )
