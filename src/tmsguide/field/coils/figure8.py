"""The 70 mm figure-8 coil."""

from __future__ import annotations

import numpy as np

from tmsguide.field.coils.turns import Turn, join, lay
from tmsguide.model import Coil

__all__ = ["figure8_70mm"]

_TURNS = 9  # per wing
_INNER_M, _OUTER_M = 0.026, 0.044  # edges of a wing's winding
_WING_M = 0.044  # coil centre to the centre of a wing
_DEPTH_M = 0.006  # casing face to the middle of the winding: shell, then half of a 7 mm conductor
_PIECES = 36  # elements per turn: A within 2e-3 at 5 mm and 4e-5 at 10 mm from the wire
_CASING_HALF_M = (0.092, 0.048, 0.007)
_AXIS = np.array([0.0, 0.0, 1.0])
_MAX_DIDT_A_PER_S = 1.15e8  # Magstim Rapid with the D70 coil at 100 % output (Drakaki 2022)


def figure8_70mm() -> Coil:
    """Give the common 70 mm figure-8 coil as 2 × 9 flat circular turns (648 elements).

    Turns lie 2 mm apart between radii of 26 and 44 mm, wing centres 44 mm either side of the
    middle, in one plane 6 mm behind the casing's face. A rising current (positive dI/dt) drives
    E = -dA/dt along +y (away from the handle) under the centre, as SimNIBS' 70 mm coil files do.

    Idealised: spirals are closed circles, the conductor's height is one plane, leads are left out.
    Against a three-layer dipole model of this coil (tests/field), E in a head's brain is 2.5 %
    weaker and differs by 2.9 % in all.

    References
    ----------
    Thielscher & Kammer 2002, NeuroImage 17:1117, doi:10.1006/nimg.2002.1282;
    Thielscher & Kammer 2004, Clin. Neurophysiol. 115:1697, doi:10.1016/j.clinph.2004.02.019;
    Drakaki et al. 2022, Brain Stimul. 15:1192, doi:10.1016/j.brs.2022.04.017 (largest dI/dt).
    """
    half_pitch = 0.5 * (_OUTER_M - _INNER_M) / _TURNS
    radii = np.linspace(_INNER_M + half_pitch, _OUTER_M - half_pitch, _TURNS)
    position, element = join(
        lay(Turn(np.array([side * _WING_M, 0.0, -_DEPTH_M]), _AXIS * side, r), _PIECES)
        for side in (-1.0, 1.0)
        for r in radii.tolist()
    )
    return Coil(
        name="figure8-70mm",
        position_m=position,
        element_m=element,
        max_didt_a_per_s=_MAX_DIDT_A_PER_S,
        casing_half_size_m=_CASING_HALF_M,
        source="Thielscher & Kammer 2002, 2004; largest dI/dt Drakaki et al. 2022",
    )
