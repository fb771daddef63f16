"""The words of ``search`` and ``coils``."""

from pathlib import Path

import pytest

from tmsguide.cli import main
from tmsguide.cli.search_words import search_parser
from tmsguide.field import coil_names, stimulator_names

DOCS = Path(__file__).resolve().parents[2] / "docs"


def test_every_option_of_the_search_is_documented():
    text = (DOCS / "usage.md").read_text()
    for action in search_parser()._actions:
        for option in action.option_strings:
            if option.startswith("--"):
                assert option in text, f"{option} is not in docs/usage.md"


def test_coils_are_listed_with_their_sources(capsys):
    assert main(["coils"]) == 0
    out = capsys.readouterr().out
    for name in (*coil_names(), *stimulator_names()):
        assert name in out
    assert out.count("doi:") >= len(coil_names())


@pytest.mark.parametrize(
    "words", [["search"], ["search", "head.msh"], ["search", "head.msh", "--target", "1", "2"]]
)
def test_a_search_without_target_or_place_is_misuse(words, capsys):
    with pytest.raises(SystemExit) as stop:
        main(words)
    assert stop.value.code == 2
    assert "usage" in capsys.readouterr().err
