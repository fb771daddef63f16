"""Which methods a run knows, and that a definition of the user's own goes the whole way."""

from dataclasses import replace

import nibabel as nib
import numpy as np
import pytest

from tests.targeting.planted import Rest, as_mni, brain, simulate
from tmsguide.cli import main
from tmsguide.errors import InputError
from tmsguide.model import NetworkSettings, TargetSettings
from tmsguide.pipeline.parcellation import check_atlas, parcels_of, reference_of
from tmsguide.pipeline.request import check_settings
from tmsguide.pipeline.settings import Settings
from tmsguide.pipeline.targets import _at_places, chosen_methods, map_files
from tmsguide.targeting import definitions

OWN = """
title = "mine: deepest place"
condition = "depression"
compared = "weighted-map"
pick = "peak"
map_file = "map_space-MNI152NLin6Asym.nii.gz"
source = "this test"
assumes = "nothing"
evidence_for = "none"
evidence_against = "none"

[search]
mni_mm = [[-40, 30, 40]]
radius_mm = 25
"""


@pytest.fixture
def own(tmp_path):
    affine = np.diag([2.0, 2, 2, 1])
    affine[:3, 3] = -90, -126, -72
    data = np.zeros((91, 109, 91), np.float32)
    data[:45] = 3.0  # the left half of the brain
    image = nib.Nifti1Image(data, affine)
    nib.save(image, tmp_path / "map_space-MNI152NLin6Asym.nii.gz")
    path = tmp_path / "mine.toml"
    path.write_text(OWN, encoding="utf-8")
    return path


def test_a_run_knows_the_usual_methods_and_the_planned_one():
    usual = chosen_methods(TargetSettings())
    assert [m.name for m in usual] == [m.name for m in definitions() if m.default]
    other = chosen_methods(TargetSettings(method="right-dlpfc-cluster"))
    assert [m.name for m in other] == [*(m.name for m in usual), "right-dlpfc-cluster"]
    with pytest.raises(InputError, match="there is no targeting method 'guess'"):
        chosen_methods(TargetSettings(method="guess"))


def test_a_definition_of_the_users_own_comes_first_and_may_be_planned(own):
    settings = TargetSettings(method="mine", definitions=(str(own),))
    methods = chosen_methods(settings)
    assert methods[0].name == "mine"
    assert map_files(methods) == (own.parent / "map_space-MNI152NLin6Asym.nii.gz",)
    with pytest.raises(InputError, match="two target definitions are called mine"):
        chosen_methods(replace(settings, definitions=(str(own), str(own))))


def test_a_supplied_map_is_read_at_the_places_left_as_left(own):
    anatomy = brain(4, frontal=False)
    scan = simulate(
        anatomy,
        np.array([-38.0, 30, 40]),
        person=np.random.default_rng(0),
        scan=np.random.default_rng(1),
        rest=Rest(minutes=5),
    )
    (path,) = map_files(chosen_methods(TargetSettings(definitions=(str(own),))))
    values = _at_places(path, as_mni(scan))
    x = scan.where.xyz_mm[:, 0]
    assert (values[x < -3] == 3.0).all()
    assert (values[x > 3] == 0.0).all()


def test_parcels_and_networks_of_a_set_are_where_the_set_says():
    where = as_mni(
        simulate(
            brain(4, frontal=False),
            np.array([-38.0, 30, 40]),
            person=np.random.default_rng(0),
            scan=np.random.default_rng(1),
            rest=Rest(minutes=5),
        )
    )
    parcels = parcels_of(NetworkSettings(), where)
    assert len(parcels.names) == 300
    known = reference_of(NetworkSettings())
    assert "frontoparietal control" in known.names
    centres = known.seeds_mni_mm[known.network == known.names.index("visual")]
    assert np.median(centres[:, 1]) < -60  # at the back of the head; two lie at -29
    assert reference_of(NetworkSettings(atlas="power-2011")) is None
    with pytest.raises(InputError, match="--atlas nowhere is unknown"):
        check_atlas(NetworkSettings(atlas="nowhere"))


def test_methods_are_listed_with_what_they_assume(capsys):
    assert main(["methods"]) == 0
    said = capsys.readouterr().out
    for method in definitions():
        assert f" {method.name}  ({method.condition})" in said
        assert ("*" if method.default else " ") + f" {method.name} " in said
    assert "evidence for connectivity-guided targets is mixed" in said


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        (Settings(target=TargetSettings(resamples=5)), r"--resamples is 5; needed 20 to 100000"),
        (Settings(target=TargetSettings(method="guess")), r"no targeting method 'guess'"),
        (Settings(networks=NetworkSettings(connectome="tangent")), r"'tangent' is unknown"),
        (Settings(networks=NetworkSettings(norms_path="/nowhere/norms.json")), r"norms\.json"),
        (Settings(target=TargetSettings(definitions=("/nowhere/mine.toml",))), r"mine\.toml"),
    ],
)
def test_wishes_that_cannot_be_met_are_refused_before_any_work(settings, said):
    with pytest.raises(InputError, match=said):
        check_settings(settings)
