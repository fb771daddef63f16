"""The small demonstration from the command line to every file, read as others would read it."""

import json
import re

import nibabel as nib
import numpy as np
import pytest

from tests.end_to_end.runs import (
    FRAME,
    LABEL,
    STEPS,
    Heard,
    angle_deg,
    demo_request,
    distance_mm,
    files,
    half_written,
    outward_normal,
    triangles,
)
from tests.oracles import navigator_files as shown_by
from tests.tolerance import EXACT, Tol, assert_close
from tmsguide.io.navigators import brainsight, localite, simnibs, table
from tmsguide.model import Tissue
from tmsguide.pipeline import run_participant

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("end-to-end")]

SIX_DECIMALS = Tol(2e-8, "6 decimals on positions up to 100 mm")
AXES_OF_SIX = Tol(2e-6, "6 decimals on unit vectors, then squared again")
PROMISED = {
    "seconds",
    "peak_rss_gb",
    "usable_minutes",
    "verdict",
    "target_mni_mm",
    "target_native_mm",
    "region_radius_mm",
    "placement",
    "e_at_target_v_per_m",
    "planted_error_mm",
    "planted_inside_region",
}
ENTITIES = ["sub", "task", "space", "seg", "stat", "desc"]


@pytest.fixture(scope="module")
def summary(demo):
    return demo.summary


@pytest.fixture(scope="module")
def pose(summary):
    return np.array(summary["placement"])


@pytest.fixture(scope="module")
def scalp(demo):
    return triangles(demo.person / "anat" / f"sub-{LABEL}_scalp.surf.gii", FRAME)


def image(demo, folder, name):
    return nib.load(demo.person / folder / f"sub-{LABEL}_{name}.nii.gz")


def world(affine, voxel):
    return affine[:3, :3] @ voxel + affine[:3, 3]


# --- the promises of the summary


def test_it_ends_well_and_prints_where_the_summary_lies(demo):
    assert demo.code == 0
    assert demo.printed.strip() == str(demo.person / "summary.json")


def test_the_summary_keeps_its_promises(summary):
    assert set(summary) >= PROMISED
    assert set(summary["seconds"]) == {*STEPS, "report"}
    assert all(s >= 0 for s in summary["seconds"].values())
    assert 0.3 < summary["peak_rss_gb"] < 4  # measured 1.0
    assert summary["usable_minutes"] == pytest.approx(5.0, abs=0.6)  # 3 jerks in 5 minutes
    assert summary["verdict"] in {
        "good",
        "usable with caution",
        "not enough for an individual target",
    }
    assert np.array(summary["placement"]).shape == (4, 4)
    assert 0.4 < summary["e_at_target_v_per_m"] < 2.5  # V/m per A/us; measured 1.11
    assert summary["e_at_target_v_per_m"] < summary["e_peak_v_per_m"] * 1.001
    assert summary["reciprocity_gap_percent"] < 0.1  # measured 0.011
    assert summary["synthetic"] is True
    assert summary["research_use_only"] is True


def test_the_planted_target_is_found_and_lies_in_the_stated_region(summary):
    # five coarse minutes; one 4 mm voxel is 7 mm across its corners. Measured 8.0 mm.
    assert summary["planted_error_mm"] < 12
    planted, found = (np.array(summary[f"{k}_native_mm"]) for k in ("planted", "target"))
    assert_close(np.linalg.norm(found - planted), summary["planted_error_mm"], EXACT)
    assert summary["planted_inside_region"] is True
    assert summary["planted_error_mm"] <= summary["region_radius_mm"]


def test_the_truth_is_what_was_planted(demo, summary):
    truth = json.loads((demo.bids / "sourcedata" / "truth.json").read_text(encoding="utf-8"))
    assert truth["target_t1w_mm"] == summary["planted_native_mm"]


# --- a BIDS derivative


def test_the_data_set_describes_itself(demo):
    found = json.loads((demo.out / "dataset_description.json").read_text(encoding="utf-8"))
    assert found["DatasetType"] == "derivative"
    assert found["GeneratedBy"][0]["Name"] == "tmsguide"
    assert found["GeneratedBy"][0]["Version"]
    (source,) = found["SourceDatasets"]
    assert (demo.out / source["URL"]).resolve() == demo.bids.resolve()
    assert (demo.out / found["DatasetLinks"]["raw"]).resolve() == demo.bids.resolve()


def test_every_image_and_table_says_where_it_comes_from(demo):
    described = [
        p
        for folder in ("anat", "func", "tms")
        for p in (demo.person / folder).iterdir()
        if p.name.endswith((".nii.gz", ".tsv"))
    ]
    assert len(described) >= 9
    for path in described:
        sidecar = path.with_name(path.name.partition(".")[0] + ".json")
        assert sidecar.exists(), f"{path.name} has no sidecar"
        content = json.loads(sidecar.read_text(encoding="utf-8"))
        assert content["Description"]
        assert content["Settings"], f"{sidecar.name} names no settings"
        assert len(content["Sources"]) == 2
        for uri in content["Sources"]:
            assert (demo.bids / uri.removeprefix("bids:raw:")).exists(), uri


def test_names_are_bids_entities_in_their_order(demo):
    names = [
        p.name
        for folder in ("anat", "func", "tms", "figures")
        for p in (demo.person / folder).iterdir()
        if p.is_file()
    ]
    assert len(names) > 20
    for name in names:
        stem, *_ = name.partition(".")
        *pairs, suffix = stem.split("_")
        assert re.fullmatch(r"[A-Za-z0-9]+", suffix), name
        keys = [pair.split("-")[0] for pair in pairs]
        assert keys == [key for key in ENTITIES if key in keys], name
        assert pairs[0] == f"sub-{LABEL}", name
        assert all(re.fullmatch(r"[a-z]+-[A-Za-z0-9]+", pair) for pair in pairs), name


def test_images_say_one_thing_about_their_world(demo):
    t1w = image(demo, "anat", "desc-preproc_T1w")
    raw = nib.load(demo.bids / f"sub-{LABEL}" / "anat" / f"sub-{LABEL}_T1w.nii.gz")
    centre = np.append((np.array(raw.shape) - 1) / 2, 1)
    here = np.linalg.inv(t1w.affine) @ raw.affine @ centre
    assert ((here[:3] > 0) & (here[:3] < np.array(t1w.shape) - 1)).all()
    every = sorted(demo.person.rglob("*.nii.gz"))
    assert len(every) >= 6
    for path in every:
        scan = nib.load(path)
        form, code = scan.get_sform(coded=True)
        other, other_code = scan.get_qform(coded=True)
        assert code == other_code > 0, path.name
        assert_close(form, other, Tol(1e-5, "float32 quaternion"))
        data = np.asanyarray(scan.dataobj)
        assert np.isfinite(data).all()
        assert data.any(), f"{path.name} is empty"


def test_no_path_of_this_machine_is_published(demo):
    for path in [*demo.person.rglob("*.json"), *demo.person.rglob("*.tsv")]:
        assert str(demo.root.parent) not in path.read_text(encoding="utf-8"), path.name
    assert str(demo.root.parent) not in demo.page


# --- left stays left


def test_target_and_coil_are_on_the_left(summary, pose, scalp):
    """Planted on the left: left in T1w world, left in MNI, by centimetres and not by rounding."""
    middle = 0.5 * (scalp[..., 0].min() + scalp[..., 0].max())
    assert summary["target_native_mm"][0] < middle - 20  # measured 44 mm left
    assert pose[0, 3] < summary["target_native_mm"][0] < middle
    assert summary["target_mni_mm"][0] < -20


def test_the_field_peaks_on_the_left_under_the_coil(demo, scalp, pose):
    scan = image(demo, "tms", "space-T1w_desc-magnE_efield")
    strength = np.asanyarray(scan.dataobj)
    peak = world(scan.affine, np.array(np.unravel_index(strength.argmax(), strength.shape)))
    middle = 0.5 * (scalp[..., 0].min() + scalp[..., 0].max())
    assert peak[0] < middle - 20
    assert np.linalg.norm(peak - pose[:3, 3]) < 40  # scalp to cortex, not another lobe
    labels = np.asanyarray(image(demo, "anat", "desc-head_dseg").dataobj)
    assert (labels[strength > 0] == Tissue.GM).all()


def test_connectivity_is_written_where_it_was_found(demo, summary):
    scan = image(demo, "func", "task-rest_space-T1w_desc-sgACC_statmap")
    z = np.asanyarray(scan.dataobj)
    at = np.linalg.inv(scan.affine) @ np.append(summary["target_native_mm"], 1)
    voxel = tuple(np.rint(at[:3]).astype(int))
    with (demo.person / "tms" / f"sub-{LABEL}_targets.tsv").open(encoding="utf-8") as stream:
        header, first = (next(stream).rstrip("\n").split("\t") for _ in range(2))
    row = dict(zip(header, first, strict=True))
    assert [float(row[f"{a}_t1w_mm"]) for a in "xyz"] == summary["target_native_mm"]
    assert_close(z[voxel], float(row["score"]), Tol(1e-6, "float32 file"))
    assert z[voxel] < 0


def navigator(demo, name):
    return (demo.person / "tms" / "navigators" / f"sub-{LABEL}_{name}").read_bytes()


def test_every_navigator_file_holds_the_same_pose(demo, pose):
    described = navigator(demo, "poses.json")
    read = {
        "brainsight.txt": brainsight.decode(navigator(demo, "brainsight.txt"), frame=FRAME),
        "localite_instrument.xml": localite.decode(
            navigator(demo, "localite_instrument.xml"), frame=FRAME
        ),
        "localite_gum.xml": localite.decode(navigator(demo, "localite_gum.xml"), frame=FRAME),
        "simnibs.json": simnibs.decode(navigator(demo, "simnibs.json"), frame=FRAME),
        "simnibs_matsimnibs.txt": (
            simnibs.decode_text(
                navigator(demo, "simnibs_matsimnibs.txt"), name="planned", frame=FRAME
            ),
        ),
        "poses.tsv": table.decode(navigator(demo, "poses.tsv"), described, frame=FRAME),
    }
    names = {p.name for p in (demo.person / "tms" / "navigators").iterdir()}
    assert names == {f"sub-{LABEL}_{n}" for n in [*read, "poses.json"]}
    for markers in read.values():
        assert_close(markers[0].matsimnibs[:3, 3], pose[:3, 3], SIX_DECIMALS, scale=100)
        assert_close(markers[0].matsimnibs[:3, :3], pose[:3, :3], AXES_OF_SIX)
    assert len(read["brainsight.txt"]) > 1, "rivals are written too"


def test_navigators_show_the_pose_by_their_makers_own_words(demo, pose):
    """Read without tmsguide: Brainsight's and Localite's axes, RAS as the T1w is NIfTI."""
    text = {n: navigator(demo, n).decode() for n in ("brainsight.txt", "localite_gum.xml")}
    text["list"] = navigator(demo, "localite_instrument.xml").decode()
    shown = [
        shown_by.brainsight(text["brainsight.txt"]),
        shown_by.localite(text["localite_gum.xml"], "InstrumentMarker"),
        shown_by.localite(text["list"], "Marker"),
    ]
    for poses in shown:
        centre, into, ahead = next(iter(poses.values()))
        assert_close(centre, pose[:3, 3], SIX_DECIMALS, scale=100)
        assert_close(into, pose[:3, 2], AXES_OF_SIX)
        assert_close(ahead, pose[:3, 1], AXES_OF_SIX)
    assert 'coordinateSpace="RAS"' in text["list"]
    assert "# Coordinate system: NIfTI:" in text["brainsight.txt"]


# --- the coil rests on the scalp


def test_the_coil_stands_off_the_scalp_along_its_normal(summary, pose, scalp):
    away = distance_mm(scalp, pose[:3, 3])
    # along the normal it is the stated gap; the nearest scalp can be a little nearer
    assert summary["standoff_mm"] - 1.0 < away < summary["standoff_mm"] + 0.1
    foot = pose[:3, 3] + summary["standoff_mm"] * pose[:3, 2]
    assert distance_mm(scalp, foot) < 0.5
    assert angle_deg(-pose[:3, 2], outward_normal(scalp, foot)) < 10


def test_the_target_lies_in_the_head_before_the_coil(summary, pose, scalp):
    inward = np.array(summary["target_native_mm"]) - pose[:3, 3]
    depth = inward @ pose[:3, 2]
    assert 8 < depth < 45
    assert np.linalg.norm(inward - depth * pose[:3, 2]) < 25  # the search radius


# --- the page


def test_the_page_says_that_it_is_synthetic_and_for_research(demo):
    assert "Computer-generated person (synthetic, not a real scan)" in demo.page
    assert "Research use only. Not a medical device" in demo.page
    assert "<script src" not in demo.page
    assert not re.search(r"""(src|href)=["']https?://[^"']*\.(js|css|png)""", demo.page)


# --- a second run


def test_a_second_run_computes_nothing(demo):
    before = files(demo.out)
    heard = Heard()
    done = run_participant(demo_request(demo), listener=heard)
    assert heard.reused == dict.fromkeys([*STEPS, "report and files"], True)
    assert files(demo.out) == before
    assert dict(done.content) == demo.summary
    assert half_written(demo.root) == []
