"""The one door to the real test data that lie beside the checkout and are never committed."""

from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1].parent / "shared" / "data"


def shared(relative: str) -> Path:
    """Path of a shared file or folder; skips the test with a clear reason where it is absent."""
    path = ROOT / relative
    if not path.exists():
        pytest.skip(f"test data {relative} not beside this checkout")
    return path
