"""Labels on cortical vertices: CIFTI dlabel, GIFTI label, FreeSurfer annot."""

import numpy as np
import pytest

from tests.shared_data import shared
from tmsguide.errors import InputError
from tmsguide.io import read_dlabel, read_hemisphere_labels

TIAN = "atlases/tian/Group-Parcellation/3T/Cortex-Subcortex"


def write_annot(path, numbers, names):
    from nibabel.freesurfer import write_annot as write

    table = np.array([[10 * k + 1, 20, 30, 0] for k in range(len(names))])
    write(path, np.asarray(numbers), table, names, fill_ctab=True)
    return path


def write_label_gifti(path, numbers, names, *, meta=None):
    import nibabel as nib

    table = nib.gifti.GiftiLabelTable()
    for key, name in names.items():
        label = nib.gifti.GiftiLabel(key=key, red=0.1, green=0.2, blue=0.3, alpha=1)
        label.label = name
        table.labels.append(label)
    array = nib.gifti.GiftiDataArray(
        np.asarray(numbers, np.int32), intent="NIFTI_INTENT_LABEL", datatype="NIFTI_TYPE_INT32"
    )
    image = nib.gifti.GiftiImage(labeltable=table, darrays=[array])
    image.meta.update(meta or {})
    nib.save(image, path)
    return path


def write_dlabel(path, numbers, names, *, sizes=(6, 5), vertices=((0, 2, 5), (1, 4))):
    import nibabel as nib
    from nibabel.cifti2 import BrainModelAxis, LabelAxis

    table = {k: (w, (0.0, 0.0, 0.0, 1.0)) for k, w in names.items()}
    parts = [
        BrainModelAxis.from_surface(v, n, name=f"CIFTI_STRUCTURE_CORTEX_{s}")
        for v, n, s in zip(vertices, sizes, ("LEFT", "RIGHT"), strict=True)
    ]
    deep = BrainModelAxis.from_mask(np.ones((1, 1, 2)), "CIFTI_STRUCTURE_THALAMUS_LEFT", np.eye(4))
    where = parts[0] + parts[1] + deep
    image = nib.Cifti2Image(
        np.asarray(numbers, np.float32)[None], (LabelAxis(["p"], [table]), where)
    )
    nib.save(image, path)
    return path


def test_annot_of_both_sides_tells_left_from_right(tmp_path):
    names = ["unknown", "precentral", "insula"]
    left = write_annot(tmp_path / "lh.aparc.annot", [1, 1, 0, 2], names)
    right = write_annot(tmp_path / "rh.aparc.annot", [2, -1, 1, 1, 0], names)
    parcels = read_hemisphere_labels(left, right)
    assert parcels.names == (
        "left precentral", "left insula", "right precentral", "right insula",
    )  # fmt: skip
    assert parcels.member.tolist() == [1, 1, 0, 2, 4, 0, 3, 3, 0]
    assert set(parcels.networks) == {"unassigned"}


def test_names_that_say_their_side_stay(tmp_path):
    left = write_label_gifti(
        tmp_path / "x.L.label.gii", [0, 1, 1], {0: "???", 1: "7Networks_LH_Vis_1"}
    )
    right = write_label_gifti(
        tmp_path / "x.R.label.gii",
        [5, 0, 2],
        {0: "???", 2: "7Networks_RH_Cont_1", 5: "Medial_wall"},
    )
    parcels = read_hemisphere_labels(left, right)
    assert parcels.names == ("7Networks_LH_Vis_1", "7Networks_RH_Cont_1")
    assert parcels.networks == ("visual", "frontoparietal control")
    assert parcels.member.tolist() == [0, 1, 1, 0, 0, 2]


def test_dlabel_lies_on_whole_meshes(tmp_path):
    names = {0: "???", 4: "7Networks_LH_Vis_1", 7: "both", 9: "THA-DP-lh"}
    path = write_dlabel(tmp_path / "a.dlabel.nii", [4, 7, 0, 7, 0, 9, 9], names)
    parcels = read_dlabel(path)
    # left vertices 0, 2, 5 of 6, right 1, 4 of 5; the deep label has no vertex
    assert parcels.member.tolist() == [1, 0, 2, 0, 0, 0, 0, 2, 0, 0, 0]
    assert parcels.names == ("7Networks_LH_Vis_1", "both")


def test_labels_that_mislead_are_refused(tmp_path):
    names = {0: "???", 1: "One"}
    left = write_label_gifti(tmp_path / "x.L.label.gii", [0, 1], names)
    right = write_label_gifti(tmp_path / "x.R.label.gii", [1, 1], names)
    with pytest.raises(InputError, match="its name says the other"):
        read_hemisphere_labels(right, left)
    other = write_label_gifti(
        tmp_path / "y.label.gii", [1, 1], names, meta={"AnatomicalStructurePrimary": "CortexRight"}
    )
    with pytest.raises(InputError, match="says the other"):
        read_hemisphere_labels(other, right)
    lost = write_label_gifti(tmp_path / "z.L.label.gii", [1, 8], names)
    with pytest.raises(InputError, match="without a name"):
        read_hemisphere_labels(lost, right)
    empty = write_label_gifti(tmp_path / "e.L.label.gii", [0, 0], names)
    none = write_label_gifti(tmp_path / "e.R.label.gii", [0, 0], names)
    with pytest.raises(InputError, match="holds 0 labels"):
        read_hemisphere_labels(empty, none)
    with pytest.raises(InputError, match="does not exist"):
        read_hemisphere_labels(tmp_path / "lh.none.annot", right)
    (tmp_path / "lh.bad.annot").write_bytes(b"\0\0\0")
    with pytest.raises(InputError, match="cannot be read"):
        read_hemisphere_labels(tmp_path / "lh.bad.annot", right)


def test_cifti_of_another_kind_is_refused(tmp_path):
    folder = shared("surfaces/fslr_templates")
    with pytest.raises(InputError, match="needed labels by brainmodel"):
        read_dlabel(folder / "CORTEX.32k_fs_LR.dscalar.nii")
    with pytest.raises(InputError, match="does not exist"):
        read_dlabel(tmp_path / "none.dlabel.nii")
    (tmp_path / "bad.dlabel.nii").write_bytes(b"not an image at all")
    with pytest.raises(InputError, match="cannot be read"):
        read_dlabel(tmp_path / "bad.dlabel.nii")


def test_schaefer_on_fslr_keeps_left_and_right():
    parcels = read_dlabel(
        shared(TIAN) / "Schaefer2018_400Parcels_17Networks_order_Tian_Subcortex_S2.dlabel.nii"
    )
    assert len(parcels.names) == 400
    assert parcels.member.shape == (64_984,)
    for start, word in ((0, "_LH_"), (32_492, "_RH_")):
        mine = parcels.member[start : start + 32_492]
        assert all(word in parcels.names[k - 1] for k in np.unique(mine[mine > 0]))
    # the medial wall: 59,412 of 64,984 vertices are cortex; Schaefer leaves 806 of them out
    assert 58_000 < (parcels.member > 0).sum() < 59_412
    assert len(set(parcels.networks)) == 17
