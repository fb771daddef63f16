"""Coils of flat circular turns: figure-8, double cone, round."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tmsguide.field.coils.turns import Turn, join, lay
from tmsguide.field.tables import table
from tmsguide.model import Coil

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

__all__ = ["circular_90mm", "double_cone_110mm", "figure8_70mm"]

_CASING_RIM_M = 0.006  # casing beyond the outermost conductor, about a conductor's height
_CASING_STEP_M = 0.005
_BRIDGE_HALF_M = 0.045  # of the flat middle between two tilted wings, along y


def figure8_70mm() -> Coil:
    """Give the common 70 mm figure-8 coil as 2 × 9 flat circular turns (648 elements).

    Turns lie 2 mm apart between radii of 26 and 44 mm, wing centres 44 mm either side of the
    middle, in one plane 6 mm behind the casing's face. A rising current (positive dI/dt) drives
    E = -dA/dt along +y (away from the handle) under the centre, as SimNIBS' models of
    Magstim's 70 mm coil do.

    Idealised: spirals are closed circles, the conductor's height is one plane, leads are left out.
    Against a three-layer dipole model of this coil (tests/field), E in a head's brain is 2.5 %
    weaker and differs by 2.9 % in all; against the measured model of 2022, B differs by 17 % at
    20 mm and 9 % at 60 mm below the face.

    References
    ----------
    Thielscher & Kammer 2002, NeuroImage 17:1117, doi:10.1006/nimg.2002.1282;
    Thielscher & Kammer 2004, Clin. Neurophysiol. 115:1697, doi:10.1016/j.clinph.2004.02.019;
    Drakaki et al. 2022, Brain Stimul. 15:1192, doi:10.1016/j.brs.2022.04.017 (largest dI/dt).
    """
    return _winged("figure8-70mm")


def double_cone_110mm() -> Coil:
    """Give a 110 mm double-cone coil: 2 × 7 turns, the wings at 95° to each other.

    Wings bend towards the head (z > 0); the origin is the middle of the bridge between them. Turns
    and angle are those commonly given, the wings' place is fitted to a measured field, from which
    B differs by 5 to 12 % in a ball of 75 mm (tests/field). A rising current drives E along +y
    under the middle; SimNIBS' measured model has the other sign.

    References
    ----------
    Deng, Lisanby & Peterchev 2013, Brain Stimul. 6:1, doi:10.1016/j.brs.2012.02.005;
    Drakaki et al. 2022, Brain Stimul. 15:1192, doi:10.1016/j.brs.2022.04.017.
    """
    return _winged("double-cone-110mm")


def circular_90mm() -> Coil:
    """Give a 90 mm round coil of 14 turns between diameters of 66 and 123 mm.

    The current runs right-handed about z (into the head), so that a rising one drives E
    left-handed about it: along +y on the -x side and along -y on the +x side. No casing drawing
    and no measured model of this very coil: see its entry in ``data/windings.toml``.

    References
    ----------
    Deng, Lisanby & Peterchev 2013, Brain Stimul. 6:1, doi:10.1016/j.brs.2012.02.005.
    """
    return _winged("circular-90mm")


def _winged(name: str) -> Coil:
    row = table("windings.toml")[name]
    sides = (-1.0, 1.0) if row["wings"] == 2 else (1.0,)
    half_pitch = 0.5 * (row["outer_m"] - row["inner_m"]) / row["turns"]
    radii = np.linspace(row["inner_m"] + half_pitch, row["outer_m"] - half_pitch, row["turns"])
    position, element = join(
        lay(Turn(_centre(row, side), side * _towards_head(row, side), r), row["pieces"])
        for side in sides
        for r in radii.tolist()
    )
    return Coil(
        name=name,
        position_m=position,
        element_m=element,
        max_didt_a_per_s=row["max_didt_a_per_s"],
        casing_half_size_m=tuple(row["casing_half_size_m"]),
        source=f"{row['source']}. Error: {row['stated']}",
        casing_m=_bent_casing(row) if row["tilt_deg"] else np.empty((0, 3)),
    )


def _centre(row: dict[str, Any], side: float) -> Floats:
    centre: Floats = np.array(row["centre_m"]) * np.array([side, 1.0, 1.0])
    return centre


def _towards_head(row: dict[str, Any], side: float) -> Floats:
    """Give a wing's normal: the coil's z, its tip turned to the middle by the wing's tilt."""
    tilt = np.deg2rad(row["tilt_deg"])
    return np.array([-side * np.sin(tilt), 0.0, np.cos(tilt)])


def _bent_casing(row: dict[str, Any]) -> Floats:
    """Points (V, 3) over the head-side face of two tilted rings and the bridge between them.

    The wings are cones in truth: a head may bulge into their bores, which are taken as open.
    """
    rim = row["outer_m"] + _CASING_RIM_M
    line = np.arange(-rim, rim + _CASING_STEP_M, _CASING_STEP_M)
    u, v = (axis.ravel() for axis in np.meshgrid(line, line))
    radius = np.hypot(u, v)
    inside = (radius <= rim) & (radius >= row["inner_m"] - _CASING_RIM_M)
    across = np.stack([u[inside], v[inside]], axis=1)
    bridge = np.arange(-_BRIDGE_HALF_M, _BRIDGE_HALF_M + 1e-9, _CASING_STEP_M)
    parts = [np.stack([0 * bridge, bridge, 0 * bridge], axis=1)]
    for side in (-1.0, 1.0):
        normal = _towards_head(row, side)
        along = np.cross([0.0, 1.0, 0.0], normal)
        face = _centre(row, side) + row["face_to_winding_m"] * normal
        parts.append(face + across[:, :1] * along + across[:, 1:] * np.array([0.0, 1.0, 0.0]))
    return np.concatenate(parts)
