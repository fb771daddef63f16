"""The house is as it says: public names are true, every choice a user has is documented."""

import importlib
import pkgutil
from dataclasses import fields
from pathlib import Path

import pytest

import tmsguide
from tmsguide import model

ROOMS = [m.name for m in pkgutil.iter_modules(tmsguide.__path__, "tmsguide.") if m.ispkg]
DOCS = Path(__file__).resolve().parents[1] / "docs"


@pytest.mark.parametrize("room", ROOMS)
def test_public_names_are_true(room):
    module = importlib.import_module(room)
    named = getattr(module, "__all__", None)
    if named is None:
        assert room == "tmsguide.num", "num is used module by module; every other room has doors"
        return
    assert sorted(named) == sorted(set(named))
    for name in named:
        assert getattr(module, name) is not None


@pytest.mark.parametrize(
    "kind",
    [getattr(model, name) for name in model.__all__ if name.endswith("Settings")],
    ids=lambda k: k.__name__,
)
def test_every_setting_is_documented(kind):
    text = (DOCS / "settings.md").read_text()
    for item in fields(kind):
        assert f"`{item.name}`" in text, f"{kind.__name__}.{item.name} is not in docs/settings.md"


def test_every_command_line_option_is_documented():
    from tmsguide.cli.run_words import bids_parser, demo_parser

    text = (DOCS / "usage.md").read_text()
    for parser in (bids_parser(), demo_parser()):
        for action in parser._actions:
            for option in action.option_strings:
                if option.startswith("--"):
                    assert option in text, f"{option} is not in docs/usage.md"
