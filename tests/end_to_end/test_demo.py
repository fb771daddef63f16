"""The demonstration as a newcomer runs it: a 1 mm T1w, 15 minutes of rest, a known target."""

import numpy as np
import pytest

from tests.end_to_end.runs import DemoRun
from tmsguide.cli import main
from tmsguide.model import Support

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("end-to-end")]


def test_the_full_demonstration_finds_its_target(tmp_path, capsys):
    assert main(["demo", "--out", str(tmp_path / "demo"), "--quiet"]) == 0
    run = DemoRun(tmp_path / "demo", 0, capsys.readouterr().out)
    found = run.summary
    assert found["planted_error_mm"] <= 6
    assert found["planted_inside_region"] is True
    # two of 100 resamples leap to a far place, so that the ball is wide; the set is not
    assert found["region_radius_mm"] < 60  # measured 42
    assert 0 < found["region_cm3"] < 6  # measured 2.2
    assert found["support"] in {support.value for support in Support}
    assert found["minutes_needed"] > found["usable_minutes"]  # measured 23 against 14.4
    assert found["target_native_mm"][0] < 0
    assert np.array(found["placement"])[0, 3] < found["target_native_mm"][0]
    assert found["reciprocity_gap_percent"] < 0.1
    assert found["usable_minutes"] > 12
    assert found["peak_rss_gb"] < 8
    assert "synthetic, not a real scan" in run.page
