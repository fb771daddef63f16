"""Three-dimensional pictures: surfaces seen from a side, and where points land in them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tmsguide.num import raster

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

__all__ = ["Layer", "Picture", "View", "draw", "paint_scalar", "relief"]

SUPERSAMPLING = 2


@dataclass(frozen=True, slots=True, eq=False)
class Layer:
    """One surface of a scene; ``colours`` (V, 3) or (3,), ``opacity`` 1 hides what is behind."""

    vertices: Floats
    triangles: NDArray[np.int64]
    colours: Floats
    opacity: float = 1.0
    ambient: float = 0.42


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """A camera: ``axes`` rows are right, up, toward viewer; ``size`` is (height, width) pixels."""

    axes: Floats
    centre: Floats
    pixels_per_mm: float
    size: tuple[int, int]

    def pixels(self, points: Floats) -> Floats:
        """Give column, row and depth (N, 3) of points (N, 3)."""
        return raster.to_pixels(
            points, self.axes, self.centre, pixels_per_unit=self.pixels_per_mm, size=self.size
        )

    def fitted(self, points: Floats, margin: float = 0.04) -> View:
        """Give the same view, centred and scaled so that all ``points`` (N, 3) are in it."""
        seen = points @ self.axes.T
        low, high = seen.min(axis=0), seen.max(axis=0)
        span = (high - low)[:2] * (1 + 2 * margin)
        scale = float(min(self.size[1] / span[0], self.size[0] / span[1]))
        return View(self.axes, (low + high) / 2 @ self.axes, scale, self.size)


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """A drawn view: ``rgb`` (H, W, 3) in 0..1 and the ``depth`` (H, W) of its opaque layers."""

    rgb: NDArray[np.float32]
    depth: NDArray[np.float32]
    view: View

    def visible(self, points: Floats, slack_mm: float) -> NDArray[np.bool_]:
        """Say which points (N, 3) lie at most ``slack_mm`` behind the opaque surface."""
        at = self.view.pixels(points)
        row = np.clip(at[:, 1].astype(int), 0, self.depth.shape[0] - 1)
        column = np.clip(at[:, 0].astype(int), 0, self.depth.shape[1] - 1)
        return np.asarray(at[:, 2] >= self.depth[row, column] - slack_mm)


def draw(layers: tuple[Layer, ...], view: View) -> Picture:
    """Give the picture of layers on white; opaque ones first share one z-buffer."""
    fine = View(
        view.axes,
        view.centre,
        view.pixels_per_mm * SUPERSAMPLING,
        (view.size[0] * SUPERSAMPLING, view.size[1] * SUPERSAMPLING),
    )
    solid = [layer for layer in layers if layer.opacity >= 1]
    glass = [layer for layer in layers if layer.opacity < 1]
    painted = [_paint(_joined(solid, fine), fine)] if solid else []
    if solid:
        rgb, depth = painted[0]
        rgb *= _shadow(depth, view)[..., None]
    painted += [_paint(_joined([layer], fine), fine) for layer in glass]
    blended = raster.composite(
        np.stack([p[0] for p in painted]),
        np.stack([p[1] for p in painted]),
        [1.0] * bool(solid) + [layer.opacity for layer in glass],
        [1.0, 1.0, 1.0],
    )
    back = painted[0][1][::SUPERSAMPLING, ::SUPERSAMPLING] if solid else _empty(view)
    return Picture(np.clip(raster.downsample(blended, SUPERSAMPLING), 0, 1), back, view)


def paint_scalar(
    vertices: Floats, triangles: NDArray[np.int64], values: Floats, view: View
) -> NDArray[np.float32]:
    """Give a value per vertex as a picture (H, W) of the nearest surface, NaN off it."""
    rgb, depth = raster.rasterise(
        view.pixels(vertices), triangles, np.repeat(values[:, None], 3, axis=1), size=view.size
    )
    return np.where(np.isfinite(depth), rgb[..., 0], np.float32(np.nan)).astype(np.float32)


def relief(vertices: Floats, triangles: NDArray[np.int64], rounds: int = 3) -> Floats:
    """Give a brightness per vertex (V,) in 0..1 that is low in furrows and 1 on crowns.

    How far a vertex sits below the mean of its neighbours along the normal, smoothed ``rounds``
    times over the mesh and scaled by its own spread.
    """
    edges = np.concatenate([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [2, 0]]])
    count = np.maximum(np.bincount(edges[:, 0], minlength=len(vertices)), 1)

    def mean_of_neighbours(values: Floats) -> Floats:
        total = np.bincount(edges[:, 0], weights=values[edges[:, 1]], minlength=len(vertices))
        return np.asarray(total / count, dtype=np.float64)

    away = np.column_stack([mean_of_neighbours(vertices[:, k]) for k in range(3)]) - vertices
    sunk = np.sum(away * raster.vertex_normals(vertices, triangles), axis=1)
    for _ in range(rounds):
        sunk = 0.5 * (sunk + mean_of_neighbours(sunk))
    spread = float(np.std(sunk))
    if spread <= 0:
        return np.ones(len(vertices))
    return np.asarray(1 - 0.35 * np.clip(sunk / (1.5 * spread), 0, 1), dtype=np.float64)


def _joined(layers: list[Layer], view: View) -> tuple[Floats, NDArray[np.int64], Floats]:
    """Give pixels, triangles and shaded colours of several layers as one."""
    starts = np.cumsum([0] + [len(layer.vertices) for layer in layers[:-1]])
    light = view.axes.T @ np.array([-0.3, 0.4, 1.0])  # over the viewer's left shoulder
    shaded = []
    for layer in layers:
        normals = raster.vertex_normals(layer.vertices, layer.triangles)
        bright = raster.lambert(normals, light, view.axes[2], ambient=layer.ambient)
        shaded.append(bright[:, None] * layer.colours)
    return (
        view.pixels(np.concatenate([layer.vertices for layer in layers])),
        np.concatenate([layer.triangles + s for layer, s in zip(layers, starts, strict=True)]),
        np.concatenate(shaded),
    )


def _paint(
    joined: tuple[Floats, NDArray[np.int64], Floats], view: View
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    pixels, triangles, colours = joined
    return raster.rasterise(pixels, triangles, colours, size=view.size)


def _shadow(depth: NDArray[np.float32], view: View) -> NDArray[np.float32]:
    width = max(3, round(10 * view.pixels_per_mm * SUPERSAMPLING))  # surroundings of 10 mm
    return np.asarray(1 - 0.55 * (1 - raster.depth_shadow(depth, width, 12.0)), dtype=np.float32)


def _empty(view: View) -> NDArray[np.float32]:
    return np.full(view.size, -np.inf, dtype=np.float32)
