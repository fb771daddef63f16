"""FreeSurfer and FastSurfer folders: the scanner's space from tkRAS, tissues from numbers."""

import numpy as np
import pytest
from nibabel.freesurfer import read_geometry, write_geometry

from tests.io import foreign
from tests.io.damage import survives
from tests.io.refusals import refused
from tests.tolerance import STORED, assert_close
from tmsguide.io.heads.brain_labels import brain_tissues
from tmsguide.io.heads.freesurfer import fsaverage_sphere, is_freesurfer, read_freesurfer
from tmsguide.io.heads.freesurfer_surfaces import read_freesurfer_sphere, read_freesurfer_surface
from tmsguide.io.images.mgh import read_mgh
from tmsguide.io.prepared.person_surfaces import (
    fsaverage5_sphere,
    read_own_cortex,
    read_own_fslr,
    read_own_spheres,
)
from tmsguide.model import Tissue, native_frame

FRAME = native_frame("01")


def test_surfaces_come_back_to_the_scanner_from_an_oblique_volume(tmp_path):
    """Written in tkRAS by nibabel's own matrices; read at the place they were drawn."""
    got = read_freesurfer(foreign.recon(tmp_path / "sub-01"), frame=FRAME)
    for side in ("left", "right"):
        expected = foreign.hemisphere(side, radius=30.0)[0]  # half-way from 28 to 32
        assert_close(got.midthickness[side].vertices.xyz_mm, expected, STORED)
        assert len(got.spheres[side].vertices) == len(expected)
    assert got.midthickness["left"].vertices.xyz_mm[:, 0].max() < 0
    assert got.midthickness["left"].vertices.frame == FRAME


def test_conformed_volume_shifts_by_c_ras(tmp_path):
    """FreeSurfer's usual case: upright LIA storage, where tkRAS is off by c_ras alone."""
    affine = foreign.turned(degrees=0.0, centre=(5.0, -11.0, 17.0))
    folder = foreign.recon(tmp_path / "s", affine)
    tk, _ = read_geometry(folder / "surf" / "lh.white")
    got = read_freesurfer_surface(folder / "surf" / "lh.white", frame=FRAME)
    assert_close(got.vertices.xyz_mm, tk + np.array([5.0, -11.0, 17.0]), STORED)


def test_scanner_positions_stay_as_they_are(tmp_path):
    folder = foreign.recon(tmp_path / "s")
    path = folder / "surf" / "lh.pial"
    data = path.read_bytes()
    old, new = b"\0\0\0\2\0\0\0\0\0\0\0\x14", b"\0\0\0\2\0\0\0\1\0\0\0\x14"
    assert data.count(old) == 1
    path.write_bytes(data.replace(old, new))
    stored, _ = read_geometry(path)
    got = read_freesurfer_surface(path, frame=FRAME)
    assert_close(got.vertices.xyz_mm, stored, STORED)


def test_surface_without_footer_takes_the_volumes_geometry(tmp_path):
    folder = foreign.recon(tmp_path / "s")
    path = folder / "surf" / "rh.white"
    tk, f = read_geometry(path)
    write_geometry(path, tk, f, "by nobody")
    expected = foreign.hemisphere("right", radius=30.0)[0]
    got = read_freesurfer(folder, frame=FRAME).midthickness["right"]
    assert_close(got.vertices.xyz_mm, expected, STORED)
    refused(read_freesurfer_surface, path, frame=FRAME, words=["orig.mgz"])


def test_surfaces_of_another_run_are_refused(tmp_path):
    folder = foreign.recon(tmp_path / "s")
    other = foreign.recon(tmp_path / "t", foreign.turned(centre=(9.0, -18, 7)))
    (folder / "surf" / "lh.white").write_bytes((other / "surf" / "lh.white").read_bytes())
    refused(read_freesurfer, folder, frame=FRAME, words=["lh.white", "6.0 mm"])


def test_tissues_follow_the_numbers(tmp_path):
    affine = foreign.turned()
    got = read_freesurfer(foreign.recon(tmp_path / "s", affine), frame=FRAME)
    truth = foreign.shells(affine)
    tissue = got.brain_labels.data
    assert (tissue[truth == 1] == Tissue.WM).all()
    assert (tissue[truth == 2] == Tissue.GM).all()
    assert (tissue[truth == 3] == Tissue.CSF).all()  # ventricle by number, sulci by the mask
    assert not tissue[(truth == 0) | (truth > 3)].any()
    assert (got.brain_mask.data == ((truth > 0) & (truth <= 3))).all()
    ventricle = (truth == 3) & (foreign.structures(affine) == 4)
    at = foreign.world(affine)[ventricle]
    assert at[:, 0].max() < 3 - 4  # the marked one is on the left of the middle
    assert_close(got.t1w.frame_from_voxel, affine, STORED)


def test_known_structures():
    """Names of FreeSurferColorLUT, a tissue each."""
    names = {
        2: "WM", 41: "WM", 251: "WM", 3010: "WM", 16: "WM", 3: "GM", 10: "GM", 49: "GM", 53: "GM",
        1028: "GM", 12_175: "GM", 4: "CSF", 43: "CSF", 14: "CSF", 24: "CSF", 63: "CSF",
    }  # fmt: skip
    numbers = np.array(list(names)).reshape(1, 1, -1)
    got = brain_tissues(numbers, np.ones(numbers.shape, bool), "x")
    assert [Tissue(t).name for t in got.ravel()] == list(names.values())
    rim = brain_tissues(np.array([[[2, 3, 0, 0]]]), np.array([[[True, True, True, False]]]), "x")
    assert rim.ravel().tolist() == [Tissue.WM, Tissue.GM, Tissue.CSF, 0]


def test_other_numbers_are_refused():
    ones = np.ones((2, 2, 2), bool)
    refused(brain_tissues, np.full((2, 2, 2), 600), ones, "seg.mgz", words=["600", "aparc+aseg"])
    refused(brain_tissues, np.full((2, 2, 2), 0.5), ones, "seg.mgz", words=["whole"])
    refused(brain_tissues, np.full((2, 2, 2), 2), ones, "seg.mgz", words=["GM"])


@pytest.mark.parametrize(
    ("name", "raw"),
    [("aparc.DKTatlas+aseg.deep", True), ("aparc.DKTatlas+aseg.mapped", False)],
)
def test_fastsurfer_names(tmp_path, name, raw):
    folder = foreign.recon(tmp_path / "s", labels=name, surfaces=False)
    for old, new in (("nu", "orig_nu"), ("brainmask", "mask")):
        (folder / "mri" / f"{old}.mgz").rename(folder / "mri" / f"{new}.mgz")
    got = read_freesurfer(folder, frame=FRAME)
    assert got.labelled_by == "FastSurfer"
    assert got.midthickness == {}
    assert "surfaces" in got.notes[0]
    assert ("refined" in " ".join(got.notes)) == raw


def test_hand_edits_of_the_mask_are_outside(tmp_path):
    affine = foreign.turned()
    folder = foreign.recon(tmp_path / "s", affine)
    mask = np.asarray((foreign.shells(affine) > 0) & (foreign.shells(affine) <= 3), np.uint8) * 90
    csf = np.argwhere((foreign.shells(affine) == 3) & (foreign.structures(affine) == 0))[0]
    mask[tuple(csf)] = 1
    foreign.mgz(folder / "mri" / "brainmask.mgz", mask, affine)
    assert read_freesurfer(folder, frame=FRAME).brain_labels.data[tuple(csf)] == 0


def test_missing_pieces_are_named(tmp_path):
    refused(read_freesurfer, tmp_path, frame=FRAME, words=["recon folder"])
    folder = foreign.recon(tmp_path / "s")
    assert is_freesurfer(folder)
    for piece in ("surf/rh.sphere.reg", "mri/brainmask.mgz", "mri/aparc+aseg.mgz"):
        held = (folder / piece).read_bytes()
        (folder / piece).unlink()
        refused(read_freesurfer, folder, frame=FRAME, words=[piece.split("/")[1].split(".mgz")[0]])
        (folder / piece).write_bytes(held)
    foreign.mgz(folder / "mri" / "brainmask.mgz", np.ones((9, 9, 9), np.uint8), np.eye(4))
    refused(read_freesurfer, folder, frame=FRAME, words=["grids"])


def test_damaged_files_give_one_line(tmp_path):
    folder = foreign.recon(tmp_path / "s")
    white, volume = folder / "surf" / "lh.white", folder / "mri" / "nu.mgz"
    survives(white, lambda: read_freesurfer_surface(white, frame=FRAME), head=100_000)
    survives(volume, lambda: read_mgh(volume, frame=FRAME))
    plain = volume.with_suffix(".mgh")
    foreign.mgz(plain, np.ones((5, 6, 7), np.float32), foreign.turned())
    survives(plain, lambda: read_mgh(plain, frame=FRAME), rounds=90, head=284)
    refused(read_freesurfer_sphere, white, words=["sphere"])
    refused(read_freesurfer_surface, volume, frame=FRAME, words=["no FreeSurfer surface"])


def test_coarser_fsaverage_is_the_start_of_the_finer(tmp_path):
    """The bundled fsaverage5 itself shows it: its first vertices are the coarser icosahedra."""
    sphere = fsaverage5_sphere("left").vertices.xyz_mm
    unit = sphere / np.linalg.norm(sphere, axis=1, keepdims=True)
    for count, spread in ((12, 0.15), (42, 0.2), (162, 0.2), (642, 0.2), (2562, 0.25)):
        apart = np.arccos(np.clip(unit[:count] @ unit[:count].T, -1, 1)) + 9 * np.eye(count)
        nearest = apart.min(axis=1)  # even, as only whole rounds of refinement are
        assert nearest.std() / nearest.mean() < spread
    folder = tmp_path / "fsaverage" / "surf"
    folder.mkdir(parents=True)
    v, f = foreign.icosphere(6)
    write_geometry(folder / "lh.sphere.reg", v * 100, f, "by nobody")
    got = fsaverage_sphere(tmp_path, "left", 40_962)
    assert_close(got.vertices.xyz_mm, v * 100, STORED)
    coarse = fsaverage_sphere(tmp_path, "left", 10_242)
    assert_close(coarse.vertices.xyz_mm, v[:10_242] * 100, STORED)
    refused(fsaverage_sphere, tmp_path, "right", 40_962, words=["fsaverage6"])
    refused(fsaverage_sphere, tmp_path, "left", 32_492, words=["fsaverage5"])


def fmriprep_surfaces(root, *, old=False):
    home = root / "sub-01" / "anat"
    for side, h in (("left", "L"), ("right", "R")):
        sphere, f = foreign.icosphere()
        for kind, radius in (("white" if not old else "smoothwm", 28), ("pial", 32)):
            xyz = foreign.hemisphere(side, radius=radius)[0]
            foreign.surface(home / f"sub-01_hemi-{h}_{kind}.surf.gii", xyz, f)
        space = "" if old else "space-fsaverage_"
        foreign.surface(home / f"sub-01_hemi-{h}_{space}desc-reg_sphere.surf.gii", sphere * 100, f)
        if not old:
            name = f"sub-01_hemi-{h}_space-fsLR_den-32k_midthickness.surf.gii"
            foreign.surface(home / name, foreign.hemisphere(side)[0], f)
    return root / "sub-01"


@pytest.mark.parametrize("old", [False, True])
def test_fmriprep_surfaces_are_found(tmp_path, old):
    root = fmriprep_surfaces(tmp_path, old=old)
    for side, sheet in read_own_cortex(root, frame=FRAME).items():
        assert_close(sheet.vertices.xyz_mm, foreign.hemisphere(side)[0], STORED)
    assert len(read_own_spheres(root)["left"].vertices) == 162
    if old:
        refused(read_own_fslr, root, frame=FRAME, words=["person's own", "--cifti-output"])
    else:
        assert read_own_fslr(root, frame=FRAME)["left"].vertices.xyz_mm[:, 0].max() < 0
