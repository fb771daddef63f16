"""What every refusal of bad input looks like."""

import pytest

from tmsguide.errors import InputError


def refused(call, *args, words=(), error=InputError, **kwargs):
    """The call raises in one line of sensible length that holds all the words; gives the line."""
    with pytest.raises(error) as caught:
        call(*args, **kwargs)
    line = str(caught.value)
    assert "\n" not in line
    assert 20 < len(line) < 700
    for word in words:
        assert word in line, f"{word!r} not in {line!r}"
    return line
