"""Stimulators: how output in percent becomes dI/dt, and which way the effective phase points."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from tmsguide.errors import InputError
from tmsguide.field.tables import table

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "Stimulator",
    "Waveform",
    "didt_from_mso",
    "induced_direction",
    "mso_from_didt",
    "stimulator_named",
    "stimulator_names",
]


class Waveform(Enum):
    """Course of a pulse's current."""

    MONOPHASIC = "monophasic"  # one steep rise, then a slow, damped return
    BIPHASIC = "biphasic"  # one full period of a damped sine
    BIPHASIC_BURST = "biphasic burst"  # several such periods, milliseconds apart


@dataclass(frozen=True, slots=True, eq=False)
class Stimulator:
    """A stimulator and the coils it was measured with.

    ``didt_a_per_s`` maps a coil's name to its largest dI/dt in A/s, that of the pulse's start at
    100 % of maximum stimulator output (MSO). ``second_phase_share`` is the peak of dI/dt in the
    second phase of a biphasic pulse to that start.
    """

    name: str
    title: str
    waveforms: tuple[Waveform, ...]
    didt_a_per_s: Mapping[str, float]
    second_phase_share: float
    source: str


def stimulator_names() -> tuple[str, ...]:
    """Give the names that `stimulator_named` knows.

    Examples
    --------
    >>> stimulator_names()
    ('magpro-x100', 'magpro-xp', 'magstim-rapid', 'duomag-xt', 'powermag')
    """
    return tuple(table("stimulators.toml"))


def stimulator_named(name: str) -> Stimulator:
    """Give the stimulator of that name.

    Raises
    ------
    InputError
        No such stimulator.

    References
    ----------
    Drakaki et al. 2022, Brain Stimul. 15:1192, doi:10.1016/j.brs.2022.04.017.
    """
    row = table("stimulators.toml").get(name)
    if row is None:
        raise InputError(
            f"no stimulator is called '{name}'; needed one of {', '.join(stimulator_names())}"
        )
    return Stimulator(
        name=name,
        title=row["title"],
        waveforms=tuple(Waveform(word) for word in row["waveforms"]),
        didt_a_per_s={coil: 1e6 * value for coil, value in row["didt_a_per_us"].items()},
        second_phase_share=row["second_phase_share"],
        source=row["source"],
    )


def didt_from_mso(stimulator: Stimulator, coil_name: str, percent: float) -> float:
    """Give dI/dt (A/s) at the pulse's start for an output of ``percent`` % MSO; proportional.

    Raises
    ------
    InputError
        The pair was not measured, or the output is not within 0 to 100 %.

    Examples
    --------
    >>> didt_from_mso(stimulator_named("magstim-rapid"), "D70", 50) / 1e6
    57.365
    """
    if not 0 <= percent <= 100:
        raise InputError(
            f"an output of {percent:g} % MSO was asked of {stimulator.title}; needed 0 to 100 %"
        )
    return percent / 100 * _largest(stimulator, coil_name)


def mso_from_didt(stimulator: Stimulator, coil_name: str, didt_a_per_s: float) -> float:
    """Give the output (% MSO) at which the pulse starts with that dI/dt (A/s).

    Raises
    ------
    InputError
        The pair was not measured, dI/dt is negative, or more than 100 % would be needed.
    """
    largest = _largest(stimulator, coil_name)
    if not 0 <= didt_a_per_s <= largest:
        raise InputError(
            f"dI/dt of {didt_a_per_s / 1e6:.4g} A/µs needs {100 * didt_a_per_s / largest:.0f} % "
            f"MSO of {stimulator.title} with {coil_name}, which gives 0 to "
            f"{largest / 1e6:.4g} A/µs; "
            "choose a nearer placement, another coil or a lower dose"
        )
    return 100 * didt_a_per_s / largest


def induced_direction(waveform: Waveform, *, rising: int, reversed_current: bool = False) -> int:
    """Give the sense along the coil's y of E in the phase that counts: +1, -1, or 0 for none.

    ``rising`` is `rising_direction` of the coil: the sense while its current first rises, normally
    connected; ``reversed_current`` says that the stimulator is switched to reverse. In a
    monophasic pulse the first upstroke counts; in a biphasic one the second phase, which runs
    against it and lasts twice as long. A rule of thumb: near threshold the phase counts that
    drives the more sensitive direction of the tissue, and at higher output both do (Sommer 2018).

    Raises
    ------
    InputError
        ``rising`` is not +1, -1 or 0.

    References
    ----------
    Kammer et al. 2001, Clin. Neurophysiol. 112:250, doi:10.1016/S1388-2457(00)00513-7;
    Sommer et al. 2018, Brain Stimul. 11:558, doi:10.1016/j.brs.2018.01.001.

    Examples
    --------
    >>> induced_direction(Waveform.BIPHASIC, rising=1)
    -1
    """
    if rising not in (-1, 0, 1):
        raise InputError(
            f"rising direction {rising}; needed +1, -1 or 0, as rising_direction says"
        )
    sense = 1 if waveform is Waveform.MONOPHASIC else -1
    return rising * sense * (-1 if reversed_current else 1)


def _largest(stimulator: Stimulator, coil_name: str) -> float:
    value = stimulator.didt_a_per_s.get(coil_name)
    if value is None:
        raise InputError(
            f"no largest dI/dt is known of {stimulator.title} with '{coil_name}'; needed one of "
            f"{', '.join(stimulator.didt_a_per_s)}"
        )
    return value
