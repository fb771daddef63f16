"""One small demonstration for the whole session; its tests share a worker and never change it."""

import shutil

import pytest

from tests.end_to_end.runs import DemoRun, run_demo


@pytest.fixture(scope="session")
def demo(tmp_path_factory):
    """A finished small demonstration; read only."""
    return run_demo(tmp_path_factory.mktemp("demo"))


@pytest.fixture
def again(demo, tmp_path):
    """A copy of the finished demonstration that a test may spoil, data and store included."""
    shutil.copytree(demo.root, tmp_path / "demo", dirs_exist_ok=True)
    return DemoRun(tmp_path / "demo", demo.code, demo.printed)
