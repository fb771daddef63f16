"""Several people in one call: whoever cannot be run is named, the others go on."""

import pytest

from tmsguide.cli import jobs, main


@pytest.fixture
def two_people(tmp_path):
    for label in ("01", "02"):
        (tmp_path / "bids" / f"sub-{label}" / "anat").mkdir(parents=True)
    return tmp_path


def test_everyone_without_input_is_named(two_people, capsys):
    code = main([str(two_people / "bids"), str(two_people / "out"), "participant"])
    lines = capsys.readouterr().err.splitlines()
    assert code == 1
    assert [line.split(":")[1].strip() for line in lines] == ["sub-01", "sub-02"]
    assert not (two_people / "out").exists()


def test_one_without_input_does_not_stop_the_other(two_people, capsys, monkeypatch):
    ran = []

    def check(bids_dir, out_dir, *, labels, work_dir, settings, head, anatomy_only):
        if labels == ["01"]:
            raise jobs.InputError("sub-01 has no T1w scan")
        return (labels[0],)

    monkeypatch.setattr(jobs, "check_request", check)
    monkeypatch.setattr(jobs, "_run", lambda request, quiet: (request, None))
    monkeypatch.setattr(jobs, "_show", lambda request, _: ran.append(request))
    code = main([str(two_people / "bids"), str(two_people / "out"), "participant"])
    assert code == 1
    assert ran == ["02"]
    assert "sub-01: sub-01 has no T1w scan" in capsys.readouterr().err


def test_unknown_label_stops_at_once(two_people, capsys):
    words = [str(two_people / "bids"), str(two_people / "out"), "participant"]
    assert main([*words, "--participant-label", "01", "77"]) == 2
    assert "77" in capsys.readouterr().err
