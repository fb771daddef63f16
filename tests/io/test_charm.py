"""SimNIBS head folders: labels, maps and positions, each where it belongs."""

import numpy as np

from tests.io import foreign
from tests.io.damage import survives
from tests.io.images import save
from tests.io.refusals import refused
from tests.shared_data import shared
from tests.tolerance import STORED, Tol, assert_close
from tmsguide.io.heads.charm import CHARM_MNI, is_charm, read_charm
from tmsguide.io.heads.charm_maps import read_position_map
from tmsguide.io.heads.eeg_positions import read_eeg_positions
from tmsguide.model import Points, Tissue, native_frame

FRAME = native_frame("ernie")


def brain_places(n=60):
    rng = np.random.default_rng(0)
    return Points(rng.uniform(-35, 35, (n, 3)) + np.array([3.0, -18.0, 7.0]), FRAME)


def test_folder_is_read_whole(tmp_path):
    affine = foreign.turned()
    folder = foreign.m2m(tmp_path, affine=affine)
    assert is_charm(folder)
    got = read_charm(folder, frame=FRAME)
    assert (got.anatomy.labels.data == foreign.shells(affine)).all()
    assert_close(got.anatomy.labels.frame_from_voxel, affine, STORED)
    assert got.anatomy.labelled_by == "SimNIBS charm"
    assert got.mesh == folder / "ernie.msh"
    assert got.notes == ()
    cap = got.positions["EEG10-10_UI_Jurak_2007"]
    assert cap.names == ("Cz", "F3", "F4")
    assert_close(cap.at("F3"), [-30.5, 60, 40], STORED)
    assert got.positions["Fiducials"].names == ("LPA",)


def test_maps_are_those_of_the_files(tmp_path):
    got = read_charm(foreign.m2m(tmp_path), frame=FRAME)
    m = foreign.MNI_FROM_T1W
    there = got.mni_from_t1w(brain_places())
    expected = brain_places().xyz_mm @ m[:3, :3].T + m[:3, 3]
    assert_close(there.xyz_mm, expected, STORED)
    assert there.frame == CHARM_MNI
    back = got.t1w_from_mni(there).xyz_mm
    assert_close(back, brain_places().xyz_mm, Tol(1e-4, "two float32 fields"))


def test_zeros_beyond_the_atlas_take_the_nearest_shift(tmp_path):
    folder = foreign.m2m(tmp_path)
    path = folder / "toMNI" / "Conform2MNI_nonl.nii.gz"
    warp = read_position_map(path, source=FRAME, target=CHARM_MNI)
    size_mm = np.linalg.norm(warp.displacement_mm, axis=-1)
    assert size_mm.max() < 40  # a zero kept as a position would be a shift of over 100 mm
    inside = foreign.shells(foreign.turned()) > 0
    assert size_mm.max() <= size_mm[inside].max() + 1e-3


def test_maps_of_two_heads_are_refused(tmp_path):
    folder = foreign.m2m(tmp_path)
    there, back = (folder / "toMNI" / f"{n}_nonl.nii.gz" for n in ("Conform2MNI", "MNI2Conform"))
    both = there.read_bytes(), back.read_bytes()
    there.write_bytes(both[1])
    refused(read_charm, folder, frame=FRAME, words=["misses by"])
    back.write_bytes(both[0])
    refused(read_charm, folder, frame=FRAME, words=["each other's name"])
    back.write_bytes(both[1])
    affine = foreign.turned()
    other = foreign.world(affine) + np.array([0.0, 25.0, 0.0])  # of another head
    save(there, other.astype(np.float32), affine)
    refused(read_charm, folder, frame=FRAME, words=["misses by"])
    there.write_bytes(both[0])
    assert read_charm(folder, frame=FRAME).mesh is not None


def test_labels_before_meshing_serve_too(tmp_path):
    folder = foreign.m2m(tmp_path)
    (folder / "label_prep").mkdir()
    (folder / "final_tissues.nii.gz").rename(
        folder / "label_prep" / "tissue_labeling_upsampled.nii.gz"
    )
    got = read_charm(folder, frame=FRAME)
    assert "before meshing" in got.notes[0]
    assert (got.anatomy.labels.data == foreign.shells(foreign.turned())).all()


def test_odd_labels_are_refused(tmp_path):
    folder = foreign.m2m(tmp_path)
    labels = foreign.shells(foreign.turned()).astype(np.int16)
    labels[20, 20, 20] = 99
    save(folder / "final_tissues.nii.gz", labels, foreign.turned())
    assert read_charm(folder, frame=FRAME).anatomy.labels.data[20, 20, 20] == Tissue.AIR
    labels[20, 20, 20] = 12
    save(folder / "final_tissues.nii.gz", labels, foreign.turned())
    refused(read_charm, folder, frame=FRAME, words=["12", "muscle"])


def test_simnibs_3_is_told(tmp_path):
    folder = tmp_path / "m2m_ernie"
    save(folder / "T1fs_conform.nii.gz", foreign.shells(foreign.turned()), foreign.turned())
    refused(read_charm, folder, frame=FRAME, words=["SimNIBS 3", "charm"])


def test_missing_pieces_are_named(tmp_path):
    refused(read_charm, tmp_path, frame=FRAME, words=["m2m_"])
    folder = foreign.m2m(tmp_path)
    for piece in ("T1.nii.gz", "final_tissues.nii.gz", "toMNI/MNI2Conform_nonl.nii.gz"):
        held = (folder / piece).read_bytes()
        (folder / piece).unlink()
        refused(read_charm, folder, frame=FRAME, words=[piece])
        (folder / piece).write_bytes(held)
    (folder / "ernie.msh").unlink()
    assert read_charm(folder, frame=FRAME).mesh is None


def test_real_caps_are_read():
    """The template caps that charm carries over have the same columns."""
    for path in shared("eeg_caps_mni").glob("*.csv"):
        got = read_eeg_positions(path, frame=FRAME)
        assert len(got.names) == len(got.points) > 2
        if "F3" in got.names:
            assert got.at("F3")[0] < 0 < got.at("F4")[0]


def test_odd_positions_are_refused(tmp_path):
    path = tmp_path / "cap.csv"
    cases = {
        "Electrode,1,2\n": "row 1",
        "Electrode,1,2,x,F3\n": "row 1",
        "Electrode,1,2,nan,F3\n": "row 1",
        "CoilPos,1,2,3,a\n": "no electrode",
        "Electrode,1,2,3,F3\nElectrode,1,2,3,F3\n": "twice",
    }
    for text, word in cases.items():
        path.write_text(text)
        refused(read_eeg_positions, path, frame=FRAME, words=[word])
    path.write_text("Electrode,1,2,3,Iz\nFiducial,4,5,6,Iz\n")
    assert_close(read_eeg_positions(path, frame=FRAME).at("Iz"), [1, 2, 3], STORED)
    survives(path, lambda: read_eeg_positions(path, frame=FRAME), rounds=60)
