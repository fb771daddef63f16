"""A search on a head file, from the command line to every file it leaves."""

import json

import numpy as np
import pytest

from tests.field.heads import SIGMA, shells
from tests.tolerance import EXACT, Tol, assert_close
from tmsguide.cli import main
from tmsguide.head import tetrahedralise
from tmsguide.io import read_msh, write_head_msh, write_nifti
from tmsguide.io.navigators import brainsight, localite, simnibs
from tmsguide.model import Frame, HeadModel, Tissue
from tmsguide.num.tetrahedra import barycentres, volumes

TARGET = (-24.0, 13.0, 24.0)  # in the grey matter, left and front
WORDS = ["--radius-mm", "12", "--quiet"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A lopsided egg twice: as labels, and as a mesh that is cut finer than ours will be."""
    root = tmp_path_factory.mktemp("heads")
    labels = shells((34, 39, 43, 47, 54), voxel_mm=1.5, stretch=(0.93, 1.11, 1.0))
    write_nifti(labels, root / "egg.nii.gz")
    head = tetrahedralise(labels, edge_mm=5.5, sigma_s_per_m=SIGMA)
    write_head_msh(head, root / "eggmesh.msh")
    spoilt = head.cells.copy()
    spoilt[7] = spoilt[7][[1, 0, 2, 3]]
    turned = HeadModel(head.nodes, spoilt, head.tissue, head.sigma_s_per_m)
    write_head_msh(turned, root / "turned.msh")
    bald = np.where(head.tissue == Tissue.SCALP, Tissue.BONE, head.tissue).astype(np.uint8)
    write_head_msh(HeadModel(head.nodes, head.cells, bald, head.sigma_s_per_m), root / "bald.msh")
    return root


def search(folder, head, out, *more):
    place = ["--target", *map(str, TARGET), "--out", str(folder / out)]
    return main(["search", str(folder / head), *place, *WORDS, *more])


@pytest.fixture(scope="module")
def labels_run(folder):
    assert search(folder, "egg.nii.gz", "from-labels", "--edge-mm", "6.5") == 0
    return json.loads((folder / "from-labels" / "search.json").read_text())


@pytest.fixture(scope="module")
def mesh_run(folder):
    assert search(folder, "eggmesh.msh", "from-mesh") == 0
    return json.loads((folder / "from-mesh" / "search.json").read_text())


@pytest.mark.slow
def test_mesh_and_labels_of_one_head_give_one_placement(labels_run, mesh_run):
    a, b = (np.array(run["placement"]) for run in (labels_run, mesh_run))
    assert np.linalg.norm(a[:3, 3] - b[:3, 3]) < 2.0  # mm; measured 0.8
    assert abs(a[:3, 1] @ b[:3, 1]) > np.cos(np.deg2rad(10))  # measured 5
    fields = [run["options"][0]["target_v_per_m"] for run in (labels_run, mesh_run)]
    assert fields[0] == pytest.approx(fields[1], rel=0.03)  # measured 0.019


@pytest.mark.slow
def test_the_coil_is_over_its_target_on_the_left(labels_run):
    for option in labels_run["options"]:
        pose = np.array(option["matsimnibs"])
        assert pose[0, 3] < TARGET[0] < -20  # outside the target, on its side
        assert pose[:3, 2] @ (np.array(TARGET) - pose[:3, 3]) > 0  # looks at it
        assert option["standoff_mm"] >= 4.0


@pytest.mark.slow
def test_options_pay_for_what_they_are_best_at(labels_run):
    options = labels_run["options"]
    assert options[0]["reason"].startswith("planned")
    assert options[0]["dose_percent"] == 100
    better = np.array(
        [
            [o["target_v_per_m"], o["expected_v_per_m"], -o["focal_mm2"], -o["scalp_per_target"]]
            for o in options
        ]
    )
    for i in range(1, len(options)):  # the planned one leads by reciprocity, the rest by solves
        for j in range(1, len(options)):
            assert i == j or not (better[i] >= better[j]).all(), "a choice that is never better"
    for o in options:
        assert o["low_v_per_m"] <= o["expected_v_per_m"] <= 1.02 * o["target_v_per_m"]
        assert o["low_v_per_m"] > 0.8 * o["target_v_per_m"]  # 2 mm and 2.5 degrees cost little
        ratio = 100 * options[0]["target_v_per_m"] / o["target_v_per_m"]
        assert_close(o["dose_percent"], ratio, EXACT)
        assert o["specificity"] is None


@pytest.mark.slow
def test_the_field_file_holds_the_field_of_the_best_placement(folder, mesh_run):
    mesh = read_msh(folder / "from-mesh" / "field.msh")
    grey = mesh.label == Tissue.GM
    middle = barycentres(mesh.nodes_mm, mesh.cells)
    near = grey & (np.linalg.norm(middle - TARGET, axis=1) <= 5.0)
    share = volumes(mesh.nodes_mm, mesh.cells[near])
    mean = share @ mesh.values["magnE_recovered"][near] / share.sum()
    assert_close(
        mean, mesh_run["options"][0]["target_v_per_m"], Tol(1e-3, "two tolerances of the solver")
    )


@pytest.mark.slow
def test_every_file_is_there_and_holds_the_same_poses(folder, labels_run, mesh_run):
    pose = np.array(labels_run["placement"])
    frame, at = Frame("egg"), folder / "from-labels" / "navigators"
    read = [
        simnibs.decode((at / "simnibs.json").read_bytes(), frame=frame),
        localite.decode((at / "localite_instrument.xml").read_bytes(), frame=frame),
        brainsight.decode((at / "brainsight.txt").read_bytes(), frame=frame),
    ]
    for markers in read:
        assert len(markers) == len(labels_run["options"])
        assert_close(markers[0].matsimnibs, pose, Tol(2e-6, "six decimals"), scale=100)
    names = {p.name for p in (folder / "from-labels").iterdir()}
    assert names == {
        "search.json", "options.tsv", "field.msh", "field.vtu", "field.png", "navigators",
    }  # fmt: skip
    assert (folder / "from-labels" / "field.png").read_bytes().startswith(b"\x89PNG")
    rows = (folder / "from-labels" / "options.tsv").read_text().splitlines()
    assert len(rows) == 1 + len(labels_run["options"])
    assert not (folder / "from-mesh" / "navigators" / "brainsight.txt").exists()
    assert mesh_run["settings"]["search"]["radius_mm"] == 12
    assert labels_run["settings"]["head"]["edge_mm"] == 6.5


def test_an_earlier_search_is_replaced_and_nothing_else_ever(folder, tmp_path):
    (tmp_path / "letters.txt").write_text("mine")
    assert search(folder, "eggmesh.msh", tmp_path) == 2
    assert [p.name for p in tmp_path.iterdir()] == ["letters.txt"]


@pytest.mark.parametrize(
    ("head", "more", "code", "said"),
    [
        ("none.msh", [], 2, "is not there"),
        ("egg.txt", [], 2, "needed a SimNIBS or Gmsh mesh"),
        ("eggmesh.msh", ["--target", "0", "0", "400"], 1, "is outside the scalp"),
        ("eggmesh.msh", ["--target", "0", "0", "0"], 1, "no GM element within 5 mm"),
        ("eggmesh.msh", ["--target", "nan", "0", "0"], 2, "three finite millimetres"),
        ("eggmesh.msh", ["--coil", "butterfly"], 2, "no coil is called 'butterfly'"),
        ("eggmesh.msh", ["--coil", "no.ccd"], 2, "no.ccd"),
        ("eggmesh.msh", ["--direction", "0", "0", "0"], 2, "no length"),
        ("eggmesh.msh", ["--standoff", "-3"], 2, "--standoff"),
        ("eggmesh.msh", ["--avoid", "mask.nii.gz"], 2, "--avoid needs --wanted"),
        ("eggmesh.msh", ["--wanted", "mask.nii.gz"], 2, "mask.nii.gz"),
        ("turned.msh", [], 1, "the option --mend turns them"),
        ("bald.msh", [], 1, "has no SCALP"),
    ],
)
def test_wrong_input_is_one_line_and_leaves_nothing(folder, capsys, head, more, code, said):
    before = {p.name for p in folder.iterdir()}
    assert search(folder, head, "wrong", *more) == code
    error = capsys.readouterr().err.strip()
    assert said in error
    assert "\n" not in error
    assert {p.name for p in folder.iterdir()} == before
