import numpy as np
import pytest

from tests.io.images import ORIENTATIONS, head, save, series, write
from tests.io.refusals import refused
from tests.tolerance import EXACT, assert_close
from tmsguide.io.bids.fieldmaps import FieldmapKind, find_fieldmaps, read_fieldmap
from tmsguide.io.bids.readouts import readout_time_s
from tmsguide.io.bids.sidecars import read_sidecar
from tmsguide.model import Frame

FRAME = Frame("sub-01/fmap")
TO_RUN = {"IntendedFor": ["func/sub-01_task-rest_bold.nii.gz"]}
EPI = {"PhaseEncodingDirection": "j", "TotalReadoutTime": 0.05}
TIMES = {"EchoTime1": 0.00492, "EchoTime2": 0.00738}


class Dataset:
    """A raw dataset with one person; files are added by name."""

    def __init__(self, root, **run):
        self.root = root
        write(root / "dataset_description.json", {"Name": "small", "BIDSVersion": "1.10.0"})
        self.bold = self.add(
            "func/sub-01_task-rest_bold", data=series(4), **({"TaskName": "rest"} | run)
        )

    def add(self, stem, *, data=None, axes="LAS", **sidecar):
        path = self.root / "sub-01" / f"{stem}.nii.gz"
        save(path, head() if data is None else data, ORIENTATIONS[axes], tr=None)
        write(path.with_name(path.name.replace(".nii.gz", ".json")), sidecar)
        return path

    def found(self):
        return find_fieldmaps(self.root, self.bold, read_sidecar(self.bold, self.root))


@pytest.fixture
def data(tmp_path):
    return Dataset(tmp_path, PhaseEncodingDirection="j-", TotalReadoutTime=0.03)


def names(files):
    return [image.path.name for image in files.images]


def test_none_where_nothing_is_linked(data):
    assert data.found() is None
    data.add("fmap/sub-01_phasediff", **TIMES)  # not linked to any run
    data.add("fmap/sub-01_dir-AP_epi", IntendedFor="func/sub-01_task-other_bold.nii.gz", **EPI)
    assert data.found() is None


@pytest.mark.parametrize(
    "target",
    [
        "func/sub-01_task-rest_bold.nii.gz",
        "bids::sub-01/func/sub-01_task-rest_bold.nii.gz",
        ["anat/sub-01_T1w.nii.gz", "func/sub-01_task-rest_bold.nii.gz"],
        "sub-01/func/sub-01_task-rest_bold.nii.gz",
        "func/sub-01_task-rest_bold.nii",
    ],
)
def test_intended_for_in_every_spelling(data, target):
    data.add("fmap/sub-01_phasediff", IntendedFor=target, **TIMES)
    data.add("fmap/sub-01_magnitude1")
    data.add("fmap/sub-01_magnitude2")
    files = data.found()
    assert files.kind is FieldmapKind.PHASE_DIFFERENCE
    assert files.link == "IntendedFor"
    assert files.magnitude.name == "sub-01_magnitude1.nii.gz"
    assert "sub-01_phasediff.nii.gz" in files.source


def test_another_dataset_of_the_same_name_is_not_meant(data):
    data.add(
        "fmap/sub-01_phasediff",
        IntendedFor="bids:raw:sub-01/func/sub-01_task-rest_bold.nii.gz",
        **TIMES,
    )
    assert data.found() is None


def test_every_echo_of_a_run_shares_its_fieldmap(tmp_path):
    data = Dataset(tmp_path, **EPI)
    echo = data.add("func/sub-01_task-rest_echo-2_bold", data=series(4), **EPI)
    data.add("fmap/sub-01_phasediff",
             IntendedFor="func/sub-01_task-rest_echo-1_bold.nii.gz", **TIMES)  # fmt: skip
    data.add("fmap/sub-01_magnitude1")
    assert find_fieldmaps(data.root, echo, read_sidecar(echo, data.root)) is not None


def test_b0_names_come_before_intended_for(tmp_path):
    data = Dataset(tmp_path, B0FieldSource="map0", **EPI)
    data.add("fmap/sub-01_acq-a_phasediff", **TO_RUN, **TIMES)
    data.add("fmap/sub-01_acq-b_phasediff", B0FieldIdentifier=["other", "map0"], **TIMES)
    for acq in "ab":
        data.add(f"fmap/sub-01_acq-{acq}_magnitude1")
    files = data.found()
    assert files.link == "B0FieldSource"
    assert names(files) == ["sub-01_acq-b_phasediff.nii.gz"]


def test_a_b0_name_that_nothing_carries_is_refused(tmp_path):
    data = Dataset(tmp_path, B0FieldSource="map0", **EPI)
    refused(data.found, words=["sub-01_task-rest_bold.nii.gz", "map0", "B0FieldIdentifier"])


def test_the_run_may_be_half_of_its_own_pair(tmp_path):
    data = Dataset(tmp_path, B0FieldSource="p", B0FieldIdentifier="p", **EPI)
    opposite = {"PhaseEncodingDirection": "j-", "TotalReadoutTime": 0.05}
    data.add("fmap/sub-01_dir-AP_epi", B0FieldIdentifier="p", **opposite)
    files = data.found()
    assert files.kind is FieldmapKind.SINGLE
    assert names(files) == ["sub-01_dir-AP_epi.nii.gz"]
    data.add("func/sub-01_task-rest_sbref", B0FieldIdentifier="p", **EPI)
    files = data.found()
    assert files.kind is FieldmapKind.PAIR
    assert names(files) == ["sub-01_task-rest_sbref.nii.gz", "sub-01_dir-AP_epi.nii.gz"]


@pytest.mark.parametrize("axes", ["RAS", "LAS", "LPS", "PSR"])
def test_opposite_ways_are_told_from_the_axes_as_stored(tmp_path, axes):
    """The run is LAS and read out j- (front to back); the pair is stored in another order."""
    data = Dataset(tmp_path, PhaseEncodingDirection="j-", TotalReadoutTime=0.03)
    front = {"RAS": "j", "LAS": "j", "LPS": "j-", "PSR": "i-"}[axes]
    back = front.removesuffix("-") if front.endswith("-") else front + "-"
    for label, way in (("PA", front), ("AP", back)):
        data.add(
            f"fmap/sub-01_dir-{label}_epi",
            axes=axes,
            PhaseEncodingDirection=way,
            TotalReadoutTime=0.05,
            **TO_RUN,
        )
    files = data.found()
    assert files.kind is FieldmapKind.PAIR
    # the run's own way comes first
    assert names(files) == ["sub-01_dir-AP_epi.nii.gz", "sub-01_dir-PA_epi.nii.gz"]


def test_a_pair_is_read_with_its_readout_times(data):
    data.add("fmap/sub-01_dir-PA_epi", data=series(3), **TO_RUN, **EPI)
    data.add(
        "fmap/sub-01_dir-AP_epi",
        PhaseEncodingDirection="j-",
        EffectiveEchoSpacing=0.0005,
        ReconMatrixPE=81,
        **TO_RUN,
    )
    scans = read_fieldmap(data.found(), frame=FRAME)
    assert [s.metadata["PhaseEncodingDirection"] for s in scans.pair] == ["j-", "j"]
    assert_close([s.metadata["TotalReadoutTime"] for s in scans.pair], [0.04, 0.05], EXACT)
    assert [s.volume.data.shape for s in scans.pair] == [(17, 18, 19), (7, 8, 9, 3)]
    assert scans.pair[0].volume.frame == FRAME
    assert scans.direct is scans.magnitude is None
    assert scans.phases == ()


def test_two_phases_and_a_measured_field_are_read(data):
    for n, t in ((1, 0.005), (2, 0.0075)):
        data.add(f"fmap/sub-01_phase{n}", EchoTime=t, **TO_RUN)
        data.add(f"fmap/sub-01_magnitude{n}")
    scans = read_fieldmap(data.found(), frame=FRAME)
    assert [s.metadata["EchoTime"] for s in scans.phases] == [0.005, 0.0075]
    assert scans.magnitude.data.shape == (17, 18, 19)

    data.add("fmap/sub-01_acq-z_fieldmap", data=head(dtype=np.float32), Units="rad/s", **TO_RUN)
    data.add("fmap/sub-01_acq-z_magnitude")
    (data.root / "sub-01/fmap/sub-01_phase1.nii.gz").unlink()
    (data.root / "sub-01/fmap/sub-01_phase2.nii.gz").unlink()
    files = data.found()
    assert files.kind is FieldmapKind.DIRECT
    scans = read_fieldmap(files, frame=FRAME)
    assert scans.direct.metadata["Units"] == "rad/s"
    assert_close(scans.direct.volume.data, head().astype(float), EXACT)


def test_the_most_trusted_of_several_is_taken_and_the_rest_named(data):
    data.add("fmap/sub-01_phasediff", **TO_RUN, **TIMES)
    data.add("fmap/sub-01_magnitude1")
    data.add("fmap/sub-01_dir-PA_epi", **TO_RUN, **EPI)
    data.add("fmap/sub-01_dir-AP_epi", **TO_RUN, **(EPI | {"PhaseEncodingDirection": "j-"}))
    files = data.found()
    assert files.kind is FieldmapKind.PAIR
    assert files.notes == ("fieldmap not used: sub-01_phasediff.nii.gz",)
    # one broken fieldmap does not take a sound one with it
    write(data.root / "sub-01/fmap/sub-01_dir-PA_epi.json", TO_RUN)
    files = data.found()
    assert files.kind is FieldmapKind.PHASE_DIFFERENCE
    assert any("PhaseEncodingDirection" in note for note in files.notes)


def test_the_sessions_own_fieldmap_is_preferred(tmp_path):
    data = Dataset(tmp_path, **EPI)
    run = data.add("ses-b/func/sub-01_ses-b_task-rest_bold", data=series(4), **EPI)
    for ses in "ab":
        data.add(
            f"ses-{ses}/fmap/sub-01_ses-{ses}_phasediff",
            IntendedFor="ses-b/func/sub-01_ses-b_task-rest_bold.nii.gz",
            **TIMES,
        )
        data.add(f"ses-{ses}/fmap/sub-01_ses-{ses}_magnitude1")
    files = find_fieldmaps(tmp_path, run, read_sidecar(run, tmp_path))
    assert names(files) == ["sub-01_ses-b_phasediff.nii.gz"]


# Missing pieces: one line that names the file and the key


@pytest.mark.parametrize("key", ["EchoTime1", "EchoTime2"])
def test_a_phase_difference_without_echo_time(data, key):
    data.add("fmap/sub-01_phasediff", **TO_RUN, **{k: v for k, v in TIMES.items() if k != key})
    data.add("fmap/sub-01_magnitude1")
    refused(data.found, words=["sub-01_phasediff.nii.gz", key])


def test_a_phase_difference_without_magnitude(data):
    data.add("fmap/sub-01_phasediff", **TO_RUN, **TIMES)
    refused(data.found, words=["sub-01_phasediff.nii.gz", "sub-01_magnitude1.nii.gz"])


def test_one_phase_without_the_other(data):
    data.add("fmap/sub-01_phase1", EchoTime=0.005, **TO_RUN)
    refused(data.found, words=["sub-01_phase1.nii.gz", "sub-01_phase2.nii.gz"])


def test_a_measured_field_without_units(data):
    data.add("fmap/sub-01_fieldmap", Units="hertz", **TO_RUN)
    data.add("fmap/sub-01_magnitude")
    refused(data.found, words=["sub-01_fieldmap.nii.gz", "Units", "'hertz'"])


@pytest.mark.parametrize(
    ("without", "words"),
    [
        ("PhaseEncodingDirection", ["PhaseEncodingDirection"]),
        ("TotalReadoutTime", ["TotalReadoutTime", "EffectiveEchoSpacing"]),
    ],
)
def test_a_run_that_does_not_say_how_it_was_read_out(tmp_path, without, words):
    run = {k: v for k, v in EPI.items() if k != without}
    data = Dataset(tmp_path, **run)
    assert data.found() is None  # without a fieldmap nothing is needed
    data.add("fmap/sub-01_phasediff", **TO_RUN, **TIMES)
    data.add("fmap/sub-01_magnitude1")
    refused(data.found, words=["sub-01_task-rest_bold.nii.gz", *words])


@pytest.mark.parametrize("key", ["PhaseEncodingDirection", "TotalReadoutTime"])
def test_an_epi_that_does_not_say_how_it_was_read_out(data, key):
    data.add("fmap/sub-01_dir-PA_epi", **TO_RUN, **{k: v for k, v in EPI.items() if k != key})
    refused(data.found, words=["sub-01_dir-PA_epi.nii.gz", key])


def test_an_epi_read_out_like_the_run(data):
    data.add("fmap/sub-01_dir-AP_epi", **TO_RUN, **(EPI | {"PhaseEncodingDirection": "j-"}))
    refused(data.found, words=["sub-01_dir-AP_epi.nii.gz", "opposite"])


def test_a_phase_image_of_many_volumes(data):
    data.add("fmap/sub-01_phasediff", data=series(3), **TO_RUN, **TIMES)
    data.add("fmap/sub-01_magnitude1", data=series(2))
    refused(read_fieldmap, data.found(), frame=FRAME, words=["phasediff", "3 volumes"])


def test_readout_times():
    spacing = {"EffectiveEchoSpacing": 0.0005, "PhaseEncodingDirection": "k-"}
    assert readout_time_s({"TotalReadoutTime": 0.05} | spacing, (9, 9, 9)) == 0.05
    assert_close(readout_time_s(spacing, (64, 64, 41)), 0.02, EXACT)
    assert_close(readout_time_s(spacing | {"ReconMatrixPE": 101}, (64, 64, 41)), 0.05, EXACT)
    refused(readout_time_s, {"TotalReadoutTime": 50}, (9, 9, 9), words=["milliseconds"])
    refused(readout_time_s, {"TotalReadoutTime": "x"}, (9, 9, 9), words=["TotalReadoutTime"])
    refused(readout_time_s, {"EffectiveEchoSpacing": 5e-4}, (9, 9, 9), words=["PhaseEncoding"])
