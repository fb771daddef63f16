"""Group-average and scalp-rule targets, brought to one person's grey matter."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from scipy.spatial import cKDTree

from tmsguide.errors import FrameError, QualityError
from tmsguide.model import Points, Target
from tmsguide.targeting.landmarks import landmarks

if TYPE_CHECKING:
    from collections.abc import Callable

    from tmsguide.model import ConnectivityMap

__all__ = ["group_targets", "with_score"]

#: A mapped group point further than this from grey matter is left where it is, and said so.
_SNAP_MM = 10.0


def group_targets(
    t1w_from_mni: Callable[[Points], Points], gm_points: Points
) -> tuple[Target, ...]:
    """Give the published left prefrontal sites on this person's cortex.

    ``t1w_from_mni`` maps MNI points to the frame of ``gm_points``, the centres of grey-matter
    voxels. Each site is moved to the nearest of them within 10 mm; the notes tell how far.
    The score is NaN: these sites come from groups, not from this person's data.

    Raises
    ------
    QualityError
        If there is no grey matter.
    FrameError
        If the map leads to another frame than that of the grey matter.
    """
    if len(gm_points) == 0:
        raise QualityError("no grey-matter points were given; check the segmentation")
    tree = cKDTree(gm_points.xyz_mm)
    found = []
    for place in landmarks():
        if "target" not in place.roles:
            continue
        mapped = t1w_from_mni(place.point)
        if mapped.frame != gm_points.frame:
            raise FrameError(
                f"the map leads to {mapped.frame.name}, grey matter is in "
                f"{gm_points.frame.name}; give the map of this person"
            )
        distance, index = tree.query(mapped.xyz_mm[0])
        near = distance <= _SNAP_MM
        xyz = gm_points.xyz_mm[index] if near else mapped.xyz_mm[0]
        note = (
            f"moved {distance:.1f} mm to the nearest grey matter"
            if near
            else f"no grey matter within {_SNAP_MM:.0f} mm (nearest {distance:.1f} mm): not moved"
        )
        found.append(
            Target(
                point=Points(xyz[None], gm_points.frame),
                score=float("nan"),
                method=place.title,
                source=place.source,
                notes=(note,),
            )
        )
    return tuple(found)


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
