"""The coils we ship, by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tmsguide.errors import InputError
from tmsguide.field.coils.h1_like import h1_like
from tmsguide.field.coils.winged import circular_90mm, double_cone_110mm, figure8_70mm

if TYPE_CHECKING:
    from collections.abc import Callable

    from tmsguide.model import Coil

__all__ = ["coil_named", "coil_names"]

_COILS: dict[str, Callable[[], Coil]] = {
    "figure8-70mm": figure8_70mm,
    "double-cone-110mm": double_cone_110mm,
    "circular-90mm": circular_90mm,
    "h1-like": h1_like,
}


def coil_names() -> tuple[str, ...]:
    """Give the names that `coil_named` knows.

    Examples
    --------
    >>> coil_names()
    ('figure8-70mm', 'double-cone-110mm', 'circular-90mm', 'h1-like')
    """
    return tuple(_COILS)


def coil_named(name: str) -> Coil:
    """Give the coil of that name.

    Raises
    ------
    InputError
        No such coil.
    """
    if name not in _COILS:
        raise InputError(
            f"no coil is called '{name}'; needed one of {', '.join(_COILS)}, or a SimNIBS .ccd or "
            ".tcd file"
        )
    return _COILS[name]()
