"""The words of ``norms``."""

from pathlib import Path

import numpy as np
import pytest

from tests.norms import cohorts
from tests.pipeline.test_norms import middle, write
from tmsguide.cli import main
from tmsguide.cli.norms_words import norms_parser

DOCS = Path(__file__).resolve().parents[2] / "docs"


def parsers():
    jobs = next(a for a in norms_parser()._actions if a.dest == "job")
    return jobs.choices


def test_every_option_is_documented():
    usage, page = (DOCS / "usage.md").read_text(), (DOCS / "norms.md").read_text()
    for job, parser in parsers().items():
        assert f"tmsguide norms {job}" in usage
        for action in parser._actions:
            for option in action.option_strings:
                if option.startswith("--") and option not in ("--help", "--quiet"):
                    assert option in page, f"{option} is not in docs/norms.md"


def test_fit_and_apply(tmp_path, capsys):
    rng = np.random.default_rng(4)
    truth = cohorts.truth(rng, 5)
    table = write(tmp_path / "c.tsv", truth.names, *cohorts.draw(rng, truth, 80))
    one = write(tmp_path / "p.tsv", truth.names, *middle(rng, truth))
    norms, out = str(tmp_path / "n.json"), str(tmp_path / "d.tsv")
    words = ["norms", "fit", str(table), "--out", norms, "--covariates", "age, sex, mean_fd"]
    assert main([*words, "--title", "Ours", "--age-curve", "line"]) == 0
    said = capsys.readouterr().out
    assert "Research use only" in said
    assert "Age enters the mean as a line" in said
    assert said.splitlines()[-1] == norms
    assert main(["norms", "apply", norms, str(one), "--out", out]) == 0
    said = capsys.readouterr().out
    assert "of 5 measures" in said
    assert "by chance" in said
    assert "no diagnosis" in said
    assert said.splitlines()[-1] == out
    assert main(["norms", "apply", norms, str(one), "--out", out, "--quiet"]) == 0
    assert capsys.readouterr().out.splitlines() == [out]


def test_exit_codes(tmp_path, capsys):
    rng = np.random.default_rng(5)
    truth = cohorts.truth(rng, 5)
    values, who = cohorts.draw(rng, truth, 60)
    few = write(tmp_path / "few.tsv", truth.names, values[:12], cohorts.some(who, range(12)))
    assert main(["norms", "fit", str(few), "--out", str(tmp_path / "n.json")]) == 2
    assert "12 people" in capsys.readouterr().err
    assert not (tmp_path / "n.json").exists()
    table = write(tmp_path / "c.tsv", truth.names, values, who)
    norms = str(tmp_path / "n.json")
    assert main(["norms", "fit", str(table), "--out", norms, "--covariates", "age"]) == 0
    old = cohorts.Covariates(np.array([88.0]), ("F",), np.array([0.1]), ("s0",))
    one = write(tmp_path / "p.tsv", truth.names, values[:1], old)
    assert main(["norms", "apply", norms, str(one), "--out", str(tmp_path / "d.tsv")]) == 1
    assert "88 years" in capsys.readouterr().err


@pytest.mark.parametrize(
    "words", [["norms"], ["norms", "guess"], ["norms", "fit", "a.tsv"], ["norms", "apply", "a"]]
)
def test_wrong_words_exit_2(words, capsys):
    with pytest.raises(SystemExit) as stop:
        main(words)
    assert stop.value.code == 2
    assert "usage" in capsys.readouterr().err
