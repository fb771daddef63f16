"""One made-up person, rendered once for all tests of the page."""

import pytest

from tests.report import builders, rich
from tmsguide.report import render


@pytest.fixture(scope="session")
def made():
    return builders.dossier(step_mm=5.0)


@pytest.fixture(scope="session")
def report(made):
    return render(made)


@pytest.fixture(scope="session")
def full(made):
    """The same person with region, verdict, twelve methods and networks."""
    return rich.person(made)


@pytest.fixture(scope="session")
def full_report(full):
    return render(full)
