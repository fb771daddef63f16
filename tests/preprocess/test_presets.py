from dataclasses import replace

import pytest

from tmsguide.errors import InputError
from tmsguide.preprocess.denoising.presets import (
    DEFAULT_PRESET,
    Preset,
    described,
    preset_named,
    presets,
)
from tmsguide.preprocess.tables import denoising_table


def test_every_preset_is_what_its_name_says():
    for preset in presets():
        parts = preset.name.split("-")
        assert ("gsr" in parts) == (preset.global_signal > 0 and parts[0] not in ("36p", "9p"))
        assert ("acompcor" in parts) == (preset.components > 0)
        assert ("acompcor50" in parts) == (preset.variance == 0.5)
        assert ("tcompcor" in parts) == (preset.unsteady > 0)
        fixed = preset.motion + 2 * preset.tissue_means
        if parts[0] in ("36p", "9p"):
            fixed += preset.global_signal
        counted = "6p" if preset.name == "minimal" else parts[0]
        assert counted == f"{fixed}p"


def test_the_default_is_24_motion_courses_components_and_the_global_signal():
    preset = preset_named(DEFAULT_PRESET)
    assert (preset.motion, preset.components, preset.global_signal) == (24, 5, 1)
    assert (preset.variance, preset.unsteady, preset.tissue_means) == (0, 0, 0)


def test_names_are_their_own_and_every_row_has_a_source():
    names = [p.name for p in presets()]
    assert len(set(names)) == len(names)
    for row in (r for key in ("preset", "fd_limit", "breathing") for r in denoising_table()[key]):
        assert row["source"]
        assert row["verified"] in (True, False)


def test_words_name_all_that_goes():
    words = {p.name: described(p) for p in presets()}
    assert len(set(words.values())) == len(words)
    assert "50% of the variance" in words["24p-acompcor50"]
    assert "most variable voxels" in words["24p-tcompcor"]
    assert words["36p"].count("squares") == 2
    assert words["9p"] == (
        "6 motion courses, the mean of white matter and of fluid and the global signal"
    )


def test_an_unknown_preset_is_answered_with_those_there_are():
    with pytest.raises(InputError, match=r"'aroma' is unknown; .*36p.*minimal"):
        preset_named("aroma")


@pytest.mark.parametrize(
    "wrong",
    [
        {"motion": 7},
        {"global_signal": 3},
        {"tissue_means": 5},
        {"components": -1},
        {"unsteady": -1},
        {"variance": 1.0},
        {"components": 5, "variance": 0.5},
    ],
)
def test_an_impossible_preset_is_refused(wrong):
    with pytest.raises(InputError, match=r"needed|not both"):
        replace(Preset("trial", motion=24), **wrong)
