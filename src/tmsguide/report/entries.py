"""Parts of a dossier that are more than a number: runs, options, dose, agreement, networks."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tmsguide.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    from numpy.typing import NDArray

    from tmsguide.model import NetworkMeans, Placement, Points, Quality

    Floats = NDArray[np.float64]

__all__ = ["AgreementEntry", "ConnectomeEntry", "DoseEntry", "OptionEntry", "RunEntry", "Triple"]

Triple = tuple[float, float, float]  # value, low, high


@dataclass(frozen=True, slots=True, eq=False)
class OptionEntry:
    """A placement worth choosing and why, at its own dI/dt.

    Field in the target, its mean and 5th percentile under placement error; cortex with at least
    half of the peak; peak in the scalp over the field in the target; dI/dt for the field that the
    planned placement gives, in percent of that one's.
    """

    placement: Placement
    reason: str
    target_v_per_m: float
    expected_v_per_m: float
    low_v_per_m: float
    focal_mm2: float
    scalp_per_target: float
    dose_percent: float


@dataclass(frozen=True, slots=True)
class DoseEntry:
    """Fields at target and motor cortex over the ranges of conductivity, depths and intensities.

    Triples are mean, 5th and 95th percentile. ``methods`` are (name, % of output with its range,
    what held it back or ""), empty without a motor threshold.
    """

    target_v_per_m: Triple
    motor_v_per_m: Triple
    motor_over_target: Triple
    depth_target_mm: float
    depth_m1_mm: float
    methods: tuple[tuple[str, Triple, str], ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RunEntry:
    """One functional run: ``frames`` acquired, how it was judged by itself, words about it."""

    name: str
    frames: int
    quality: Quality
    note: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class AgreementEntry:
    """How far the K methods' targets lie apart, and which of them one placement serves.

    ``names`` (K,) are titles, the planned target first, then the alternatives in their order;
    ``distance_mm`` (K, K). ``consensus`` (1, 3) is the place on which ``consensus_methods``, which
    lie within ``consensus_radius_mm`` of it, agree best; 95 % of their resamples are within
    ``consensus_region_mm``. ``group_distance_mm`` is from the planned
    target to each group or scalp-rule site. ``served_v_per_m`` (K,) is the field of the planned
    placement at each target, ``served_percent`` (K,) the same in percent of that at the planned
    target, NaN where unknown; from ``served_limit_percent`` a target counts as served together
    with the planned one. ``assumes`` (K,) says what each method takes for granted, or is empty.

    Raises
    ------
    InputError
        If an array does not have one value for each method.
    """

    names: tuple[str, ...]
    distance_mm: Floats
    served_percent: Floats
    served_v_per_m: Floats
    consensus: Points | None = None
    consensus_radius_mm: float = float("nan")
    consensus_region_mm: float = float("nan")
    consensus_methods: tuple[str, ...] = ()
    group_distance_mm: Mapping[str, float] = field(default_factory=dict)
    served_limit_percent: float = 80.0
    assumes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        count = len(self.names)
        shapes = {
            "distance_mm": (self.distance_mm.shape, (count, count)),
            "served_percent": (self.served_percent.shape, (count,)),
            "served_v_per_m": (self.served_v_per_m.shape, (count,)),
            "assumes": ((len(self.assumes) or count,), (count,)),
        }
        _refuse_misfits(shapes, f"{count} methods")


@dataclass(frozen=True, slots=True, eq=False)
class ConnectomeEntry:
    """How the P parcels and K networks of one person move together.

    ``z`` (P, P) is of ``kind`` with its ``names`` and ``networks`` (P,). ``graph`` are summaries
    of it by name, ``notes`` what was done, ``weak`` sentences on what is not to be relied on.

    Raises
    ------
    InputError
        If ``z`` does not have one row and column for each parcel.
    """

    means: NetworkMeans
    parcellation: str
    z: Floats
    names: tuple[str, ...]
    networks: tuple[str, ...]
    notes: tuple[str, ...] = ()
    graph: Mapping[str, float] = field(default_factory=dict)
    weak: tuple[str, ...] = ()
    kind: str = "correlation"

    def __post_init__(self) -> None:
        parcels, networks = len(self.names), len(self.means.names)
        shapes = {
            "z": (self.z.shape, (parcels, parcels)),
            "networks": ((len(self.networks),), (parcels,)),
            "means.z": (self.means.z.shape, (networks, networks)),
            "means.low": (self.means.low.shape, (networks, networks)),
            "means.high": (self.means.high.shape, (networks, networks)),
        }
        _refuse_misfits(shapes, f"{parcels} parcels and {networks} networks")


def _refuse_misfits(
    shapes: Mapping[str, tuple[tuple[int, ...], tuple[int, ...]]], counted: str
) -> None:
    for name, (given, needed) in shapes.items():
        if given != needed:
            raise InputError(f"{name} has shape {given}, needed {needed} for {counted}")
