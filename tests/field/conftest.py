"""Heads that several field tests share."""

import pytest

from tests.field.heads import egg_head
from tmsguide.field import figure8_70mm, prepare


@pytest.fixture(scope="session")
def egg():
    return prepare(egg_head())


@pytest.fixture(scope="session")
def coil():
    return figure8_70mm()
