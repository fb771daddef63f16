"""What the figures show: left stays left, targets land where they are, nothing is mirrored."""

import io
import time
from dataclasses import replace

import numpy as np
import pytest

from tests.report import builders
from tests.tolerance import EXACT, Tol, assert_close
from tmsguide.model import Frame, Points, Tissue, Volume
from tmsguide.report import (
    cortex_figures,
    drawing,
    head_views,
    scene,
    slice_figures,
    slices,
    solids,
    style,
    tables,
)
from tmsguide.report.slice_figures import TISSUE_NAMES

FRAME = Frame("sub-x/T1w")


def bright_left(flip):
    """A dim box with one bright voxel at world (−22, 13, 9); unequal sides; any axis order."""
    affine = np.eye(4)
    affine[:3, :3] = np.diag([flip * 2.0, 2.0, 3.0]) @ np.eye(3)[[0, 1, 2]]
    affine[:3, 3] = (-flip * 40, -30, -24)
    data = np.ones((41, 33, 19))
    voxel = np.linalg.inv(affine) @ [-22, 12, 9, 1]
    data[tuple(np.rint(voxel[:3]).astype(int))] = 100
    return Volume(data, affine, FRAME)


@pytest.mark.parametrize("flip", [1, -1])
@pytest.mark.parametrize(
    ("axis", "at", "column_mm", "row_mm"),
    [
        (2, 9.0, -22 + 40, 34 - 12),  # axial: left is left, front is up
        (1, 12.0, -22 + 40, 30 - 9),  # coronal: left is left, top is up
        (0, -22.0, 34 - 12, 30 - 9),  # sagittal from the left: front is left
    ],
)
def test_left_stays_left_on_slices(flip, axis, at, column_mm, row_mm):
    plane = slices.Plane(axis, at, np.array([-40.0, -30, -24]), np.array([40.0, 34, 30]))
    picture = slices.sample(bright_left(flip), plane.grid(1.0))
    row, column = np.unravel_index(np.argmax(picture), picture.shape)
    assert abs(column + 0.5 - column_mm) <= 1
    assert abs(row + 0.5 - row_mm) <= 1
    located = plane.locate(np.array([[-22.0, 12, 9]]))[0]
    assert_close(located, [column_mm, row_mm], EXACT)
    assert plane.letters == (("A", "P") if axis == 0 else ("L", "R"))


def test_left_stays_left_in_the_finished_figure(made):
    """A bright ball in the left of the T1w is in the left half of the coronal and axial panels."""
    t1w = made.anatomy.t1w
    index = np.indices(t1w.data.shape).reshape(3, -1).T
    world = index @ t1w.frame_from_voxel[:3, :3].T + t1w.frame_from_voxel[:3, 3]
    middle = made.scalp.vertices.xyz_mm.mean(axis=0)
    spot = middle + np.array([-45, 0, 10])
    ball = (np.linalg.norm(world - spot, axis=1) < 12).reshape(t1w.data.shape)
    anatomy = replace(
        made.anatomy,
        t1w=replace(t1w, data=np.where(ball, 1000.0, 0.0)),
        labels=replace(made.anatomy.labels, data=(made.anatomy.labels.data > 0).astype(np.uint8)),
    )
    aimed = replace(
        made, anatomy=anatomy, target=replace(made.target, point=Points(spot[None], t1w.frame))
    )
    picture = decoded(slice_figures.tissue_figure(aimed))
    panels = panel_columns(picture)
    assert len(panels) == 3
    for start, stop in panels[1:]:
        red, blue = picture[:-60, start:stop, 0], picture[:-60, start:stop, 2]  # no legend
        columns = np.nonzero((red > 0.8) & (red - blue > 0.15))[1]  # white under a yellow tint
        assert len(columns) > 200
        assert columns.max() < 0.5 * (stop - start)


def decoded(png):
    from PIL import Image

    return np.asarray(Image.open(io.BytesIO(png)).convert("RGB"), float) / 255


def panel_columns(picture):
    """Column ranges of the dark panels on the white page, half-way up."""
    dark = picture[200:260].mean(axis=(0, 2)) < 0.9
    edges = np.flatnonzero(np.diff(np.concatenate([[0], dark.astype(int), [0]])))
    return [(a, b) for a, b in zip(edges[::2], edges[1::2], strict=True) if b - a > 100]


def test_slices_name_the_side_and_the_place(made):
    plane = slices.Plane(2, -12.4, np.zeros(3), np.ones(3))
    assert plane.title == "Axial, z = −12 mm"
    assert "person's left" in slices.SIDES


def test_sampling_is_linear_and_zero_outside():
    affine = np.diag([2.0, 3.0, 1.5, 1.0])
    i, j, k = np.indices((7, 8, 9))
    volume = Volume(1.0 + i + 10 * j + 100 * k, affine, FRAME)
    at = np.array([[3.0, 7.5, 4.5], [2.0, 3.0, 1.5], [-9.0, 0, 0]])
    assert_close(slices.sample(volume, at), [1 + 1.5 + 25 + 300, 112.0, 0.0], EXACT)
    assert slices.nearest(volume, np.array([[3.9, 3.2, 1.4]])).tolist() == [113.0]


def test_unknown_voxels_neither_darken_nor_spread():
    data = np.full((7, 8, 9), np.nan)
    data[3, 4, 5] = 2.0
    volume = Volume(data, np.eye(4), FRAME)
    got = slices.sample(volume, np.array([[3.0, 4, 5], [3.4, 4, 5], [3.6, 4, 5]]))
    assert_close(got[:2], [2.0, 2.0], EXACT)
    assert np.isnan(got[2])


def test_scattered_values_return_to_their_places():
    rng = np.random.default_rng(3)
    index = np.unique(rng.integers(0, 9, (200, 3)), axis=0)
    where = Points(index * 2.5 + [-31.0, 4.0, 7.0], FRAME)
    values = rng.normal(size=len(where))
    volume = slices.lattice(where, values, 2.5)
    assert_close(slices.nearest(volume, where.xyz_mm), values, EXACT)
    assert np.isfinite(volume.data).sum() == len(where)


def test_bounds_hold_the_mask():
    volume = bright_left(-1)
    low, high = slices.bounds(Volume(volume.data > 50, volume.frame_from_voxel, FRAME), 5.0)
    assert_close((low + high) / 2, [-22, 12, 9], EXACT)
    assert_close(high - low, [10, 10, 10], EXACT)


@pytest.mark.parametrize(
    ("toward", "up", "sign"),
    [
        ((-1, 0, 0), (0, 0, 1), -1),  # from the left: the front lobe is on the left
        ((0, 1, 0), (0, 0, 1), 1),  # from the front: the left hemisphere is on the right
        ((0, 0, 1), (0, 1, 0), -1),  # from above: left is left
    ],
)
def test_the_target_lands_on_its_side_of_each_view(made, toward, up, sign):
    view = head_views.camera(toward, up, head_views.levelled(made), (300, 400))
    view = view.fitted(made.cortex.vertices.xyz_mm)
    column = view.pixels(made.target.point.xyz_mm)[0, 0]
    assert sign * (column - 200) > 30


def test_levelled_views_undo_the_tilt_of_the_scan(made):
    assert_close(
        head_views.levelled(made),
        made.mni_from_t1w.matrix[:3, :3],
        Tol(1e-12, "a rigid tilt is undone exactly"),
    )


def test_a_fitted_view_holds_everything(made):
    points = made.cortex.vertices.xyz_mm
    view = head_views.camera((-1, 1, 0.4), (0, 0, 1), np.eye(3), (300, 420)).fitted(points)
    at = view.pixels(points)
    assert at[:, 0].min() >= 0
    assert at[:, 0].max() <= 420
    assert at[:, 1].min() >= 0
    assert at[:, 1].max() <= 300
    assert max(np.ptp(at[:, 0]) / 420, np.ptp(at[:, 1]) / 300) > 0.9


def test_hidden_points_are_told_from_visible_ones(made):
    vertices, triangles = made.cortex.vertices.xyz_mm, made.cortex.triangles
    view = head_views.camera((-1, 0, 0), (0, 0, 1), np.eye(3), (200, 240)).fitted(vertices)
    picture = scene.draw((scene.Layer(vertices, triangles, np.ones(3)),), view)
    target = made.target.point.xyz_mm
    mirrored = target * [-1, 1, 1] + [6, 0, 0]
    assert picture.visible(target, slack_mm=8.0).all()
    assert not picture.visible(mirrored, slack_mm=8.0).any()


def test_a_see_through_scalp_shows_the_cortex(made):
    head = scene.Layer(
        made.scalp.vertices.xyz_mm, made.scalp.triangles, np.array([1.0, 0, 0]), opacity=0.5
    )
    brain = scene.Layer(made.cortex.vertices.xyz_mm, made.cortex.triangles, np.array([0, 0, 1.0]))
    view = head_views.camera((-1, 0, 0), (0, 0, 1), np.eye(3), (200, 240))
    view = view.fitted(head.vertices)
    middle = np.median(view.pixels(brain.vertices), axis=0)[:2].astype(int)
    red, _, blue = scene.draw((brain, head), view).rgb[middle[1], middle[0]]
    assert red > 0.1
    assert blue > 0.1
    alone = scene.draw((head,), view).rgb[middle[1], middle[0]]
    assert alone[1] > 0.4  # white paper behind
    assert np.allclose(scene.draw((brain, head), view).rgb[0, 0], 1)


def test_furrows_are_darker_than_crowns(made):
    shade = scene.relief(made.cortex.vertices.xyz_mm, made.cortex.triangles)
    away = np.linalg.norm(
        made.cortex.vertices.xyz_mm - made.cortex.vertices.xyz_mm.mean(axis=0), axis=1
    )
    assert 0.6 < shade.min() < 0.9 < shade.max() <= 1
    assert away[shade < 0.8].mean() < away[shade > 0.95].mean()


def test_tubes_casing_and_arrows_have_their_size():
    start, end = np.array([[0, 0, 0.0], [5, 5, 5]]), np.array([[0, 0, 10.0], [5, 5, 9]])
    vertices, triangles = solids.tubes(start, end, 2.0, sides=12)
    assert vertices.shape == (2 * 24, 3)
    assert triangles.max() == len(vertices) - 1
    assert_close(np.linalg.norm(vertices[:24, :2], axis=1), np.full(24, 2.0), EXACT)
    vertices, triangles = solids.casing(90, 45, 12)
    assert_close(vertices.min(axis=0), [-90, -45, -12], EXACT)
    assert_close(vertices.max(axis=0), [90, 45, 0], EXACT)
    a, b, c = (vertices[triangles[:, k]] for k in range(3))
    volume = np.einsum("ij,ij->", a, np.cross(b, c)) / 6
    full = 12 * (np.pi * 45**2 + 4 * 45 * 45)
    assert_close(volume, full, Tol(2e-3, "a rim of 96 corners; measured 4e-4"))  # outward faces
    tip, _ = solids.arrow(np.zeros(3), np.array([0, 0, 30.0]), 2.0)
    assert_close(tip[:, 2].max(), 30.0, EXACT)
    assert_close(np.linalg.norm(tip[:, :2], axis=1).max(), 5.2, EXACT)


def test_colours_run_blue_to_orange_through_the_grey_of_the_cortex():
    low, middle, high, unknown = style.colour(
        np.array([-0.5, 0.0, 0.5, np.nan]), style.Z, -0.5, 0.5
    )
    assert low[2] > low[0]
    assert high[0] > high[2]
    assert_close(middle, style.BONE_GREY, EXACT)
    assert_close(unknown, style.BONE_GREY, EXACT)


def test_table_says_where_each_target_is(made):
    rows = tables.target_rows(made)
    assert rows[0].number == "target"
    assert rows[0].away == "–"
    assert [r.number for r in rows[1:]] == [str(k + 1) for k in range(len(made.alternatives))]
    assert rows[0].side == "left"
    here = made.alternatives[0].point.xyz_mm[0]
    expected = np.linalg.norm(here - made.target.point.xyz_mm[0])
    assert rows[1].away in (f"{expected:.1f} mm", f"{expected:.0f} mm")


def test_notes_that_a_column_or_a_sentence_tells_are_not_told_again(made):
    told = ("cluster of 1.1 cm³", "moved 1.4 mm to the nearest grey matter")
    noted = replace(
        made,
        target=replace(made.target, notes=("distance to other methods: a 3 mm", told[0])),
        alternatives=(replace(made.alternatives[0], notes=told),),
    )
    target, other = tables.target_rows(noted)
    assert target.notes == other.notes == told[:1]
    assert (target.moved_mm, other.moved_mm) == (None, 1.4)


def test_key_of_the_cortex_figure_is_whole_and_nothing_overlaps(made):
    long = "a name of several words, longer than a column of the key can hold in one line"
    methods = [long, "short", "$unbroken" * 20, long, "x", "y", long]
    many = replace(
        made, alternatives=tuple(replace(made.alternatives[0], method=m) for m in methods)
    )
    names = cortex_figures._target_key(many)
    assert "".join("".join(names).split()) == "".join(
        "".join(f"{k}:{m}" for k, m in enumerate(methods, start=1)).split()
    )
    heights = [text.count("\n") + 1 for text in names]
    assert abs(heights[0] - heights[1]) <= 4  # the longest name takes so many lines
    figure = style.canvas(cortex_figures.WIDE_PX, 1000)
    cortex_figures._key(figure, many, names)
    boxes = [t.get_window_extent(figure.canvas.get_renderer()) for t in figure.texts]
    assert len(boxes) == 3
    for i, box in enumerate(boxes):
        assert 0 <= box.x0 < box.x1 <= cortex_figures.WIDE_PX
        assert not any(box.overlaps(other) for other in boxes[:i])
        lines = figure.texts[i].get_text().count("\n") + 1
        assert box.height <= lines * style.LINE_PX + 3


def test_poses_are_told_against_the_best(made):
    best, turned, moved = tables.pose_rows(made, head_views.levelled(made))
    assert (best.share, best.shift, best.handle) == ("100 %", "–", "45° outwards")
    assert turned.shift == "0 mm"
    assert turned.handle == "65° outwards"  # turned by 20° about the axis into the head
    assert moved.shift == "4 mm"
    assert turned.share == "97 %"


def test_the_strongest_field_is_found_near_the_coil(made):
    assert tables.field_peak_distance_mm(made) < 25
    dark = replace(made, cortex_e_v_per_m=np.full(len(made.cortex_z), np.nan))
    assert np.isnan(tables.field_peak_distance_mm(dark))


@pytest.mark.slow
def test_a_full_size_head_is_drawn_in_time(made):
    fine = builders.dossier(step_mm=1.3)
    assert len(fine.cortex.triangles) > 100_000
    start = time.process_time()
    figures = drawing.draw_figures(fine)
    assert time.process_time() - start < 20  # measured 8.8 s with 170 k triangles each
    assert sum(len(f) for f in figures.values()) < 4.4e6


def test_labels_use_every_tissue_colour():
    assert set(style.TISSUE_COLOURS) == {int(t) for t in Tissue if t > 0} == set(TISSUE_NAMES)


def test_the_camera_stands_on_the_target_s_side(made):
    turn = head_views.levelled(made)
    assert head_views.side(made, turn) == "left"
    over = made.mni_from_t1w(made.target.point).xyz_mm * [-1, 1, 1]
    back = made.mni_from_t1w.inverse()(Points(over, made.mni_from_t1w.target))
    mirrored = replace(made, target=replace(made.target, point=back))
    assert head_views.side(mirrored, turn) == "right"
    for side, dossier in (("left", made), ("right", mirrored)):
        toward, up, *corners = cortex_figures.SIDES[side]
        vertices = dossier.cortex.vertices.xyz_mm
        view = head_views.camera(toward, up, turn, (200, 240)).fitted(vertices)
        layer = scene.Layer(vertices, dossier.cortex.triangles, np.ones(3))
        picture = scene.draw((layer,), view)
        assert picture.visible(dossier.target.point.xyz_mm, slack_mm=8.0).all()
        ahead = vertices @ turn[1]
        columns = view.pixels(vertices[[np.argmax(ahead), np.argmin(ahead)]])[:, 0]
        assert corners[int(columns[0] > columns[1])] == "front"


@pytest.mark.parametrize("count", [2, 13, 28])
def test_names_round_a_cluster_do_not_overlap_and_stay_in_the_picture(made, count):
    turn = head_views.levelled(made)
    vertices = made.cortex.vertices.xyz_mm
    view = head_views.camera((0, 1, 0), (0, 0, 1), turn, (480, 470)).fitted(vertices)
    layer = scene.Layer(vertices, made.cortex.triangles, np.ones(3))
    picture = scene.draw((layer,), view)
    figure = style.canvas(600, 600)
    axes = head_views.frame(figure, picture, 50, 50, "")
    rng = np.random.default_rng(count)
    points = made.target.point.xyz_mm + rng.normal(0, 8, (count, 3))
    names = ("target", *(str(k) for k in range(1, count)))
    head_views.callouts(axes, picture, points, names)
    renderer = figure.canvas.get_renderer()
    boxes = [text.get_window_extent(renderer) for text in axes.texts if text.get_text()]
    assert len(boxes) == count
    for i, box in enumerate(boxes):
        assert 50 <= box.x0 < box.x1 <= 520
        assert not any(box.overlaps(other) for other in boxes[:i])
