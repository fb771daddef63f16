"""SimNIBS `.tcd` coil definitions (JSON): dipoles, line segments, casings, deformations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tmsguide.errors import InputError
from tmsguide.io.coils.casing import surface_points
from tmsguide.io.coils.numbers import LIMIT_ELEMENTS, box_half_size, vectors
from tmsguide.io.coils.packing import unpacked
from tmsguide.io.documents import one_line, parse_json
from tmsguide.model import Coil

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

__all__ = ["parse_tcd"]

_DIPOLES, _LINES, _GRID = 1, 2, 3  # coilElementList.type
_MM = 1e-3
_NONE = np.empty((0, 3))


def parse_tcd(data: bytes, name: object) -> Coil:
    """Give the coil in a `.tcd` file's bytes; ``name`` is for errors.

    Line segments act from the point they are given at. Deformations are applied at their initial
    value, in the order listed: turns about an axis and shifts. ``casing_m`` is sampled every 5 mm
    or finer from the coil's and the elements' casings.

    Raises
    ------
    InputError
        The JSON does not follow SimNIBS' schema; elements are sampled fields (type 3); or several
        stimulators drive the coil, whose currents one number cannot describe.
    """
    root = parse_json(data, name)
    elements = _objects(root, "coilElementList", name)
    drivers = {_index(element, "stimulator", name) for element in elements}
    if len(drivers) != 1:
        raise InputError(
            f"{one_line(name)}: {len(drivers)} stimulators drive this coil; needed one; save each "
            "one's elements as a coil of its own and add their fields"
        )
    wires: list[tuple[Floats, Floats]] = []
    dipoles: list[tuple[Floats, Floats]] = []
    casings: list[Floats] = []
    if "coilCasing" in root:
        casings.append(_casing(root, _index(root, "coilCasing", name), name))
    for element in elements:
        move = _deformation(root, element, name)
        position, value, is_line = _element(element, name)
        (wires if is_line else dipoles).append((_moved(position, move), value @ move[:3, :3].T))
        if "elementCasing" in element:
            shape = _casing(root, _index(element, "elementCasing", name), name)
            casings.append(_moved(shape, move))
        _check_total((wires, dipoles), casings, name)
    stimulators = _objects(root, "stimulatorList", name)
    wire = [np.concatenate([pair[i] for pair in wires]) if wires else _NONE for i in (0, 1)]
    dipole = [np.concatenate([pair[i] for pair in dipoles]) if dipoles else _NONE for i in (0, 1)]
    casing = np.concatenate(casings) if casings else _NONE
    extent = casing if len(casing) else np.concatenate([wire[0], dipole[0]])
    return Coil(
        name=one_line(" ".join(_texts(root, ("brand", "name"))) or getattr(name, "stem", name)),
        position_m=wire[0],
        element_m=wire[1],
        max_didt_a_per_s=_largest_didt(_pick(stimulators, drivers.pop(), name), name),
        casing_half_size_m=box_half_size(extent),
        source=one_line(f"file {getattr(name, 'name', name)}, SimNIBS .tcd coil definition"),
        dipole_position_m=dipole[0],
        dipole_moment_m2=dipole[1],
        casing_m=extent if len(casing) or (extent[:, 2] > 0).any() else _NONE,
    )


def _check_total(
    elements: tuple[list[tuple[Floats, Floats]], ...], casings: list[Floats], name: object
) -> None:
    count = sum(len(part[0]) for parts in elements for part in parts)
    points = sum(len(shape) for shape in casings)
    if max(count, points) > LIMIT_ELEMENTS:
        raise InputError(
            f"{one_line(name)}: over {LIMIT_ELEMENTS} elements or casing points; needed fewer; "
            "thin them out"
        )


def _element(element: dict[str, Any], name: object) -> tuple[Floats, Floats, bool]:
    kind = element.get("type")
    if kind == _GRID:
        raise InputError(
            f"{one_line(name)} holds a sampled field (element type 3), which has no conductors; "
            "needed dipoles (type 1) or line segments (type 2)"
        )
    if kind not in (_DIPOLES, _LINES) or isinstance(kind, bool):
        raise InputError(
            f"{one_line(name)}: element type {one_line(kind)}; needed 1 (dipoles) or 2 (lines)"
        )
    position = vectors(
        unpacked(element.get("points"), name, np.float64), name, "element points", unit_m=_MM
    )
    unit = _MM if kind == _LINES else 1.0
    value = vectors(
        unpacked(element.get("values"), name, np.float64), name, "element values", unit_m=unit
    )
    if len(position) != len(value):
        raise InputError(
            f"{one_line(name)}: an element has {len(position)} points and {len(value)} values; "
            "needed one value for each point"
        )
    return position, value, kind == _LINES


def _table(
    item: dict[str, Any], key: str, name: object, what: str, *, unit_m: float = _MM
) -> Floats:
    return vectors(unpacked(item.get(key), name, np.float64), name, what, unit_m=unit_m)


def _deformation(root: dict[str, object], element: dict[str, Any], name: object) -> Floats:
    """Give the (4, 4) move, metres, of an element at the initial values of its deformations."""
    total = np.eye(4)
    if "deformations" not in element:
        return total
    listed = element["deformations"]
    if not isinstance(listed, list):
        raise InputError(f"{one_line(name)}: deformations of an element are no list of numbers")
    for number in listed:
        step = _pick(_objects(root, "deformList", name), number, name)
        span = _pick(_objects(root, "deformRangeList", name), step.get("deformRange"), name)
        total = (
            _move(step, _number(span.get("initial"), "initial deformation", name), name) @ total
        )
    return total


def _move(step: dict[str, Any], amount: float, name: object) -> Floats:
    kind = step.get("type")
    matrix = np.eye(4)
    if kind in ("x", "y", "z"):
        matrix["xyz".index(kind), 3] = amount * _MM
        return matrix
    if kind != "rot2p":
        raise InputError(
            f"{one_line(name)}: deformation '{one_line(kind)}'; needed x, y, z, rot2p"
        )
    ends = vectors([step.get("point1"), step.get("point2")], name, "axis points", unit_m=_MM)
    along = ends[1] - ends[0]
    size = float(np.linalg.norm(along))
    if size < 1e-9:
        raise InputError(f"{one_line(name)}: the two points of a turning axis are the same")
    x, y, z = along / size
    cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    angle = np.deg2rad(amount)
    matrix[:3, :3] += np.sin(angle) * cross + (1 - np.cos(angle)) * cross @ cross  # Rodrigues
    matrix[:3, 3] = ends[0] - matrix[:3, :3] @ ends[0]
    return matrix


def _moved(points: Floats, move: Floats) -> Floats:
    return points @ move[:3, :3].T + move[:3, 3]


def _casing(root: dict[str, object], index: int, name: object) -> Floats:
    """Points (V, 3), metres, all over a casing's triangles."""
    shape = _pick(_objects(root, "coilModels", name), index, name)
    corner = vectors(
        unpacked(shape.get("points"), name, np.float64), name, "casing points", unit_m=_MM
    )
    raw = (
        vectors(unpacked(shape.get("faces"), name, np.int64), name, "casing faces", unit_m=1e-9)
        * 1e9
    )
    face = np.rint(raw).astype(np.int64)
    if face.min() < 0 or face.max() >= len(corner):
        raise InputError(
            f"{one_line(name)}: a casing's face names point {face.max()} of {len(corner)}; "
            "needed points that exist"
        )
    return surface_points(corner, face, name)


def _objects(root: dict[str, object], key: str, name: object) -> list[dict[str, Any]]:
    value = root.get(key)
    if not isinstance(value, list) or not value or not all(isinstance(v, dict) for v in value):
        raise InputError(
            f"{one_line(name)}: '{key}' is missing, empty or no list of objects; needed one, as "
            "SimNIBS writes it"
        )
    return value


def _pick(values: list[dict[str, Any]], index: object, name: object) -> dict[str, Any]:
    if not isinstance(index, int) or isinstance(index, bool) or not 0 <= index < len(values):
        raise InputError(
            f"{one_line(name)}: an entry points to item {one_line(index)} of a list of "
            f"{len(values)}; needed one that exists"
        )
    return values[index]


def _index(item: dict[str, Any], key: str, name: object) -> int:
    value = item.get(key)
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise InputError(f"{one_line(name)}: '{key}' is {one_line(value)}; needed 0, 1, 2, ...")
    return value


def _number(value: object, what: str, name: object) -> float:
    if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e12:
        return float(value)
    raise InputError(f"{one_line(name)}: {what} is {one_line(value)}; needed a finite number")


def _largest_didt(stimulator: dict[str, Any], name: object) -> float:
    if "maxdIdt" not in stimulator:
        return float("nan")
    value = _number(stimulator["maxdIdt"], "maxdIdt", name)
    if value <= 0:
        raise InputError(
            f"{one_line(name)}: maxdIdt is {value:g}; needed a positive number of A/s"
        )
    return value


def _texts(root: dict[str, object], keys: tuple[str, ...]) -> list[str]:
    return [text for key in keys if isinstance(text := root.get(key), str)]
