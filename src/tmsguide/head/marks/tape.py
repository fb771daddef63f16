"""A measuring tape laid on the scalp in a plane: its length, and the scalp under its parts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

from tmsguide.errors import GeometryError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tmsguide.model import Surface

    Floats = NDArray[np.float64]

__all__ = ["Tape", "plane_cut", "tape"]

RAYS = 1441  # every eighth of a degree: 0.2 mm on a head
EAR_WIDTH_MM = 45.0  # an auricle is thinner than this where a tape crosses it
EAR_HEIGHT_MM = 6.0  # rounder parts of a skull rise by less than this over that width (2 mm)
EAR_FOOT = 0.2  # part of that height at which the bump begins


@dataclass(frozen=True, slots=True, eq=False)
class Tape:
    """A taut tape from one scalp point over a second to a third, in the plane of the three.

    ``line_mm`` (N, 3) is the tape, which spans hollows; ``arc_mm`` (N,) the length up to each of
    its points; ``skin_mm`` (M, 3) the scalp below, seen from ``middle_mm`` (3,), halfway between
    both ends, at M evenly spread angles of half a turn. ``ear`` (M,) tells where a narrow tall
    bump was left out of ``skin_mm``.
    """

    line_mm: Floats
    arc_mm: Floats
    skin_mm: Floats
    middle_mm: Floats
    ear: NDArray[np.bool_]

    @property
    def length_mm(self) -> float:
        """Length of the whole tape."""
        return float(self.arc_mm[-1])

    def scalp(self, fractions: Floats) -> Floats:
        """Give the scalp (K, 3) under the tape at ``fractions`` (K,) of its length."""
        along = np.asarray(fractions) * self.length_mm
        held = np.stack([np.interp(along, self.arc_mm, self.line_mm[:, k]) for k in range(3)], 1)
        at = self._turn(held) / np.pi * (len(self.skin_mm) - 1)
        row = np.arange(len(self.skin_mm))
        return np.stack([np.interp(at, row, self.skin_mm[:, k]) for k in range(3)], 1)

    def fraction(self, point: Floats) -> float:
        """Give the fraction of the tape's length at which it passes over a point (3,)."""
        return float(np.interp(self._turn(point), self._turn(self.line_mm), self.arc_mm)) / (
            self.length_mm
        )

    def _turn(self, points: Floats) -> Floats:
        """Angle (...,) of points (..., 3) from the tape's start, seen from its middle."""
        first = _unit(self.skin_mm[0] - self.middle_mm)
        up = self.skin_mm[len(self.skin_mm) // 2] - self.middle_mm
        second = _unit(up - (up @ first) * first)
        way = points - self.middle_mm
        return np.asarray(np.arctan2(np.maximum(way @ second, 0), way @ first))


def tape(scalp: Surface, start: Floats, over: Floats, end: Floats) -> Tape:
    """Give the tape from ``start`` over ``over`` to ``end``, each (3,) mm on the scalp.

    The scalp is cut by the plane of the three points; ears, that is, narrow tall bumps, are left
    out, and the tape is the shortest line round what remains (the convex side of the cut).

    Raises
    ------
    GeometryError
        The three points lie on one line, or the plane meets no scalp between them.
    """
    middle = (start + end) / 2
    first = _unit(start - middle)
    rise = (over - middle) - ((over - middle) @ first) * first
    if not np.linalg.norm(rise) > 5.0:
        raise GeometryError(
            f"a tape from {_words(start)} over {_words(over)} to {_words(end)} mm has no plane; "
            "give three scalp points well off one line"
        )
    second = _unit(rise)
    cut = plane_cut(scalp, middle, np.cross(first, second)) - middle
    flat = np.stack([cut @ first, cut @ second], axis=-1)
    radius = _outermost(flat)
    if not np.isfinite(radius).all():
        raise GeometryError(
            f"the plane through {_words(start)}, {_words(over)} and {_words(end)} mm leaves the "
            "scalp between them; check the three points and that the scalp is closed"
        )
    half = np.linalg.norm(start - middle)
    radius[0] = radius[-1] = half
    ear = _ears(radius)
    rays = np.arange(RAYS)
    radius = np.interp(rays, rays[~ear], radius[~ear])
    turn = np.linspace(0, np.pi, RAYS)
    skin = radius[:, None] * np.stack([np.cos(turn), np.sin(turn)], axis=1)
    taut = skin[_taut(skin)]
    arc = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(taut, axis=0), axis=1))])
    axes = np.stack([first, second])
    return Tape(taut @ axes + middle, arc, skin @ axes + middle, middle, ear)


def plane_cut(scalp: Surface, point: Floats, normal: Floats) -> Floats:
    """Give the segments (S, 2, 3) in which a plane cuts the triangles of a surface."""
    xyz = scalp.vertices.xyz_mm
    side = (xyz - point) @ normal
    above = side[scalp.triangles] > 0
    crossed = scalp.triangles[above.any(axis=1) & ~above.all(axis=1)]
    height = side[crossed]
    lone = (height > 0).sum(axis=1) == 1
    sign = np.where(lone, 1.0, -1.0)[:, None]
    apex = np.argmax(height * sign, axis=1)
    row = np.arange(len(crossed))
    ends = []
    for step in (1, 2):
        i, j = crossed[row, apex], crossed[row, (apex + step) % 3]
        part = side[i] / (side[i] - side[j])
        ends.append(xyz[i] + part[:, None] * (xyz[j] - xyz[i]))
    return np.stack(ends, axis=1)


def _outermost(flat: Floats) -> Floats:
    """Give how far out each ray of the upper half turn last meets segments (S, 2, 2)."""
    turn = np.arctan2(flat[..., 1], flat[..., 0])
    turn = np.where(turn < -np.pi / 2, turn + 2 * np.pi, turn)  # the angle jumps straight below
    out = np.full(RAYS, np.nan)
    step = np.pi / (RAYS - 1)
    for a, b, ta, tb in zip(flat[:, 0], flat[:, 1], turn[:, 0], turn[:, 1], strict=True):
        low, high = min(ta, tb), max(ta, tb)
        if high - low > np.pi:
            continue
        rays = np.arange(max(0, int(np.ceil(low / step))), min(RAYS - 1, int(high / step)) + 1)
        if len(rays) == 0:
            continue
        x, y = np.cos(rays * step), np.sin(rays * step)
        edge = b - a
        across = x * edge[1] - y * edge[0]
        whole = np.abs(across) > 1e-12
        far = np.full(len(rays), max(np.hypot(*a), np.hypot(*b)))
        far[whole] = (a[0] * edge[1] - a[1] * edge[0]) / across[whole]
        out[rays] = np.fmax(out[rays], far)
    return out


def _ears(radius: Floats) -> NDArray[np.bool_]:
    """Tell which rays meet bumps that are narrow and tall."""
    window = int(EAR_WIDTH_MM / (float(np.median(radius)) * np.pi / (RAYS - 1))) | 1
    opened = ndimage.grey_opening(radius, size=window, mode="nearest")
    bump = radius - opened
    parts, _ = ndimage.label(bump > EAR_FOOT * EAR_HEIGHT_MM)
    tall = np.unique(parts[bump > EAR_HEIGHT_MM])
    ear = np.isin(parts, tall[tall > 0])
    ear[[0, -1]] = False
    return np.asarray(ear)


def _taut(skin: Floats) -> NDArray[np.int64]:
    """Give the rows of the points (N, 2) that carry a taut line from the first to the last.

    The points turn counter-clockwise round the origin; the line may only be pulled outward
    (upper hull, Andrew 1979, DOI 10.1016/0020-0190(79)90072-3).
    """
    kept: list[int] = []
    for i, point in enumerate(skin):
        while len(kept) > 1:
            a, b = skin[kept[-2]], skin[kept[-1]]
            if (b[0] - a[0]) * (point[1] - a[1]) - (b[1] - a[1]) * (point[0] - a[0]) > 0:
                break
            kept.pop()
        kept.append(i)
    return np.asarray(kept)


def _unit(vector: Floats) -> Floats:
    return np.asarray(vector / np.linalg.norm(vector))


def _words(point: Floats) -> str:
    return " ".join(f"{value:.0f}" for value in point)
