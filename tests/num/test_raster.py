"""The software renderer: known pixels, depth order, mirrors, blending."""

import time

import numpy as np
import pytest

from tests.tolerance import EXACT, Tol, assert_close
from tmsguide.num import raster

FLOAT32 = Tol(1e-6, "pictures are float32: half an ulp is 6e-8 per operation")
ONE = np.array([[0, 1, 2]])
WHITE = np.ones((3, 3))


def triangle(*corners):
    return np.array(corners, dtype=float)


def test_a_known_triangle_covers_the_pixels_whose_centres_it_holds():
    # right angle at (0, 0), legs of 5: centre (c+.5, r+.5) is inside when c + r + 1 <= 5
    _, depth = raster.rasterise(triangle((0, 0, 3), (5, 0, 3), (0, 5, 3)), ONE, WHITE, size=(7, 9))
    row, col = np.mgrid[:7, :9]
    assert np.array_equal(np.isfinite(depth), row + col + 1 <= 5)
    assert_close(depth[np.isfinite(depth)], np.full(15, 3.0), FLOAT32)


def test_both_windings_paint_the_same():
    corners = triangle((1, 1, 0), (6, 2, 1), (3, 5, 2))
    colours = np.eye(3)
    one = raster.rasterise(corners, ONE, colours, size=(7, 9))
    other = raster.rasterise(corners, ONE[:, ::-1], colours, size=(7, 9))
    covered = np.isfinite(one[1])
    assert covered.sum() > 5
    assert np.array_equal(covered, np.isfinite(other[1]))
    assert_close(one[0], other[0], FLOAT32)


def test_colour_and_depth_are_linear_over_the_triangle():
    # colour = (column, row, 0)/8 at the corners, so every pixel holds its own centre
    corners = triangle((0, 0, 0), (8, 0, 16), (0, 8, 0))
    rgb, depth = raster.rasterise(
        corners, ONE, np.column_stack([corners[:, :2], np.zeros(3)]) / 8, size=(8, 8)
    )
    row, col = np.nonzero(np.isfinite(depth))
    assert_close(rgb[row, col, 0], (col + 0.5) / 8, FLOAT32)
    assert_close(rgb[row, col, 1], (row + 0.5) / 8, FLOAT32)
    assert_close(depth[row, col], 2 * (col + 0.5), FLOAT32)


@pytest.mark.parametrize("order", [[0, 1], [1, 0]])
def test_the_nearer_triangle_hides_the_farther_whatever_the_order(order):
    corners = np.concatenate(
        [triangle((0, 0, 1), (9, 0, 1), (0, 9, 1)), triangle((0, 0, 2), (9, 0, 2), (0, 9, 2))]
    )
    colours = np.repeat([[1.0, 0, 0], [0, 1.0, 0]], 3, axis=0)
    triangles = np.array([[0, 1, 2], [3, 4, 5]])[order]
    rgb, _ = raster.rasterise(corners, triangles, colours, size=(7, 9))
    assert_close(rgb[2, 2], [0, 1, 0], FLOAT32)


def test_triangles_outside_and_degenerate_ones_paint_nothing():
    corners = np.concatenate(
        [
            triangle((-9, -9, 0), (-2, -9, 0), (-9, -2, 0)),
            triangle((1, 1, 0), (4, 4, 0), (6, 6, 0)),
        ]
    )
    _, depth = raster.rasterise(
        corners, np.array([[0, 1, 2], [3, 4, 5]]), np.ones((6, 3)), size=(7, 9)
    )
    assert not np.isfinite(depth).any()


@pytest.mark.parametrize(
    ("view", "toward", "up", "point", "side"),
    [
        ("above", (0, 0, 1), (0, 1, 0), (-5, 0, 0), "left"),
        ("behind", (0, -1, 0), (0, 0, 1), (-5, 0, 0), "left"),
        ("front", (0, 1, 0), (0, 0, 1), (-5, 0, 0), "right"),
        ("left", (-1, 0, 0), (0, 0, 1), (0, 5, 0), "left"),
        ("right", (1, 0, 0), (0, 0, 1), (0, 5, 0), "right"),
    ],
)
def test_no_view_is_mirrored(view, toward, up, point, side):
    axes = raster.camera_axes(toward, up)
    assert_close(axes @ axes.T, np.eye(3), EXACT)
    assert_close(np.linalg.det(axes), 1.0, EXACT)
    column, row, _ = raster.to_pixels(
        np.array([point], float), axes, np.zeros(3), pixels_per_unit=2.0, size=(70, 90)
    )[0]
    assert_close(column, 45 + (10 if side == "right" else -10), EXACT)
    assert_close(row, 35.0, EXACT)


def test_up_is_up_and_nearer_is_deeper():
    axes = raster.camera_axes((-1, 1, 0.5), (0, 0, 1))
    pixels = raster.to_pixels(
        np.array([[0, 0, 9.0], [-9.0, 9.0, 4.5]]),
        axes,
        np.zeros(3),
        pixels_per_unit=1,
        size=(40, 60),
    )
    assert pixels[0, 1] < 20 - 5
    assert_close(pixels[1], [30, 20, 13.5], EXACT)


def test_parallel_up_is_refused():
    with pytest.raises(ValueError, match="parallel"):
        raster.camera_axes((0, 0, 1), (0, 0, -2))


def sphere(rings=40):
    u, v = np.meshgrid(
        np.linspace(0, 2 * np.pi, 2 * rings), np.linspace(0, np.pi, rings), indexing="ij"
    )
    points = np.stack([np.cos(u) * np.sin(v), np.sin(u) * np.sin(v), np.cos(v)], -1)
    index = np.arange(u.size).reshape(u.shape)
    a, b, c, d = index[:-1, :-1], index[1:, :-1], index[1:, 1:], index[:-1, 1:]
    return points.reshape(-1, 3), np.concatenate(
        [np.stack([a, d, c], -1).reshape(-1, 3), np.stack([a, c, b], -1).reshape(-1, 3)]
    )


def test_normals_of_a_sphere_point_outward():
    points, triangles = sphere()
    normals = raster.vertex_normals(points, triangles)
    keep = np.abs(points[:, 2]) < 0.9
    cosine = np.sum(points[keep] * normals[keep], axis=1)
    assert cosine.min() > 0.997  # measured 0.9992; the seam meridian has half its triangles


def test_brightness_follows_the_cosine_law_on_both_sides():
    normals = np.array([[0, 0, 1.0], [0, 0, -1.0], [0, np.sin(np.pi / 3), np.cos(np.pi / 3)]])
    bright = raster.lambert(normals, (0, 0, 2), (0, 0, 1), ambient=0.2)
    assert_close(bright, [1.0, 1.0, 0.2 + 0.8 * 0.5], EXACT)


def test_layers_blend_back_to_front_by_depth():
    red, blue = np.zeros((1, 2, 3), np.float32), np.zeros((1, 2, 3), np.float32)
    red[..., 0], blue[..., 2] = 1, 1
    depth = np.array([[[5.0, 1.0]], [[2.0, 2.0]]], np.float32)  # red in front, then behind
    out = raster.composite(np.stack([red, blue]), depth, [0.25, 1.0], [1, 1, 1])
    assert_close(out[0, 0], [0.25, 0, 0.75], FLOAT32)
    assert_close(out[0, 1], [0, 0, 1], FLOAT32)


def test_empty_pixels_show_the_background():
    out = raster.composite(
        np.zeros((1, 2, 3, 3), np.float32),
        np.full((1, 2, 3), -np.inf, np.float32),
        [1],
        [0.1, 0.2, 1],
    )
    assert_close(out, np.broadcast_to([0.1, 0.2, 1.0], (2, 3, 3)), FLOAT32)


def test_a_pit_is_darker_than_the_plain_and_a_plain_is_not_dark():
    depth = np.full((70, 90), 10.0, np.float32)
    assert_close(raster.depth_shadow(depth, 9, 5.0), np.ones((70, 90)), FLOAT32)
    depth[35, 45] = 6.0
    shadow = raster.depth_shadow(depth, 9, 5.0)
    assert shadow[35, 45] < 0.3
    assert shadow[5, 5] > 0.999


def test_downsample_averages_blocks():
    image = np.arange(4 * 6 * 3, dtype=np.float32).reshape(4, 6, 3)
    small = raster.downsample(image, 2)
    assert small.shape == (2, 3, 3)
    assert_close(small[1, 2], image[2:4, 4:6].reshape(4, 3).mean(axis=0), FLOAT32)


def test_a_dense_surface_is_drawn_in_under_a_second():
    points, triangles = sphere(rings=195)  # 151 k triangles
    axes = raster.camera_axes((-1, 0, 0), (0, 0, 1))
    pixels = raster.to_pixels(points, axes, np.zeros(3), pixels_per_unit=440, size=(900, 900))
    raster.rasterise(pixels[:3], ONE, WHITE, size=(4, 4))  # compile
    start = time.process_time()
    _, depth = raster.rasterise(pixels, triangles, np.ones_like(points), size=(900, 900))
    assert time.process_time() - start < 1.0  # measured 0.04 s
    area = np.isfinite(depth).sum()
    assert_close(area, np.pi * 440**2, Tol(2e-3, "polygon rim of 390 sides; measured 3e-4"))
