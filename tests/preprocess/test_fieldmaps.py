import numpy as np
import pytest

from tests.preprocess.distorted import READOUT_S, VOXEL_MM, Scanner, rms
from tests.preprocess.phantoms import BOLD, T1W, anatomy, world
from tests.tolerance import EXACT, STORED, Tol, assert_close
from tmsguide.errors import FrameError, InputError
from tmsguide.model import Affine, Distortion, Frame, Points, Scan, Volume
from tmsguide.num.rigid import inverted, rigid_displacement_mm, rigid_from_parameters
from tmsguide.phantom.distortion import epi_magnitude, phase_difference
from tmsguide.preprocess import brain_grid, resample_once
from tmsguide.preprocess.distortion.fieldmaps import field_from_direct, field_from_phases
from tmsguide.preprocess.distortion.phase_encoding import distortion_from_field
from tmsguide.preprocess.distortion.susceptibility import distortion_caution, run_distortion
from tmsguide.preprocess.distortion.unwrapping import phase_radians, unwrapped, wrapped
from tmsguide.preprocess.resampling import resample_mapped, undistorted

FMAP = Frame("sub-phantom/fmap")
SAME = Affine(np.eye(4), BOLD, BOLD)
MM_PER_HZ = READOUT_S * 52 / 51 * VOXEL_MM[1]
GAP_S = 0.00246


def shifted(scanner, field, direction, to_run=SAME):
    return distortion_from_field(
        field, to_run, scanner.still(), phase_direction=direction, readout_s=READOUT_S, source="x"
    )


def constant(scanner, hz):
    return scanner.volume(np.full(scanner.shape, hz))


# The sign


@pytest.mark.parametrize(("direction", "moved"), [("j", 2), ("j-", -2), ("i", 2), ("k-", -2)])
def test_positive_frequency_moves_signal_the_way_of_the_direction(direction, moved):
    """A point read out line by line in a constant field appears 2 voxels along."""
    shape, axis = (8, 10, 12), "ijk".index(direction[0])
    point = np.zeros(shape)
    point[3, 4, 5] = 1.0
    n = shape[axis]
    hz = 2 / (READOUT_S * n / (n - 1))
    image = epi_magnitude(
        point, np.full(shape, hz), direction=direction, readout_s=READOUT_S, voxels=n
    )
    expected = [3, 4, 5]
    expected[axis] += moved
    assert np.unravel_index(image.argmax(), shape) == tuple(expected)
    assert_close(image[tuple(expected)], 1.0, EXACT)


@pytest.mark.parametrize("axes", ["RAS", "LAS", "LPS", "PSR"])
@pytest.mark.parametrize("toward", ["A", "P", "L"])
def test_the_image_read_out_in_the_field_is_where_the_distortion_says(axes, toward):
    """The undistorted image, recovered from the k-space image, is the planted one."""
    scanner = Scanner(axes)
    direction = scanner.toward(toward)
    raw = scanner.epi(direction, peak_hz=60)
    planted, brain = scanner.still().data[scanner.brain()], scanner.brain()
    found = undistorted(raw, shifted(scanner, scanner.field(60), direction)).data[brain]
    wrong = undistorted(raw, shifted(scanner, scanner.field(-60), direction)).data[brain]
    before = rms(raw.data[brain] - planted)
    # of a signal of 100 to 160: measured 0.32 to 0.59 corrected, 3.2 to 4.2 before, 6.1 to 8.4
    # when corrected the wrong way; what is left is the ringing of the readout
    assert rms(found - planted) < 0.25 * before
    assert rms(wrong - planted) > 1.5 * before


# Laws of the distortion


def test_no_field_is_no_change():
    scanner = Scanner("LPS")
    image = scanner.still()
    same = undistorted(image, shifted(scanner, constant(scanner, 0.0), "j"))
    assert_close(same.data, image.data, STORED)


def test_a_constant_field_is_a_translation():
    scanner = Scanner("LAS")
    image = scanner.still()
    two = shifted(scanner, constant(scanner, 2 / (READOUT_S * 52 / 51)), "j-")
    assert_close(two.shift_mm.data, np.full(scanner.shape, -6.0), STORED)
    assert_close(two.direction, np.array([0, 1.0, 0]), EXACT)
    found = undistorted(image, two).data
    assert_close(found[:, 4:], image.data[:, 2:-2], STORED)


def test_stretch_keeps_the_amount_of_signal():
    """The total signal of an image does not change where all of it stays in view."""
    scanner = Scanner()
    raw = scanner.epi("j")
    found = undistorted(raw, shifted(scanner, scanner.field(), "j"))
    total, expected = (float(v.data.sum(dtype=float)) for v in (found, scanner.still()))
    assert abs(total / expected - 1) < 0.001  # measured 0.0002


@pytest.mark.parametrize("axes", ["LAS", "LPS", "PSR"])
def test_voxel_axes_do_not_matter(axes):
    tilt = rigid_from_parameters(np.array([0, 0, 0, 0.2, -0.1, 0.3]), np.zeros(3))[:3, :3]
    plain, other = Scanner("RAS", tilt), Scanner(axes, tilt)
    field = plain.field()
    one = shifted(plain, field, plain.toward("A"))
    two = shifted(other, field, other.toward("A"))
    assert_close(
        _at(two, plain.places()[0]), _at(one, plain.places()[0]), Tol(1e-4, "float32 field")
    )


def _at(distortion, places):
    """Displacements (N, 3) in the world at voxel centres of another storage order."""
    volume = distortion.shift_mm
    m = inverted(volume.frame_from_voxel)
    index = np.rint(places @ m[:3, :3].T + m[:3, 3]).astype(int)
    return volume.data[tuple(index.T)][:, None] * distortion.direction


def test_a_field_that_moved_with_the_head():
    scanner = Scanner()
    move = rigid_from_parameters(np.array([2, -3, 1, 0.05, 0.02, -0.04]), np.zeros(3))
    field = scanner.field()
    own = Volume(field.data, inverted(move) @ field.frame_from_voxel, FMAP)
    found = shifted(scanner, own, "j", Affine(move, FMAP, BOLD))
    assert_close(found.shift_mm.data, field.data * MM_PER_HZ, Tol(1e-5, "same grid, float32"))


def test_the_map_must_fit_the_frames():
    scanner = Scanner()
    with pytest.raises(FrameError, match="fmap"):
        shifted(scanner, scanner.field(), "j", Affine(np.eye(4), FMAP, BOLD))


# Reading a run through it


def test_one_interpolation_undoes_distortion_motion_and_header_error():
    """A wave in the head, drawn shifted and squeezed in moved frames, comes out where it is."""
    grid = brain_grid(anatomy(), grid_mm=5.0)
    t1w_from_bold = rigid_from_parameters(np.array([4, -3, 2, 0.08, 0.04, -0.06]), np.zeros(3))
    scanner = Scanner("LAS")
    reference = scanner.volume(np.zeros(scanner.shape))
    slope = 0.15 / 40

    def drawn(y):  # mm: where the signal of y is drawn, and its inverse below
        return y + 3.0 + slope * y**2 / 2

    def origin(v):
        return (-1 + np.sqrt(1 - 2 * slope * (3.0 - v))) / slope

    def pattern(xyz):
        home = xyz @ t1w_from_bold[:3, :3].T + t1w_from_bold[:3, 3]
        return 100 + 30 * np.sin(home[:, 0] / 11) + 20 * np.cos(home[:, 1] / 12) + home[:, 2] / 4

    moves = np.stack(
        [rigid_from_parameters(np.array(p), np.zeros(3)) for p in
         ([0, 0, 0, 0, 0, 0.0], [1, 0.5, -1, 0.02, 0, 0.01])]
    )  # fmt: skip
    frames = []
    for move in moves:
        seen = world(scanner.shape, inverted(move) @ scanner.world_from_voxel)
        from_y = origin(seen[:, 1])
        home = np.column_stack([seen[:, 0], from_y, seen[:, 2]])
        frames.append((pattern(home) / (1 + slope * from_y)).reshape(scanner.shape))
    scan = Scan(scanner.volume(np.stack(frames, 3)), tr_s=2.0)
    y = world(scanner.shape, scanner.world_from_voxel)[:, 1].reshape(scanner.shape)
    distortion = Distortion(
        Volume((drawn(y) - y).astype(np.float32), reference.frame_from_voxel, BOLD),
        np.array([0.0, 1, 0]),
        "planted",
    )
    series = resample_once(
        scan,
        grid,
        bold_from_t1w=inverted(t1w_from_bold),
        frame_from_reference=moves,
        distortion=distortion,
    )
    inner = np.abs(grid.places.xyz_mm[:, 1]) < 50
    expected = pattern(
        grid.places.xyz_mm @ inverted(t1w_from_bold)[:3, :3].T + inverted(t1w_from_bold)[:3, 3]
    )
    # measured 4e-4: the trilinear reading of the shift
    assert_close(series[:, inner], np.tile(expected[inner], (2, 1)), Tol(1e-3, "interpolation"))
    plain = resample_once(
        scan, grid, bold_from_t1w=inverted(t1w_from_bold), frame_from_reference=moves
    )
    assert np.abs(plain[:, inner] - expected[inner]).max() > 10


def test_a_zero_distortion_reads_what_none_reads():
    grid = brain_grid(anatomy(), grid_mm=6.0)
    scanner = Scanner()
    scan = Scan(scanner.volume(scanner.still().data[..., None]), tr_s=2.0)
    chain = {"bold_from_t1w": np.eye(4), "frame_from_reference": np.eye(4)[None]}
    zero = shifted(scanner, constant(scanner, 0.0), "j")
    assert_close(
        resample_once(scan, grid, distortion=zero, **chain),
        resample_once(scan, grid, **chain),
        STORED,
    )


def test_a_still_scan_is_read_at_places_of_its_frame():
    scanner = Scanner("LPS")
    xyz = scanner.places()[0]
    wave = (np.sin(xyz[:, 0] / 12) + xyz[:, 1] / 50).reshape(scanner.shape)
    scan = Scan(
        scanner.volume(np.stack([wave, 2 * wave], 3)), tr_s=2.0, metadata={"SliceTiming": [0.0]}
    )
    places = np.array([[3.3, -14.2, 7.7], [-20.1, 8.5, -11.0], [500.0, 0, 0]])
    series = resample_mapped(scan, Points(places, BOLD))
    expected = np.sin(places[:2, 0] / 12) + places[:2, 1] / 50
    # cubic spline of a wave 75 mm long on 3 mm voxels: measured 3e-6
    assert_close(series[:, :2], np.stack([expected, 2 * expected]), STORED)
    assert (series[:, 2] == 0).all()
    with pytest.raises(FrameError, match="T1w"):
        resample_mapped(scan, Points(places, T1W))


# Phase


def test_phase_scales():
    phase = np.linspace(-np.pi, np.pi, 64, endpoint=False)
    siemens = np.round(phase * 2048 / np.pi)
    assert_close(phase_radians(phase), phase, EXACT, scale=np.pi)
    assert_close(wrapped(phase_radians(phase % (2 * np.pi)) - phase), 0 * phase, EXACT, scale=1)
    rounded = Tol(1e-3, "integers of 4096 to the turn")
    scales = (siemens + 2048, 2 * siemens, siemens, np.round(1000 * phase))
    for stored in scales:
        full = np.append(stored, stored.max() + stored[1] - stored[0] - 1)  # the scale is filled
        assert_close(phase_radians(full)[:-1], phase, rounded, scale=np.pi)
    with pytest.raises(InputError, match="0 to 4095"):
        phase_radians(np.linspace(0, 900, 64))


@pytest.mark.parametrize("turns", [0.3, 2.0, 3.0])
def test_wraps_are_undone(turns):
    """A field bump of several turns, in noise, within a mask of a head."""
    shape = (40, 44, 30)
    at = (np.indices(shape) - np.array([20, 22, 15]).reshape(3, 1, 1, 1)) / 1.0
    mask = ((at / np.array([17, 19, 13]).reshape(3, 1, 1, 1)) ** 2).sum(axis=0) < 1
    phase = 2 * np.pi * turns * np.exp(-((at - 4) ** 2).sum(axis=0) / 60) + 0.4
    rng = np.random.default_rng(2)
    noisy = phase + 0.05 * rng.standard_normal(shape)
    found = unwrapped(wrapped(noisy), mask)
    assert_close(found[mask], noisy[mask], EXACT)
    assert (found[~mask] == 0).all()
    if turns > 1:
        assert np.abs(wrapped(noisy) - noisy)[mask].max() > 6


def gre(scanner, *, peak_hz=100.0, noise=0.02, seed=5):
    """Magnitude of both echoes and the true field, on the grid of a gradient-echo fieldmap."""
    magnitude = scanner.still().data.astype(float)
    sd = noise * 100
    rng = np.random.default_rng(seed)
    phase = phase_difference(
        scanner.field(peak_hz).data.astype(float),
        magnitude,
        echo_gap_s=GAP_S,
        noise=sd,
        rng=rng,
    )
    return Volume(magnitude.astype(np.float32), scanner.world_from_voxel, FMAP), phase


def test_a_phase_difference_gives_the_field():
    scanner = Scanner("LAS")
    magnitude, phase = gre(scanner, peak_hz=500.0)
    stored = np.round(phase / np.pi * 4095)
    scan = Scan(
        Volume(stored, scanner.world_from_voxel, FMAP),
        metadata={"EchoTime1": 0.00492, "EchoTime2": 0.00492 + GAP_S},
    )
    found = field_from_phases([scan], magnitude)
    truth, brain = scanner.field(500.0).data, scanner.brain()
    assert np.ptp(truth[brain]) > 1 / GAP_S  # more than a turn
    error = (found.data - truth)[brain]
    # of 44 Hz, in noise of 1.5 Hz: measured 0.9 Hz
    assert rms(error) < 1.4
    assert found.frame == FMAP


def test_two_phases_give_what_their_difference_gives():
    scanner = Scanner()
    magnitude, phase = gre(scanner)
    rng = np.random.default_rng(1)
    offset = 0.8 * np.sin(np.arange(scanner.shape[0]) / 9)[:, None, None] + 0 * phase
    offset += 1e-3 * rng.standard_normal(phase.shape)
    volumes = [
        Scan(Volume(wrapped(p), scanner.world_from_voxel, FMAP), metadata={"EchoTime": t})
        for p, t in ((offset, 0.005), (offset + phase, 0.005 + GAP_S))
    ]
    # air fills the scale of a phase image
    for v in volumes:
        v.volume.data[0, 0, :2] = -3.14159, 3.14159
    difference = Scan(
        Volume(phase, scanner.world_from_voxel, FMAP),
        metadata={"EchoTime1": 0.005, "EchoTime2": 0.005 + GAP_S},
    )
    difference.volume.data[0, 0, :2] = -3.14159, 3.14159
    one = field_from_phases([difference], magnitude)
    two = field_from_phases(volumes, magnitude)
    late_first = field_from_phases(volumes[::-1], magnitude)
    assert_close(two.data, one.data, Tol(1e-3, "float32 solve"))
    assert_close(late_first.data, one.data, Tol(1e-3, "float32 solve"))


@pytest.mark.parametrize(
    ("units", "factor"), [("Hz", 1.0), ("rad/s", 2 * np.pi), ("T", 1 / 42.576385e6)]
)
def test_a_measured_field_is_read_in_its_units(units, factor):
    scanner = Scanner()
    magnitude, _ = gre(scanner)
    truth = scanner.field().data
    spoiled = truth * factor
    spoiled[23, 26, 17] = 900 * factor  # one wild voxel
    spoiled[~scanner.brain() & (magnitude.data < 1)] = 400 * factor  # air
    scan = Scan(Volume(spoiled, scanner.world_from_voxel, FMAP), metadata={"Units": units})
    found = field_from_direct(scan, magnitude)
    error = (found.data - truth)[scanner.brain()]
    assert rms(error) < 1.0
    assert abs(found.data[23, 26, 17] - truth[23, 26, 17]) < 1.0
    assert np.abs(found.data).max() < 250  # goes on calmly in air


def test_what_the_metadata_must_say():
    scanner = Scanner()
    magnitude, phase = gre(scanner)
    volume = Volume(phase, scanner.world_from_voxel, FMAP)
    volume.data[0, 0, :2] = -3.14159, 3.14159
    with pytest.raises(InputError, match="EchoTime2"):
        field_from_phases([Scan(volume, metadata={"EchoTime1": 0.005})], magnitude)
    with pytest.raises(InputError, match="in seconds"):
        field_from_phases([Scan(volume, metadata={"EchoTime1": 4.9, "EchoTime2": 7.4})], magnitude)
    with pytest.raises(InputError, match="Units"):
        field_from_direct(Scan(volume), magnitude)
    small = Volume(magnitude.data[1:], magnitude.frame_from_voxel, FMAP)
    times = {"EchoTime1": 0.005, "EchoTime2": 0.0075}
    with pytest.raises(InputError, match="one grid"):
        field_from_phases([Scan(volume, metadata=times)], small)


# One run, whatever was acquired


def every_way(scanner, direction, opposite):
    """The same person's fieldmaps of each kind, as arguments of `run_distortion`."""
    magnitude, phase = gre(scanner)
    phase[0, 0, :2] = -3.14159, 3.14159
    times = {"EchoTime1": 0.005, "EchoTime2": 0.005 + GAP_S}
    place = scanner.world_from_voxel

    def in_fmap(scan):
        return Scan(Volume(scan.volume.data, place, FMAP), metadata=scan.metadata)

    mine, other = scanner.scan(direction, noise=0.02), scanner.scan(opposite, noise=0.02, seed=3)
    direct = Scan(Volume(scanner.field().data, place, FMAP), metadata={"Units": "Hz"})
    return {
        "phases": {
            "phases": [Scan(Volume(phase, place, FMAP), metadata=times)],
            "magnitude": magnitude,
        },
        "direct": {"direct": direct, "magnitude": magnitude},
        "pair": {"pair": [in_fmap(other), in_fmap(mine)]},
        "single": {"pair": [in_fmap(other)]},
    }


@pytest.mark.parametrize(("axes", "toward"), [("RAS", "P"), ("LPS", "A")])
def test_every_kind_of_fieldmap_agrees(axes, toward):
    """In sign and size, with the planted shift: the phase and the pairs know nothing of it."""
    scanner = Scanner(axes)
    direction, opposite = scanner.toward(toward), scanner.toward("AP".replace(toward, ""))
    reference = scanner.epi(direction, noise=0.01, seed=8)
    sign = 1 if toward == "A" else -1
    brain = scanner.brain()
    truth_mm = sign * scanner.field().data[brain] * MM_PER_HZ
    for kind, given in every_way(scanner, direction, opposite).items():
        found = run_distortion(
            reference,
            phase_direction=direction,
            readout_s=READOUT_S,
            source=kind,
            **given,
        )
        assert found.shift_mm.frame == BOLD
        toward_front = found.shift_mm.data[brain] * found.direction[1]
        # measured direct 0.014, phases 0.08, pairs 0.09 to 0.10 mm of 1.09
        assert rms(toward_front - truth_mm) < 0.15, kind
        assert found.source == kind


def test_a_pair_of_a_head_that_lay_elsewhere_is_laid_on_the_run():
    scanner = Scanner()
    move = rigid_from_parameters(np.array([1, 1.5, -2, 0.03, 0.01, 0.03]), np.zeros(3))
    pair = [scanner.scan("j", move=inverted(move)), scanner.scan("j-", move=inverted(move))]
    found = run_distortion(
        scanner.epi("j"), phase_direction="j", readout_s=READOUT_S, source="", pair=pair
    )
    brain = scanner.brain()
    error = found.shift_mm.data[brain] - scanner.field().data[brain] * MM_PER_HZ
    # measured 0.09 mm, as for a head that did not move
    assert rms(error) < 0.15


def test_a_registration_is_used_only_where_it_is_near():
    scanner = Scanner()
    given = every_way(scanner, "j", "j-")["direct"]
    truth = scanner.field().data * MM_PER_HZ
    near = rigid_from_parameters(np.array([0, 0, 4.0, 0, 0, 0]), np.zeros(3))
    far = rigid_from_parameters(np.array([0, 0, 40.0, 0, 0, 0]), np.zeros(3))
    out = []
    for move in (near, far):

        def linear(fixed, moving, *, initial, dof, move=move):
            assert dof == 6
            assert (initial.source, initial.target) == (FMAP, BOLD)
            return Affine(move, moving.frame, fixed.frame)

        out.append(
            run_distortion(
                scanner.epi("j"),
                phase_direction="j",
                readout_s=READOUT_S,
                source="",
                linear=linear,
                **given,
            ).shift_mm.data
        )
    assert rigid_displacement_mm(near, np.eye(4), np.zeros((1, 3)))[0] == 4.0
    brain = scanner.brain()[:, :, 1:]
    # one slice up, and as by headers
    assert rms((out[0][:, :, 1:] - truth[:, :, :-1])[brain]) < 0.3 * rms(
        (out[0] - truth)[scanner.brain()]
    )
    assert rms((out[1] - truth)[scanner.brain()]) < 0.1


def test_one_kind_of_fieldmap_is_needed():
    scanner = Scanner()
    settings = {"phase_direction": "j", "readout_s": READOUT_S, "source": ""}
    with pytest.raises(InputError, match="one kind"):
        run_distortion(scanner.still(), **settings)
    with pytest.raises(InputError, match="magnitude1"):
        run_distortion(scanner.still(), direct=Scan(scanner.field()), **settings)
    with pytest.raises(InputError, match="TotalReadoutTime"):
        run_distortion(scanner.still(), pair=[Scan(scanner.still())], **settings)


def test_the_caution_is_plain():
    text = distortion_caution({"PhaseEncodingDirection": "j-"})
    assert "not corrected" in text
    assert "second image axis" in text
    assert "subgenual" in distortion_caution({})
    assert "axis" not in distortion_caution({})
