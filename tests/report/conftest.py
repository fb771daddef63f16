"""One made-up person, rendered once for all tests of the page."""

import pytest

from tests.report import builders
from tmsguide.report import render


@pytest.fixture(scope="session")
def made():
    return builders.dossier(step_mm=5.0)


@pytest.fixture(scope="session")
def report(made):
    return render(made)
