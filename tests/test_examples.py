"""The examples run as they stand in the folder, and each ends in a number that makes sense."""

import runpy
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"
SCRIPTS = sorted(EXAMPLES.glob("[0-9]*.py"))


def run(name: str) -> dict:
    if find_spec("brainspace") is None:
        pytest.skip("the brainspace wheel, whose resting scan the example reads, is not installed")
    return runpy.run_path(str(EXAMPLES / name))


@pytest.mark.slow
def test_surface_target_lies_on_the_left_in_its_search_area(capsys):
    ran = run("01_surface_target.py")
    target, ground = ran["target_mni_mm"], ran["ground"]
    assert target[0] < -20
    at = np.flatnonzero((ground.where_mni.xyz_mm == target).all(axis=1))
    assert len(at) == 1
    assert ran["area"][at].all()
    # the seed's own map: the seed is with itself, the target against it
    assert ran["z"][at] < 0 < ran["z"].max()
    # 652 frames of 1.4 s, less those that moved
    assert 10 < ran["judged"].usable_s / 60 < 612 * 1.4 / 60
    assert "MNI" in capsys.readouterr().out


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
