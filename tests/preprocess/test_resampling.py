import numpy as np
import pytest

from tests.preprocess.phantoms import BOLD, T1W, Epi, anatomy, world
from tests.tolerance import STORED, Tol, assert_close
from tmsguide.errors import InputError
from tmsguide.model import Scan, Tissue, Volume
from tmsguide.num.rigid import inverted, rigid_from_parameters
from tmsguide.preprocess import brain_grid, resample_once, seen_throughout, smooth


@pytest.fixture(scope="module")
def grid():
    return brain_grid(anatomy(), grid_mm=4.0)


def test_the_grid_is_the_brain_in_the_t1w_world(grid):
    places = grid.places
    assert places.frame == T1W
    assert len(places) == grid.mask.sum() == len(grid.tissue)
    assert_close(places.xyz_mm / 4.0, np.round(places.xyz_mm / 4.0), STORED)
    volume_ml = len(places) * 0.064
    truth_ml = 4 / 3 * np.pi * 52 * 64 * 48 / 1000
    assert abs(volume_ml - truth_ml) < 0.02 * truth_ml
    deep = np.linalg.norm(places.xyz_mm / [52, 64, 48], axis=1) < 0.5
    horn = places.xyz_mm[grid.of_tissue(Tissue.CSF) & deep]
    assert len(horn) > 20
    assert (horn[:, 0] < 0).all()  # the phantom's only ventricle is on the left


def test_a_bad_grid_is_refused():
    with pytest.raises(InputError, match="grid_mm"):
        brain_grid(anatomy(), grid_mm=0.1)


def test_one_interpolation_undoes_motion_and_header_error(grid):
    """A smooth pattern in the head comes out where it is, whatever motion and header did."""
    rng = np.random.default_rng(3)
    t1w_from_bold = rigid_from_parameters(np.array([5, -4, 3, 0.1, 0.05, -0.08]), np.zeros(3))
    epi = Epi(shape=(44, 50, 40), t1w_from_bold=t1w_from_bold)
    moves = np.stack(
        [
            rigid_from_parameters(rng.normal(0, [1, 1, 1, 0.02, 0.02, 0.02]), np.zeros(3))
            for _ in range(4)
        ]
    )

    def pattern(xyz):
        return 100 + 30 * np.sin(xyz[:, 0] / 11) + 20 * np.cos(xyz[:, 1] / 9) + xyz[:, 2] / 4

    scan = epi.scan([pattern(epi.places(move)).reshape(epi.shape) for move in moves])
    series = resample_once(
        scan, grid, bold_from_t1w=inverted(t1w_from_bold), frame_from_reference=moves
    )
    expected = np.tile(pattern(grid.places.xyz_mm), (4, 1))
    assert seen_throughout(series, np.ones(4, bool)).all()
    # cubic spline of a wave 56 mm long on 3.5 mm voxels: measured 8e-5
    assert_close(series, expected, Tol(3e-4, "fourth-order interpolation error"))


def test_left_stays_left(grid):
    """A bright spot on the left, in scans stored LAS and RAS, is on the left in T1w space."""
    for flip in (1.0, -1.0):
        shape = (33, 37, 29)
        m = np.diag([flip * 3.6, 3.6, 3.6, 1.0])
        m[:3, 3] = -m[:3, :3] @ (np.array(shape) - 1) / 2
        spot = np.exp(-0.5 * ((world(shape, m) - [-25, 10, 15]) ** 2).sum(axis=1) / 36)
        scan = Scan(Volume(spot.reshape(*shape, 1), m, BOLD), tr_s=2.0)
        series = resample_once(
            scan, grid, bold_from_t1w=np.eye(4), frame_from_reference=np.eye(4)[None]
        )
        brightest = grid.places.xyz_mm[series[0].argmax()]
        assert np.abs(brightest - [-25, 10, 15]).max() <= 2.0


def test_out_of_view_is_marked_in_kept_frames_only(grid):
    epi = Epi()
    moves = np.tile(np.eye(4), (3, 1, 1))
    moves[2, 2, 3] = 30.0
    scan = epi.scan([np.full(epi.shape, 7.0)] * 3)
    series = resample_once(scan, grid, bold_from_t1w=np.eye(4), frame_from_reference=moves)
    assert seen_throughout(series, np.array([True, True, False])).all()
    lost = ~seen_throughout(series, np.ones(3, bool))
    assert lost.any()
    assert grid.places.xyz_mm[lost, 2].min() > 0  # the head left through the top


@pytest.mark.parametrize("direction", ["k", "k-", "j"])
def test_slices_are_brought_to_mid_acquisition(direction):
    """A 0.07 Hz wave read at each slice's own time comes out at one time."""
    shape, count, tr_s = (8, 9, 7), 40, 2.0
    axis = "ijk".index(direction[0])
    times = np.linspace(0, tr_s, shape[axis], endpoint=False)[::-1].copy()
    stacked = times[::-1] if direction.endswith("-") else times
    offset = stacked.reshape([-1 if a == axis else 1 for a in range(3)])

    def wave(t):
        return 100 + 5 * np.sin(2 * np.pi * 0.07 * t + 0.4)

    data = np.stack([np.broadcast_to(wave(k * tr_s + offset), shape) for k in range(count)], 3)
    scan = Scan(
        Volume(data, np.eye(4), BOLD),
        tr_s=tr_s,
        metadata={"SliceTiming": times.tolist(), "SliceEncodingDirection": direction},
    )
    from tmsguide.preprocess.frames import frame_reader

    read = frame_reader(scan)
    middle = (times.min() + times.max()) / 2
    out = np.stack([read(k) for k in range(8, count - 8)], 3)
    expected = wave(np.arange(8, count - 8) * tr_s + middle)
    uncorrected = np.abs(data[..., 8:-8] - expected).max()
    # measured 0.006 of a wave of height 5; as read the slices are off by more than 1.5
    assert np.abs(out - expected).max() < 0.012
    assert uncorrected > 1.5


def test_slice_times_that_do_not_fit_are_refused():
    epi = Epi()
    scan = epi.scan([epi.frame()] * 2, SliceTiming=[0.0, 500.0, 1000.0])
    from tmsguide.preprocess.frames import frame_reader

    with pytest.raises(InputError, match="SliceTiming has 3 times"):
        frame_reader(scan)


def test_smoothing_keeps_constants_and_mixes_only_brain(grid):
    flat = np.full((2, len(grid.places)), 3.0, np.float32)
    assert_close(smooth(flat, grid, fwhm_mm=8.0), flat, STORED)
    assert_close(smooth(flat + 1, grid, fwhm_mm=0.0), flat + 1, STORED)


def test_smoothing_has_the_width_it_says(grid):
    middle = np.linalg.norm(grid.places.xyz_mm, axis=1).argmin()
    spike = np.zeros((1, len(grid.places)), np.float32)
    spike[0, middle] = 1.0
    out = smooth(spike, grid, fwhm_mm=10.0)[0].astype(float)
    away = grid.places.xyz_mm - grid.places.xyz_mm[middle]
    sigma_mm = np.sqrt((out[:, None] * away**2).sum(axis=0) / out.sum())
    # a Gaussian cut at 3 sigma on 4 mm voxels: measured 4.15 of 4.247
    assert_close(sigma_mm, np.full(3, 10 / 2.3548), Tol(0.03, "cut at three sigma"))
