"""fMRIPrep's runs on surfaces, from its folder to places in the person's head."""

import numpy as np
import pytest

from tests.io import foreign
from tests.io.refusals import refused
from tests.tolerance import STORED, assert_close
from tmsguide.io.prepared.fmriprep_surfaces import SurfaceRun
from tmsguide.io.prepared.person_surfaces import fsaverage5_sphere
from tmsguide.io.prepared.surface_runs import read_surface_run
from tmsguide.io.writing import write_tsv
from tmsguide.model import native_frame

FRAME = native_frame("01")
T = 30
TR = {"RepetitionTime": 2.0}


def longest_edge():
    v, f = foreign.icosphere(4)
    return max(np.linalg.norm(v[f[:, i]] - v[f[:, i - 1]], axis=1).max() for i in range(3))


def sheet_of(side, sphere):
    return sphere * 30 + [(-33.0 if side == "left" else 39.0), -18.0, 7.0]


def person(root, *, sphere_in="fmriprep"):
    """fMRIPrep's anat with a cortex that is the person's sphere, turned against fsaverage's."""
    anat = root / "sub-01" / "anat"
    v, f = foreign.icosphere(4)
    for side, h, fs in (("left", "L", "lh"), ("right", "R", "rh")):
        foreign.surface(anat / f"sub-01_hemi-{h}_midthickness.surf.gii", sheet_of(side, v), f)
        name = f"sub-01_hemi-{h}_space-fsLR_den-32k_midthickness.surf.gii"
        foreign.surface(anat / name, foreign.hemisphere(side)[0], foreign.icosphere()[1])
        if sphere_in == "fmriprep":
            name = f"sub-01_hemi-{h}_space-fsaverage_desc-reg_sphere.surf.gii"
            foreign.surface(anat / name, v * 100, f)
        if sphere_in == "freesurfer":
            foreign.sphere(root / "sourcedata" / "freesurfer" / "sub-01", fs, v * 100, f)
    return root / "sub-01"


def gifti_run(root, space, size):
    func = root / "func"
    files = tuple(
        foreign.func(func / f"sub-01_task-rest_hemi-{h}_space-{space}_bold.func.gii", s)
        for h, s in (("L", foreign.noise(T, size)), ("R", foreign.noise(T, size, 1)))
    )
    table = write_tsv({"trans_x": np.zeros(T)}, func / "sub-01_task-rest_desc-confounds.tsv")
    return SurfaceRun(files, space, TR, table, "rest")


@pytest.mark.parametrize("sphere_in", ["fmriprep", "freesurfer"])
def test_fsaverage5_lies_on_the_persons_cortex(tmp_path, sphere_in):
    root = person(tmp_path, sphere_in=sphere_in)
    got = read_surface_run(gifti_run(root, "fsaverage5", 10_242), root, frame=FRAME)
    assert got.series.shape == (T, 20_484)
    for k, side in enumerate(("left", "right")):
        unit = fsaverage5_sphere(side).vertices.xyz_mm / 100
        part = got.where.xyz_mm[k * 10_242 : (k + 1) * 10_242]
        error_mm = np.linalg.norm(part - sheet_of(side, unit), axis=1)
        # no place in a triangle is farther from its corners than an edge over the root of three
        assert 0.5 < error_mm.max() < longest_edge() * 30 / np.sqrt(3)
    assert list(got.confounds) == ["trans_x"]
    assert "spheres" in got.notes[-1]
    assert not got.denoised


def test_fsnative_is_placed_vertex_for_vertex(tmp_path):
    root = person(tmp_path)
    got = read_surface_run(gifti_run(root, "fsnative", 2562), root, frame=FRAME)
    v = foreign.icosphere(4)[0]
    expected = np.concatenate([sheet_of("left", v), sheet_of("right", v)])
    assert_close(got.where.xyz_mm, expected, STORED)


def test_dense_series_is_placed_on_the_fslr_mesh(tmp_path):
    root = person(tmp_path)
    path = root / "func" / "sub-01_task-rest_space-fsLR_den-91k_bold.dtseries.nii"
    foreign.dtseries(path, foreign.noise(T, len(foreign.brain_axis())), tr_s=2.0)
    run = SurfaceRun((path,), "fsLR", TR, None, "rest")
    got = read_surface_run(run, root, frame=FRAME)
    assert got.series.shape == (T, 142 + 71)
    assert "subcortical" in got.notes[0]
    assert got.where.frame == FRAME


def test_missing_pieces_are_named(tmp_path):
    call = {"frame": FRAME}
    root = person(tmp_path, sphere_in="nowhere")
    run = gifti_run(root, "fsaverage5", 10_242)
    refused(read_surface_run, run, root, **call, words=["sphere"])
    root = person(tmp_path)
    run = gifti_run(root, "fsaverage6", 40_962)
    refused(read_surface_run, run, root, **call, words=["fsaverage6", "subjects folder"])
    run = gifti_run(root, "fsnative", 2562)
    write_tsv({"trans_x": np.zeros(T + 1)}, run.confounds)
    refused(read_surface_run, run, root, **call, words=["31 rows", "30 frames"])
    run = gifti_run(root, "fsnative", 642)
    refused(read_surface_run, run, root, **call, words=["642", "2562"])
