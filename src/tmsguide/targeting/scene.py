"""Signals of one search area, split by the part they play."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from scipy.spatial import cKDTree

from tmsguide.errors import InputError, QualityError
from tmsguide.num.bootstrap import Moments, column_blocks, moments, resampled_correlation
from tmsguide.num.components import lattice_step, near
from tmsguide.num.seeds import once
from tmsguide.num.statistics import fisher_z, varies
from tmsguide.num.thinning import spread_out
from tmsguide.targeting.finders.terrain import lattice_terrain, mesh_terrain

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tmsguide.model import Denoised
    from tmsguide.targeting.definitions import Spheres
    from tmsguide.targeting.finders.terrain import Terrain
    from tmsguide.targeting.ground import Ground

    Floats = NDArray[np.float64]
    Singles = NDArray[np.float32]

__all__ = ["APART_MM", "Draw", "Scene", "evenly", "marked", "scene", "seed_places", "supplied"]

#: Spacing of the grey matter that stands for the whole brain where a method weighs all of it: the
#: signals are blurred over about this width, nearer places repeat each other.
APART_MM = 6.0

#: A supplied mask is moved with the seed's position: a place is in it within this many steps.
_WITHIN = 0.9

#: Above so many balls (those of a mask) a tree is sooner asked.
_MANY = 16

#: Reach of a mask of a single place, mm.
_LONE_MM = 2.0


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """One search area of one scan.

    ``series`` (T, N) all places; ``inside`` (T, M) those marked by ``search`` (N,), whose geometry
    is ``places``; ``beyond`` indices of the grey places elsewhere, ``outside`` (G,) a thinned
    choice of them that stands for the whole brain, one of ``thinned_by``, with their series
    ``thinned`` (T, G). ``weighted`` keeps
    series (1, T) of the whole brain weighted by supplied maps.
    """

    series: Singles
    alive: NDArray[np.bool_]
    mni_mm: Floats
    search: NDArray[np.bool_]
    inside: Singles
    places: Terrain
    beyond: NDArray[np.int64]
    outside: NDArray[np.int64]
    thinned: Singles
    thinned_by: float
    weighted: dict[str, Singles] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class Draw:
    """B resamples of a scene: how often each frame counts (B, T), where the seed lies (B, 3).

    ``latest`` holds the last map that was worked out, for the next method that reads the same one.
    """

    counts: Singles
    shift_mm: Floats
    of_inside: Moments
    latest: dict[object, Floats] = field(default_factory=dict)

    def z(self, seeds: Singles, inside: Singles) -> Floats:
        """Fisher z (B, M) of seed series (B, T) with the area, each within its resample."""
        out = np.empty((len(self.counts), inside.shape[1]))
        for part in column_blocks(inside.shape[1]):
            some = Moments(self.of_inside.mean[:, part], self.of_inside.spread[:, part])
            r = resampled_correlation(self.counts, seeds, inside[:, part], some)
            out[:, part] = fisher_z(r)
        return out

    @classmethod
    def of(cls, stage: Scene, counts: Singles, shift_mm: Floats) -> Draw:
        """Prepare resamples of a scene."""
        return cls(counts, shift_mm, moments(counts, stage.inside))

    @classmethod
    def only_moved(cls, stage: Scene, shift_mm: Floats) -> Draw:
        """Give the scan itself with the seed at B places, (B, 3)."""
        rows = len(shift_mm)
        ones = once(len(stage.series))
        still = moments(ones, stage.inside)
        wide = (rows, stage.inside.shape[1])
        spread = Moments(np.broadcast_to(still.mean, wide), np.broadcast_to(still.spread, wide))
        return cls(np.broadcast_to(ones, (rows, ones.shape[1])), shift_mm, spread)

    @classmethod
    def as_it_is(cls, stage: Scene) -> Draw:
        """Give the one draw that is the scan itself."""
        return cls.only_moved(stage, np.zeros((1, 3)))


def scene(ground: Ground, scan: Denoised, area: Spheres) -> Scene:
    """Split a scan by a search area.

    Raises
    ------
    QualityError
        If the area holds too little grey matter with signal.
    """
    alive = varies(scan.series)
    inside_area = marked(ground, area)
    search = inside_area & ground.grey & alive
    grey_beyond = np.flatnonzero(ground.grey & alive & ~inside_area)
    mni_mm = ground.where_mni.xyz_mm
    thin = evenly(mni_mm[grey_beyond], APART_MM)
    return Scene(
        series=scan.series,
        alive=alive,
        mni_mm=mni_mm,
        search=search,
        inside=np.ascontiguousarray(scan.series[:, search]),
        places=_terrain(ground, search),
        beyond=grey_beyond,
        outside=grey_beyond[thin],
        thinned=np.ascontiguousarray(scan.series[:, grey_beyond[thin]]),
        thinned_by=len(grey_beyond) / max(len(thin), 1),
    )


def evenly(xyz_mm: Floats, spacing_mm: float) -> NDArray[np.int64]:
    """Choose points (K,) of many that lie no nearer to each other than ``spacing_mm``."""
    return spread_out(xyz_mm, np.ones((len(xyz_mm), 3)), spacing_mm)


def marked(ground: Ground, spheres: Spheres) -> NDArray[np.bool_]:
    """Tell which places lie in the spheres or in the supplied mask, (N,).

    Raises
    ------
    InputError
        If a mask is meant that was not supplied, or that marks no place.
    """
    if not spheres.map_file:
        return near(ground.where_mni.xyz_mm, np.array(spheres.mni_mm), spheres.radius_mm)
    mask = supplied(ground, spheres.map_file) > 0
    if not mask.any():
        raise InputError(f"{spheres.map_file} marks no place of this brain; check its space")
    return np.asarray(mask)


def supplied(ground: Ground, name: str) -> Floats:
    """Give the values of a supplied map at the places.

    Raises
    ------
    InputError
        If it was not supplied.
    """
    if name not in ground.maps:
        raise InputError(
            f"this method needs the map {name or 'of its definition'}, which was not supplied; "
            "name its file in a target definition"
        )
    return ground.maps[name]


def _terrain(ground: Ground, search: NDArray[np.bool_]) -> Terrain:
    xyz = ground.denoised.where.xyz_mm[search]
    if ground.edges is None or ground.area_mm2 is None:
        return lattice_terrain(xyz)
    both = search[ground.edges].all(axis=1)
    new = np.cumsum(search) - 1
    return mesh_terrain(xyz, new[ground.edges[both]], ground.area_mm2[search])


def seed_places(
    ground: Ground, spheres: Spheres, alive: NDArray[np.bool_], shifts_mm: Floats
) -> tuple[NDArray[np.int64], Singles]:
    """Give the places that any shifted seed holds (S,), and which each shift (B, 3) holds (B, S).

    A shift that leads where nothing has signal counts as none.

    Raises
    ------
    QualityError
        If the seed itself holds no signal.
    """
    still = marked(ground, spheres) & alive
    if not still.any():
        raise QualityError(
            f"no place of the seed ({_told(spheres)}) has signal; an individual target of this "
            "method needs it. Check coverage and dropout there, or use another method or a group "
            "target"
        )
    centres, reach = _seed_shape(ground, spheres)
    xyz = ground.where_mni.xyz_mm
    furthest = float(np.linalg.norm(shifts_mm, axis=1).max())
    if furthest == 0:
        held = np.flatnonzero(still)
        return held, np.ones((len(shifts_mm), len(held)), np.float32)
    may = np.flatnonzero(alive & near(xyz, centres, reach + furthest))
    moved = _held(xyz[may], centres, reach, shifts_mm)
    moved[~moved.any(axis=1)] = still[may]
    any_time = moved.any(axis=0)
    return may[any_time], moved[:, any_time].astype(np.float32)


def _held(xyz: Floats, centres: Floats, reach: float, shifts_mm: Floats) -> NDArray[np.bool_]:
    """Tell which places (S, 3) lie in balls of one radius, for every shift of these (B, S)."""
    if len(centres) > _MANY:
        tree = cKDTree(centres)
        return np.array([tree.query(xyz - shift)[0] < reach for shift in shifts_mm])
    out = np.zeros((len(shifts_mm), len(xyz)), dtype=np.bool_)
    for centre in centres:
        at = centre + shifts_mm
        # |x - a|² = |x|² - 2 x a + |a|², one product for all shifts; about the centre, so that
        # no digits are lost
        x, a = xyz - centre, at - centre
        square = (x**2).sum(axis=1) - 2 * a @ x.T + (a**2).sum(axis=1)[:, None]
        out |= square < reach**2
    return out


def _seed_shape(ground: Ground, spheres: Spheres) -> tuple[Floats, float]:
    """Give a seed as balls: its own, or one round every place of its mask."""
    if not spheres.map_file:
        return np.array(spheres.mni_mm), spheres.radius_mm
    places = ground.where_mni.xyz_mm[marked(ground, spheres)]
    return places, _WITHIN * lattice_step(places) if len(places) > 1 else _LONE_MM


def _told(spheres: Spheres) -> str:
    if spheres.map_file:
        return spheres.map_file
    centres = " and ".join(" ".join(f"{v:g}" for v in c) for c in spheres.mni_mm)
    return f"MNI {centres}, {spheres.radius_mm:g} mm"
