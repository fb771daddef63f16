"""The examples run as they stand in the folder, and each ends in a number that makes sense."""

import runpy
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from tmsguide.model import Support
from tmsguide.targeting import search_mask

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"
SCRIPTS = sorted(EXAMPLES.glob("[0-9]*.py"))


def run(name: str) -> dict:
    if find_spec("brainspace") is None:
        pytest.skip("the brainspace wheel, whose resting scan the example reads, is not installed")
    return runpy.run_path(str(EXAMPLES / name))


@pytest.mark.slow
def test_surface_targets_lie_on_the_left_in_their_search_area(capsys):
    ran = run("01_surface_target.py")
    found, cortex = ran["found"], ran["cortex"]
    # 652 frames of 1.4 s, less those that moved
    assert 10 < ran["judged"].usable_s / 60 < 652 * 1.4 / 60
    assert found.primary.name == "sgacc-bilateral-cluster"
    assert len(found.alternatives) == 2
    assert not found.refused
    searched = search_mask(cortex.where_mni)
    for target in (found.primary, *found.alternatives):
        at = np.flatnonzero((cortex.where_mni.xyz_mm == target.point.xyz_mm).all(axis=1))
        assert len(at) == 1
        assert searched[at].all()
        assert target.point.xyz_mm[0, 0] < -20
        assert target.score < 0  # the subgenual seed's map is at its least there
        assert 0 < target.region.radius_mm < 100
        assert target.region.confidence == 0.95
        assert target.reliability.apart_mm > 0
        assert isinstance(target.advice.support, Support)
        assert target.advice.reasons
    assert found.primary.advice.support.value in capsys.readouterr().out


@pytest.mark.slow
def test_networks_hold_together_more_than_with_each_other(capsys):
    ran = run("02_networks.py")
    means = ran["means"]
    assert ran["within_less_between"] > 0.1  # measured +0.21
    mode, real = means.names.index("default mode"), ran["real"]
    assert np.nanargmax(means.z[mode, real]) == real.index(mode)
    assert (means.low[mode] < means.z[mode]).all()
    assert "within networks" in capsys.readouterr().out


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda p: p.name)
def test_examples_are_short_numbered_scripts_in_cells(path):
    text = path.read_text()
    assert text.startswith("# %%")
    assert len(text.splitlines()) < 61
    assert path.name in (EXAMPLES / "README.md").read_text()
