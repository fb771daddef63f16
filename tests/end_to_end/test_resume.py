"""A run that is stopped leaves whole steps or none; the next one takes up from there."""

import os
import shutil
import signal
import subprocess
import sys

import pytest

from tests.end_to_end.runs import (
    LABEL,
    STEPS,
    Heard,
    demo_request,
    files,
    half_written,
    run_demo,
    step_folder,
)
from tmsguide.pipeline import run_participant

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("end-to-end")]

#: What two runs of one seed share; times and memory are the machine's.
OF_THE_MACHINE = {"seconds", "peak_rss_gb"}


def numbers(summary):
    return {k: v for k, v in summary.items() if k not in OF_THE_MACHINE}


def forget(run, *steps):
    for step in steps:
        shutil.rmtree(step_folder(run.work, step))
    shutil.rmtree(run.person)


def test_interrupted_in_the_last_step_it_resumes_to_the_same_numbers(again, monkeypatch, capsys):
    wanted = numbers(again.summary)
    forget(again, "target", "head mesh", "coil placement", "dose")

    def stopped(*args, **kwargs):
        raise KeyboardInterrupt

    with monkeypatch.context() as broken:
        broken.setattr("tmsguide.pipeline.aim.solve", stopped)
        code = run_demo(again.root).code
    assert code == 1
    assert "resumes" in capsys.readouterr().err
    assert half_written(again.root) == []
    assert not again.person.exists()
    assert list(again.work.glob("coil placement-*")) == []
    kept = files(again.work)
    assert {name.rpartition("-")[0] for name in {k.split("/")[0] for k in kept}} == {
        step for step in STEPS if step not in {"coil placement", "dose"}
    }

    heard = Heard()
    done = run_participant(demo_request(again), listener=heard)
    assert heard.reused == {
        **dict.fromkeys(STEPS, True),
        "coil placement": False,
        "dose": False,
        "report and files": False,
    }
    assert {k: v for k, v in files(again.work).items() if k in kept} == kept
    # target, mesh and placement were computed anew from the same seed: bit for bit the same
    assert numbers(done.content) == wanted
    assert half_written(again.root) == []


KILL = """
import os, signal, sys
import {module} as module
whole = module.{name}
def dying(*args, **kwargs):
    {first}os.kill(os.getpid(), signal.SIGKILL)
module.{name} = dying
from tmsguide.cli import main
sys.exit(main(["demo", "--small", "--out", sys.argv[1], "--quiet"]))
"""


def killed(run, module, name, *, first=""):
    """Run the demo in a process of its own that is killed outright inside ``module.name``."""
    code = KILL.format(module=module, name=name, first=first)
    words = [sys.executable, "-c", code, str(run.root)]
    done = subprocess.run(words, capture_output=True, text=True, timeout=400, check=False)  # noqa: S603
    assert done.returncode == -signal.SIGKILL, done.stderr
    return done


def test_killed_while_a_result_is_stored_nothing_of_it_counts(again):
    forget(again, "coil placement")
    before = files(again.work)
    # the step's bundle is on disk, the mark that it is done is not
    killed(again, "tmsguide.pipeline.store", "write_bundle", first="whole(*args, **kwargs)\n    ")
    assert list(again.work.glob("coil placement-*")) == []
    assert not again.person.exists()
    left = half_written(again.root)
    assert [p.name for p in left if p.parent == again.work], "the kill came too early to test"
    assert {k: v for k, v in files(again.work).items() if k in before} == before

    heard = Heard()
    run_participant(demo_request(again), listener=heard)
    assert [step for step, reused in heard.reused.items() if not reused] == [
        "coil placement",
        "report and files",
    ]
    assert half_written(again.root) == []


def test_killed_while_publishing_the_old_results_stand_or_the_new_ones_do(again):
    old = files(again.person)
    page = again.page
    # another threshold makes the published files stale without any step to compute
    (again.person / "summary.json").write_text(
        (again.person / "summary.json").read_text().replace('"digest": "', '"digest": "stale')
    )
    stale = files(again.person)
    killed(again, "tmsguide.pipeline.publication", "_swap")
    assert files(again.person) == stale
    assert set(stale) == set(old)
    run_participant(demo_request(again))
    assert half_written(again.root) == [], "what a killed run published in part is swept away"
    assert not again.summary["digest"].startswith("stale")
    assert len(again.page) == pytest.approx(len(page), rel=0.05)
    assert set(files(again.person)) == set(old)


def test_a_killed_generation_leaves_no_data_set(again):
    shutil.rmtree(again.bids)
    killed(again, "tmsguide.pipeline.demo", "write_tsv")
    assert not again.bids.exists()
    again_done = run_demo(again.root)
    assert again_done.code == 0
    assert (again.bids / f"sub-{LABEL}" / "anat").is_dir()
    assert half_written(again.root) == []
    assert os.listdir(again.root).count("bids") == 1  # noqa: PTH208 - names only
