"""Digital object identifiers found in a source's words, so that the page can link them."""

from __future__ import annotations

import re

__all__ = ["doi_parts"]

#: The identifier ends in a letter or digit, so that a bracket or a full stop is not part of it.
DOI = re.compile(r"(?:doi:\s*)?\b(10\.\d{4,9}/[A-Za-z0-9._()/:-]*[A-Za-z0-9])")


def doi_parts(text: str) -> list[tuple[str, str]]:
    """Give a text as (words, identifier after them) in order; the last has no identifier.

    Examples
    --------
    >>> doi_parts("Cash 2021 doi:10.1002/hbm.25330.")
    [('Cash 2021 ', '10.1002/hbm.25330'), ('.', '')]
    """
    parts, end = [], 0
    for found in DOI.finditer(text):
        parts.append((text[end : found.start()], found[1]))
        end = found.end()
    return [*parts, (text[end:], "")]
