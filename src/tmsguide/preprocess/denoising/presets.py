"""Denoising choices, named after what they take out."""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cache

from tmsguide.errors import InputError
from tmsguide.preprocess.tables import denoising_table

__all__ = ["DEFAULT_PRESET", "Preset", "described", "preset_named", "presets"]

#: Strong against motion and breathing, and with the global signal out as the seed method needs
#: it (Fox 2012; Parkes 2018): the chain gives the answer without it as well.
DEFAULT_PRESET = "24p-acompcor-gsr"
_TITLES = {1: "", 2: " with its change", 4: " with its change and the squares of both"}


@dataclass(frozen=True, slots=True)
class Preset:
    """What is regressed out; each number counts time courses.

    ``motion`` is 6, 12 (with their changes) or 24 (with the squares of both). ``components`` of
    each of white matter and fluid (aCompCor), or as many as reach the part ``variance`` of it;
    ``unsteady`` components of the most variable voxels (tCompCor). ``tissue_means`` for each of
    white matter and fluid and ``global_signal`` are 0, 1 (the mean), 2 (with its change) or 4
    (with the squares of both).
    """

    name: str
    motion: int
    components: int = 0
    variance: float = 0.0
    unsteady: int = 0
    tissue_means: int = 0
    global_signal: int = 0
    source: str = ""
    verified: bool = False

    def __post_init__(self) -> None:
        for name, allowed in (
            ("motion", (6, 12, 24)),
            ("tissue_means", (0, 1, 2, 4)),
            ("global_signal", (0, 1, 2, 4)),
        ):
            if getattr(self, name) not in allowed:
                raise InputError(
                    f"preset {self.name}: {name} is {getattr(self, name)}; needed one of "
                    f"{', '.join(map(str, allowed))}"
                )
        if min(self.components, self.unsteady) < 0 or not 0 <= self.variance < 1:
            raise InputError(
                f"preset {self.name}: needed components and unsteady from 0, variance from 0 to "
                "below 1"
            )
        if self.components and self.variance:
            raise InputError(f"preset {self.name}: give components or variance, not both")


@cache
def presets() -> tuple[Preset, ...]:
    """Give every preset of the table, in its order.

    Examples
    --------
    >>> [p.name for p in presets() if p.global_signal]
    ['24p-acompcor-gsr', '24p-acompcor50-gsr', '36p', '12p-acompcor-gsr', '9p']
    """
    known = {f.name for f in fields(Preset)}
    rows = denoising_table()["preset"]
    return tuple(Preset(**{k: v for k, v in row.items() if k in known}) for row in rows)


def preset_named(name: str) -> Preset:
    """Give the preset of that name.

    Raises
    ------
    InputError
        The table has no such name; the message lists those it has.

    Examples
    --------
    >>> preset_named("36p").tissue_means
    4
    """
    for preset in presets():
        if preset.name == name:
            return preset
    raise InputError(
        f"denoising {name!r} is unknown; choose one of {', '.join(p.name for p in presets())}"
    )


def described(preset: Preset) -> str:
    """Give what the preset takes out, in words for a methods section.

    Examples
    --------
    >>> described(preset_named("24p-acompcor-gsr"))
    '24 motion courses, 5 components each of white matter and fluid and the global signal'
    >>> described(preset_named("minimal"))
    '6 motion courses'
    """
    parts = [f"{preset.motion} motion courses"]
    if preset.components:
        parts.append(f"{preset.components} components each of white matter and fluid")
    if preset.variance:
        parts.append(
            f"the components that make up {preset.variance:.0%} of the variance of white matter "
            "and of fluid"
        )
    if preset.unsteady:
        parts.append(f"{preset.unsteady} components of the most variable voxels")
    if preset.tissue_means:
        parts.append(f"the mean of white matter and of fluid{_TITLES[preset.tissue_means]}")
    if preset.global_signal:
        parts.append(f"the global signal{_TITLES[preset.global_signal]}")
    return " and ".join(part for part in (", ".join(parts[:-1]), parts[-1]) if part)
