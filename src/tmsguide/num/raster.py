"""Pictures of triangle surfaces: orthographic camera, z-buffer, shading, see-through layers.

Camera coordinates are (right, up, toward the viewer) in the units of the scene; pixel coordinates
are (column, row, depth) with row 0 at the top and depth growing toward the viewer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numba import njit

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]
    Image = NDArray[np.float32]

__all__ = [
    "camera_axes",
    "composite",
    "depth_shadow",
    "downsample",
    "lambert",
    "rasterise",
    "to_pixels",
    "vertex_normals",
]


def camera_axes(toward: ArrayLike, up: ArrayLike) -> Floats:
    """Give the camera's rows (right, up, toward viewer), (3, 3), never mirrored.

    ``toward`` points from the scene to the viewer; ``up`` need not be square to it. In a RAS world
    a viewer on the left (toward −x) gets anterior on the left of the picture; one above (toward
    +z, up +y) or behind (toward −y) gets left on the left; one in front gets left on the right.

    Raises
    ------
    ValueError
        If the two directions are parallel or zero.

    Examples
    --------
    >>> camera_axes([-1, 0, 0], [0, 0, 1])[0].tolist()  # from the left, +y runs to the left
    [0.0, -1.0, 0.0]
    """
    back = np.asarray(toward, dtype=np.float64)
    right = np.cross(np.asarray(up, dtype=np.float64), back)
    if np.linalg.norm(right) <= 1e-9 * max(1.0, float(np.linalg.norm(back))):
        raise ValueError(
            f"view direction {back.tolist()} and up {np.asarray(up).tolist()} are parallel "
            "or zero; turn one of them"
        )
    back = back / np.linalg.norm(back)
    right = right / np.linalg.norm(right)
    return np.stack([right, np.cross(back, right), back]) + 0.0  # no negative zeros


def to_pixels(
    points: Floats, axes: Floats, centre: Floats, *, pixels_per_unit: float, size: tuple[int, int]
) -> Floats:
    """Project points (N, 3) to (column, row, depth), (N, 3); ``centre`` lands mid-picture.

    ``size`` is (height, width) in pixels; depth stays in scene units.
    """
    height, width = size
    seen = (points - centre) @ axes.T
    column = width / 2 + pixels_per_unit * seen[:, 0]
    row = height / 2 - pixels_per_unit * seen[:, 1]
    return np.column_stack([column, row, seen[:, 2]])


def vertex_normals(vertices: Floats, triangles: NDArray[np.int64]) -> Floats:
    """Give area-weighted unit normals (V, 3); a vertex of no triangle gets zeros."""
    a, b, c = (vertices[triangles[:, k]] for k in range(3))
    face = np.cross(b - a, c - a)
    total = np.zeros_like(vertices, dtype=np.float64)
    for axis in range(3):
        for corner in range(3):
            total[:, axis] += np.bincount(
                triangles[:, corner], weights=face[:, axis], minlength=len(vertices)
            )
    length = np.linalg.norm(total, axis=1, keepdims=True)
    return np.asarray(total / np.where(length > 0, length, 1), dtype=np.float64)


def lambert(normals: Floats, light: ArrayLike, viewer: ArrayLike, *, ambient: float) -> Floats:
    """Give brightness per vertex (V,) between ``ambient`` and 1 (Lambert's cosine law).

    Normals that face away from the viewer are flipped first, so open sheets shade on both sides.
    """
    side = np.where(normals @ np.asarray(viewer, dtype=np.float64) < 0, -1.0, 1.0)
    to_light = np.asarray(light, dtype=np.float64)
    cosine = side * (normals @ (to_light / np.linalg.norm(to_light)))
    return np.asarray(ambient + (1 - ambient) * np.clip(cosine, 0, 1), dtype=np.float64)


def rasterise(
    pixels: Floats, triangles: NDArray[np.int64], colours: Floats, *, size: tuple[int, int]
) -> tuple[Image, Image]:
    """Paint triangles into a z-buffer: (rgb (H, W, 3), depth (H, W), −inf where empty).

    Parameters
    ----------
    pixels : (V, 3) float
        Column, row, depth of the vertices, as `to_pixels` gives them.
    triangles : (F, 3) int
        Vertex indices; both windings are painted.
    colours : (V, 3) float
        Colour of each vertex, 0 to 1, blended linearly over the triangle.
    size : tuple of int
        (height, width) in pixels. A pixel is covered when its centre is.
    """
    rgb = np.zeros((*size, 3), dtype=np.float32)
    depth = np.full(size, -np.inf, dtype=np.float32)
    _fill(
        np.ascontiguousarray(pixels, dtype=np.float64),
        np.ascontiguousarray(triangles, dtype=np.int64),
        np.ascontiguousarray(colours, dtype=np.float64),
        rgb,
        depth,
    )
    return rgb, depth


def composite(rgb: Image, depth: Image, alpha: ArrayLike, background: ArrayLike) -> Image:
    """Blend layers (L, H, W, 3) at depths (L, H, W) into one picture (H, W, 3), back to front.

    ``alpha`` (L,) is the opacity of each layer; the order is settled per pixel by depth, and
    layers at one depth keep their order, the later on top.
    """
    return np.asarray(
        _blend(
            np.ascontiguousarray(rgb, dtype=np.float32),
            np.ascontiguousarray(depth, dtype=np.float32),
            np.asarray(alpha, dtype=np.float64),
            np.asarray(background, dtype=np.float64),
        ),
        dtype=np.float32,
    )


def depth_shadow(depth: Image, width_px: int, reach: float) -> Image:
    """Give brightness (H, W) in 0..1 that darkens what lies behind its surroundings.

    Unsharp masking of the depth buffer; ``width_px`` is the width of the surroundings and
    ``reach`` the depth difference that turns black.

    References
    ----------
    Luft T, Colditz C, Deussen O (2006). Image enhancement by unsharp masking the depth buffer.
    ACM Trans Graph 25:1206. doi:10.1145/1141911.1142016
    """
    from scipy.ndimage import uniform_filter

    covered = np.isfinite(depth)
    if not covered.any():
        return np.ones_like(depth)
    filled = np.where(covered, depth, 0.0).astype(np.float32)
    weight, total = covered.astype(np.float32), filled
    for _ in range(2):  # two boxes make a tent, at a cost that does not grow with the width
        weight, total = uniform_filter(weight, width_px), uniform_filter(total, width_px)
    mean = total / np.maximum(weight, 1e-6)
    behind = np.where(covered, np.clip((mean - filled) / reach, 0, 1), 0)
    return np.asarray(1 - behind, dtype=np.float32)


def downsample(image: Image, factor: int) -> Image:
    """Average blocks of ``factor`` × ``factor`` pixels, over the first two axes."""
    height, width = image.shape[0] // factor, image.shape[1] // factor
    blocks = image[: height * factor, : width * factor]
    blocks = blocks.reshape(height, factor, width, factor, *image.shape[2:])
    return np.asarray(blocks.mean(axis=(1, 3)), dtype=np.float32)


#: Slack on a triangle's edge, so that rounding leaves no crack between neighbours.
EDGE = 1e-9


@njit(cache=True)  # type: ignore[untyped-decorator]
def _fill(
    pixels: Floats, triangles: NDArray[np.int64], colours: Floats, rgb: Image, depth: Image
) -> None:
    height, width = depth.shape
    for f in range(triangles.shape[0]):
        i, j, k = triangles[f, 0], triangles[f, 1], triangles[f, 2]
        x0, y0 = pixels[i, 0], pixels[i, 1]
        x1, y1 = pixels[j, 0], pixels[j, 1]
        x2, y2 = pixels[k, 0], pixels[k, 1]
        area = (x1 - x0) * (y2 - y0) - (x2 - x0) * (y1 - y0)
        if area == 0.0:
            continue
        first_row = max(0, int(np.floor(min(y0, y1, y2) - 0.5)))
        last_row = min(height - 1, int(np.ceil(max(y0, y1, y2) - 0.5)))
        first_col = max(0, int(np.floor(min(x0, x1, x2) - 0.5)))
        last_col = min(width - 1, int(np.ceil(max(x0, x1, x2) - 0.5)))
        for row in range(first_row, last_row + 1):
            y = row + 0.5
            for col in range(first_col, last_col + 1):
                x = col + 0.5
                w1 = ((x - x0) * (y2 - y0) - (x2 - x0) * (y - y0)) / area
                w2 = ((x1 - x0) * (y - y0) - (x - x0) * (y1 - y0)) / area
                w0 = 1.0 - w1 - w2
                if min(w0, w1, w2) < -EDGE:
                    continue
                z = w0 * pixels[i, 2] + w1 * pixels[j, 2] + w2 * pixels[k, 2]
                if z > depth[row, col]:
                    depth[row, col] = z
                    for c in range(3):
                        rgb[row, col, c] = (
                            w0 * colours[i, c] + w1 * colours[j, c] + w2 * colours[k, c]
                        )


@njit(cache=True)  # type: ignore[untyped-decorator]
def _blend(rgb: Image, depth: Image, alpha: Floats, background: Floats) -> Image:
    layers, height, width = depth.shape
    out = np.empty((height, width, 3), dtype=np.float32)
    order = np.empty(layers, dtype=np.int64)
    for row in range(height):
        for col in range(width):
            for n in range(layers):  # insertion sort, far to near; there are a handful of layers
                at = n
                while at > 0 and depth[order[at - 1], row, col] > depth[n, row, col]:
                    order[at] = order[at - 1]
                    at -= 1
                order[at] = n
            for c in range(3):
                value = background[c]
                for n in range(layers):
                    layer = order[n]
                    if np.isfinite(depth[layer, row, col]):
                        value += alpha[layer] * (rgb[layer, row, col, c] - value)
                out[row, col, c] = value
    return out
