"""What targets are sought on: one person's cleaned signals and where they lie."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from tmsguide.errors import FrameError, InputError
from tmsguide.model import MNI_FRAMES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from tmsguide.model import Denoised, Points
    from tmsguide.targeting.networks.personal_networks import ReferenceNetworks

    Floats = NDArray[np.float64]

__all__ = ["Ground"]


@dataclass(frozen=True, slots=True, eq=False)
class Ground:
    """Cleaned signals of one person at N places, on a voxel lattice or on a surface.

    ``where_mni`` (N, 3) are the places in an MNI 152 space: areas and seeds of the literature are
    found there. ``grey`` (N,) marks grey matter. ``other`` is the same scan with the other choice
    about the global signal. On a surface ``edges`` (E, 2) join neighbouring vertices and
    ``area_mm2`` (N,) is what each stands for; without them the places are a lattice.
    ``smoothing_mm`` is the width of the blur the signals were given. ``networks`` are networks
    known from groups, by their seeds, for methods that look for one; ``maps`` (N,) each are images
    that the user supplied, at the places, by the name that definitions use.

    Raises
    ------
    FrameError
        If ``where_mni`` is in none of `MNI_FRAMES`.
    InputError
        If any array does not have one row per place, or holds NaN.
    """

    denoised: Denoised
    where_mni: Points
    grey: NDArray[np.bool_]
    other: Denoised | None = None
    edges: NDArray[np.int64] | None = None
    area_mm2: Floats | None = None
    smoothing_mm: float = 4.0
    networks: ReferenceNetworks | None = None
    maps: Mapping[str, Floats] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.where_mni.frame not in MNI_FRAMES:
            raise FrameError(
                f"search areas and seeds are given in MNI 152 spaces, the places came in "
                f"{self.where_mni.frame.name}; map them with mni_from_t1w first"
            )
        if (self.edges is None) != (self.area_mm2 is None):
            raise InputError("a surface needs both edges and area_mm2; give both or neither")
        n = len(self.denoised.where)
        sizes = {
            "series": self.denoised.series.shape[1],
            "MNI positions": len(self.where_mni),
            "grey-matter marks": len(self.grey),
        }
        if self.other is not None:
            sizes["series of the other global-signal choice"] = self.other.series.shape[1]
        if self.area_mm2 is not None:
            sizes["vertex areas"] = len(self.area_mm2)
        for name, values in self.maps.items():
            sizes[f"values of map {name}"] = len(values)
            if not np.isfinite(values).all():
                raise InputError(f"map {name} holds NaN or infinity; give 0 where it is unknown")
        wrong = [f"{length} {name}" for name, length in sizes.items() if length != n]
        if wrong:
            raise InputError(f"{n} places, but {', '.join(wrong)}; needed one of each per place")
