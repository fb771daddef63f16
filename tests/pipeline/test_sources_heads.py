"""Heads of other programs win: their labels at their places, their maps as maps that go back."""

import numpy as np
import pytest

from tests.io import fmriprep_tree as tree
from tests.io import foreign, images
from tests.pipeline import people
from tests.pipeline.people import LABEL
from tmsguide.errors import InputError
from tmsguide.head import anatomy_from_labels
from tmsguide.model import AnatomySettings, Frame, Points, Tissue, Volume, native_frame
from tmsguide.pipeline.anatomy import anatomy_step, normalisation_step
from tmsguide.pipeline.bench import Bench
from tmsguide.pipeline.listener import Silent
from tmsguide.pipeline.sources import find_source
from tmsguide.pipeline.store import Store
from tmsguide.pipeline.stored import STORED

FRAME = native_frame(LABEL)
AFFINE = foreign.turned()
CENTRE = np.array([3.0, -18.0, 7.0])
BRAIN = (Tissue.WM, Tissue.GM, Tissue.CSF)


def volume(data):
    return Volume(data, AFFINE, FRAME)


def own():
    """Our own labels of the same head: no ventricle, a thinner cortex."""
    labels = foreign.shells(AFFINE)
    inside = np.isin(labels, BRAIN)
    radius = np.linalg.norm((foreign.world(AFFINE) - CENTRE) * [1.15, 1.0, 1.1], axis=-1)
    labels[inside] = np.select([radius < 56, radius < 64], [1, 2], 3)[inside]
    t1w = np.select([labels == 1, labels == 2, labels == 5], [100, 70, 60], 20)
    return anatomy_from_labels(volume(t1w.astype(np.float32)), volume(labels), labelled_by="us")


@pytest.fixture
def bids(tmp_path):
    """A raw person whose T1w shows that head."""
    root = tmp_path / "bids"
    images.write(root / "dataset_description.json", {"Name": "small", "BIDSVersion": "1.10.0"})
    stem = root / f"sub-{LABEL}"
    t1w = own().t1w.data + np.random.default_rng(0).uniform(0, 1, foreign.SHAPE)
    images.save(stem / "anat" / f"sub-{LABEL}_T1w.nii.gz", t1w.astype(np.float32), AFFINE)
    path = stem / "func" / f"sub-{LABEL}_task-rest_bold.nii.gz"
    images.save(path, images.series(80), tr=2.0)
    return root


@pytest.fixture
def bench(tmp_path, monkeypatch):
    """The chain's steps with our own segmentation and registration replaced by known answers."""
    made = []

    def segmented(*_, **__):
        made.append("labels")
        return own()

    def normalised(*_, **__):
        made.append("maps")
        return "there", "back"

    monkeypatch.setattr("tmsguide.pipeline.anatomy.segment", segmented)
    monkeypatch.setattr("tmsguide.pipeline.anatomy.normalise", normalised)
    found = Bench(Store(tmp_path / "work", STORED), Silent(), {})
    return found, made


def labelled(bench, source, **settings):
    chosen = AnatomySettings(**settings)
    return anatomy_step(bench, source, FRAME, settings=chosen, prior=None)


def left_ventricle(anatomy):
    """Whether the ventricle that only the other program drew is there, left; and not right."""
    labels, xyz = anatomy.labels.data, foreign.world(anatomy.labels.frame_from_voxel)
    near = [
        labels[np.linalg.norm(xyz - CENTRE - [side * 18, 0, 0], axis=-1) < 9] == Tissue.CSF
        for side in (-1, 1)
    ]
    return near[0].mean() > 0.9 and near[1].mean() < 0.1


def charm(root, affine=AFFINE):
    """A head of charm made from the person's T1w, or lying elsewhere."""
    home = foreign.m2m(root / "derivatives" / "simnibs", LABEL, affine=affine)
    images.save(home / "T1.nii.gz", own().t1w.data, affine)
    return home


def test_charm_takes_the_place_of_our_labels(bids, bench):
    charm(bids)
    steps, made = bench
    anatomy = labelled(steps, find_source(bids, LABEL)).content["anatomy"]
    assert made == []
    assert "charm" in anatomy.labelled_by
    assert left_ventricle(anatomy)
    np.testing.assert_array_equal(anatomy.labels.data, foreign.shells(AFFINE))
    assert anatomy.labels.frame == FRAME


@pytest.mark.parametrize("shift_mm", [[15.0, 0, 0], [0, 0, -15.0], [0, 400, 0]])
def test_a_charm_head_of_another_space_is_refused(bids, bench, shift_mm):
    """As made from another scan of the person: nothing is written for that step."""
    elsewhere = AFFINE.copy()
    elsewhere[:3, 3] += shift_mm
    images.save(charm(bids) / "T1.nii.gz", own().t1w.data, elsewhere)
    foreign_labels = foreign.shells(AFFINE)[..., None].astype(np.uint16)
    home = bids / "derivatives" / "simnibs" / f"m2m_{LABEL}"
    images.save(home / "final_tissues.nii.gz", foreign_labels, elsewhere)
    steps, made = bench
    with pytest.raises(InputError, match=r"not made from|to MNI and back"):
        labelled(steps, find_source(bids, LABEL))
    assert made == []
    assert not [path for path in steps.store.root.rglob("*") if path.is_file()]


def test_freesurfer_gives_the_brain_in_our_skull(bids, bench):
    foreign.recon(bids / "derivatives" / "freesurfer" / f"sub-{LABEL}", AFFINE)
    steps, made = bench
    source = find_source(bids, LABEL)
    result = labelled(steps, source)
    anatomy = result.content["anatomy"]
    assert made == ["labels"]
    assert "FreeSurfer" in anatomy.labelled_by
    assert "us" in anatomy.labelled_by
    assert left_ventricle(anatomy)
    outside = ~np.isin(foreign.shells(AFFINE), BRAIN)
    np.testing.assert_array_equal(anatomy.labels.data[outside], own().labels.data[outside])
    # FreeSurfer leaves no map that the chain uses: the head is registered by ourselves
    assert source.given[0].maps is None


@pytest.mark.parametrize("probseg", [True, False])
def test_fmriprep_gives_the_brain_in_our_skull(tmp_path, bench, probseg):
    steps, made = bench
    source = find_source(fmriprep_head(tmp_path / "fmriprep", probseg=probseg), LABEL)
    anatomy = labelled(steps, source).content["anatomy"]
    assert made == ["labels"]
    assert "fMRIPrep" in anatomy.labelled_by
    assert left_ventricle(anatomy)


def fmriprep_head(root, *, probseg=True):
    """fMRIPrep's anat folder of that head, and a run that no test here reads."""
    people.fmriprep(root, "T1w")
    anat = root / f"sub-{LABEL}" / "anat"
    labels = foreign.shells(AFFINE)
    for path in anat.glob("*_probseg.nii.gz"):
        path.unlink()
    stem = f"sub-{LABEL}"
    images.save(anat / f"{stem}_desc-preproc_T1w.nii.gz", own().t1w.data, AFFINE)
    bids_number = np.zeros(9, np.uint8)
    bids_number[[Tissue.GM, Tissue.WM, Tissue.CSF]] = (1, 2, 3)
    images.save(anat / f"{stem}_dseg.nii.gz", bids_number[labels], AFFINE)
    if probseg:
        for name, tissue in (("GM", Tissue.GM), ("WM", Tissue.WM), ("CSF", Tissue.CSF)):
            share = np.where(labels == tissue, 0.9, np.where(np.isin(labels, BRAIN), 0.05, 0))
            path = anat / f"{stem}_label-{name}_probseg.nii.gz"
            images.save(path, share.astype(np.float32), AFFINE)
    return root


def inside(count=300):
    at = np.random.default_rng(2).uniform(-40, 40, (count, 3)) + CENTRE
    return Points(at, FRAME)


def heads(tmp_path, program):
    """(source, T1w to template in closed form, template) of a program that leaves maps."""
    if program == "charm":
        folder = foreign.m2m(tmp_path / "elsewhere", LABEL)
        people.raw(tmp_path / "bids")
        source = find_source(tmp_path / "bids", LABEL, head=folder)
        return source, lambda at: tree.moved(foreign.MNI_FROM_T1W, at), "MNI152NLin6Asym"
    if program == "HCP":
        source = find_source(people.hcp(tmp_path), LABEL)
        return source, lambda at: tree.moved(foreign.MNI_FROM_T1W, at), "MNI152NLin6Asym"

    def warped(at):
        linear = tree.moved(tree.LINEAR, at)
        return linear + tree.shift_at(linear, tree.SHIFTS_MM["MNI152NLin2009cAsym"])

    return find_source(fmriprep_head(tmp_path), LABEL), warped, "MNI152NLin2009cAsym"


@pytest.mark.parametrize("program", ["charm", "fMRIPrep", "HCP"])
def test_their_maps_lead_there_and_back(tmp_path, program):
    source, expected, template = heads(tmp_path, program)
    given = next(head for head in source.given if head.maps is not None)
    there, back = given.maps(FRAME)
    at = inside()
    found = there(at)
    assert found.frame == Frame(template)
    assert found.frame == there.target == back.source
    off_mm = np.linalg.norm(found.xyz_mm - expected(at.xyz_mm), axis=1)
    assert off_mm.max() < 0.5
    assert np.linalg.norm(back(found).xyz_mm - at.xyz_mm, axis=1).max() < 0.5
    left = there(Points(np.array([[-40.0, 0, 20]]), FRAME)).xyz_mm[0]
    assert left[0] < -20


def test_our_own_labels_and_maps_on_request(bids, bench):
    foreign.m2m(bids / "derivatives" / "simnibs", LABEL)
    steps, made = bench
    source = find_source(bids, LABEL)
    settings = AnatomySettings(labels="own")
    anatomy = anatomy_step(steps, source, FRAME, settings=settings, prior=None)
    assert anatomy.content["anatomy"].labelled_by == "us"
    assert not left_ventricle(anatomy.content["anatomy"])
    maps = normalisation_step(steps, source, anatomy, settings=settings).content
    assert (maps["mni_from_t1w"], maps["t1w_from_mni"]) == ("there", "back")
    assert made == ["labels", "maps"]


def test_a_template_that_is_asked_for_is_registered_anew(bids, bench, monkeypatch):
    charm(bids)
    monkeypatch.setattr("tmsguide.pipeline.anatomy.templateflow_t1", lambda *_: None)
    steps, made = bench
    source = find_source(bids, LABEL)
    settings = AnatomySettings(template="MNI152NLin2009cAsym")
    anatomy = anatomy_step(steps, source, FRAME, settings=settings, prior=None)
    normalisation_step(steps, source, anatomy, settings=settings)
    assert made == ["maps"]
