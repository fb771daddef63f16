"""What a targeting method is: where it looks, what it compares with, and how it picks a place."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Compared", "Pick", "Spheres", "TargetDefinition"]


class Compared(Enum):
    """What the series of each place of the search area is compared with."""

    SEED = "seed"  # mean series of spheres, or of a mask image
    OWN_WEIGHTS = "own-weights"  # whole grey matter, weighted by the person's own seed map
    WEIGHTED_MAP = "weighted-map"  # whole grey matter, weighted by a map that the user supplies
    CIRCUIT = "circuit"  # cosine similarity of a place's whole-brain map with a supplied map
    REGRESSION = "regression"  # outcome predicted from a place's map by supplied coefficients
    PARCELS = "parcels"  # sub-parcels of the search area against those of the seed (SAINT-like)
    NETWORK = "network"  # which network each place belongs to; the largest patch of one network
    SITE = "site"  # nothing: a published coordinate


class Pick(Enum):
    """How one place is picked from a map over the search area."""

    CLUSTER = "cluster"
    PEAK = "peak"
    CONE = "cone"
    SWEEP = "sweep"
    CENTRE = "centre"  # of the parcel, patch or site itself


@dataclass(frozen=True, slots=True)
class Spheres:
    """A union of balls round MNI millimetres, or the places where a supplied map is above 0."""

    mni_mm: tuple[tuple[float, float, float], ...] = ()
    radius_mm: float = 10.0
    map_file: str = ""

    @property
    def given(self) -> bool:
        """Whether there is anything inside: a ball or an image."""
        return bool(self.mni_mm or self.map_file)


@dataclass(frozen=True, slots=True)
class TargetDefinition:
    """One method of finding a target, as a small TOML file holds it.

    The least value is sought, the greatest where ``positive``. ``map_file`` names the supplied
    image of `Compared.WEIGHTED_MAP`, ``CIRCUIT`` and ``REGRESSION``, ``network`` the one that
    `Compared.NETWORK` looks for. ``parameters`` are those of the method, all of them (`docs`).
    ``evidence_for`` and ``evidence_against`` are sentences for people; ``verified`` is False where
    the cited source was not read. ``default`` definitions run without being asked for.
    """

    name: str
    title: str
    condition: str
    compared: Compared
    pick: Pick
    search: Spheres
    seed: Spheres = Spheres()
    positive: bool = False
    site_mni_mm: tuple[float, float, float] | None = None
    map_file: str = ""
    network: str = ""
    parameters: Mapping[str, float] = field(default_factory=dict)
    source: str = ""
    assumes: str = ""
    evidence_for: str = ""
    evidence_against: str = ""
    verified: bool = False
    default: bool = False

    @property
    def lacks_map(self) -> bool:
        """Whether the method rests on an image that the user has still to supply."""
        mapped = (Compared.WEIGHTED_MAP, Compared.CIRCUIT, Compared.REGRESSION)
        return self.compared in mapped and not self.map_file
