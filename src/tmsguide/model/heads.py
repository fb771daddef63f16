"""Head models, coils, coil placements and the fields they give."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from tmsguide.errors import FrameError, GeometryError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tmsguide.model.spaces import Frame, Points

__all__ = ["Coil", "Field", "HeadModel", "Landmarks", "Placement", "Surface"]


@dataclass(frozen=True, slots=True, eq=False)
class Surface:
    """A triangle surface: ``triangles`` (F, 3) index ``vertices``; normals face outward."""

    vertices: Points
    triangles: NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Landmarks:
    """Named places of one head: fiducials (Nz, Iz, LPA, RPA) or scalp positions (F3, Cz...).

    ``points`` has one row per name; ``uncertainty_mm`` (N,) the standard deviation to expect of
    each, infinite where the image does not show the place (a defaced nasion).
    """

    names: tuple[str, ...]
    points: Points
    uncertainty_mm: NDArray[np.float64]

    def at(self, name: str) -> NDArray[np.float64]:
        """Position (3,) of one of the names."""
        return np.asarray(self.points.xyz_mm[self.names.index(name)])


@dataclass(frozen=True, slots=True, eq=False)
class HeadModel:
    """Tetrahedra of one head, with tissue and conductivity per tetrahedron.

    ``cells`` (M, 4) have positive volume; ``tissue`` (M,) uint8 in `Tissue` numbering;
    ``sigma_s_per_m`` (M,) isotropic, S/m; ``tensor_s_per_m`` (M, 3, 3), symmetric and positive
    definite, in the head's axes, takes its place where given.
    """

    nodes: Points
    cells: NDArray[np.int64]
    tissue: NDArray[np.uint8]
    sigma_s_per_m: NDArray[np.float64]
    tensor_s_per_m: NDArray[np.float64] | None = None

    def __post_init__(self) -> None:
        if self.cells.ndim != 2 or self.cells.shape[1] != 4:
            raise GeometryError(f"cells are (M, 4) tetrahedra, given {self.cells.shape}")
        if not len(self.cells) == len(self.tissue) == len(self.sigma_s_per_m):
            raise GeometryError(
                f"{len(self.cells)} cells, {len(self.tissue)} tissue labels and "
                f"{len(self.sigma_s_per_m)} conductivities; needed one of each per cell"
            )
        tensor = self.tensor_s_per_m
        if tensor is not None and tensor.shape != (len(self.cells), 3, 3):
            raise GeometryError(
                f"conductivity tensors are ({len(self.cells)}, 3, 3), given {tensor.shape}"
            )


@dataclass(frozen=True, slots=True, eq=False)
class Coil:
    """A coil as closed wire loops, cut into straight current elements, or as magnetic dipoles.

    Coil frame (SimNIBS convention): origin at the centre of the head-side face of the casing, x
    lateral, y away from the handle, z into the head. ``position_m`` (D, 3) are element centres
    (z < 0: inside the casing), ``element_m`` (D, 3) the directed lengths, for 1 A of coil current;
    ``dipole_position_m`` (P, 3) and ``dipole_moment_m2`` (P, 3) magnetic moments per ampere. The
    field is the sum of both. ``casing_m`` (V, 3) are points all over the head-side surface of a
    casing that is not flat; empty for a flat box of ``casing_half_size_m``. NaN in
    ``max_didt_a_per_s``: not known.
    """

    name: str
    position_m: NDArray[np.float64]
    element_m: NDArray[np.float64]
    max_didt_a_per_s: float
    casing_half_size_m: tuple[float, float, float]
    source: str
    dipole_position_m: NDArray[np.float64] = field(default_factory=lambda: np.empty((0, 3)))
    dipole_moment_m2: NDArray[np.float64] = field(default_factory=lambda: np.empty((0, 3)))
    casing_m: NDArray[np.float64] = field(default_factory=lambda: np.empty((0, 3)))


@dataclass(frozen=True, slots=True, eq=False)
class Placement:
    """A coil pose: ``matsimnibs`` is (4, 4), coil millimetres to ``frame`` millimetres.

    Columns are the coil's x (lateral), y (away from the handle), z (into the head) and its centre.
    ``standoff_mm`` is the gap from scalp to casing centre along the scalp normal.
    """

    matsimnibs: NDArray[np.float64]
    frame: Frame
    didt_a_per_s: float
    standoff_mm: float

    def __post_init__(self) -> None:
        m = np.asarray(self.matsimnibs, dtype=np.float64)
        if m.shape != (4, 4) or not np.isfinite(m).all():
            raise FrameError(f"matsimnibs is a finite (4, 4) matrix, given {m.shape}")
        r = m[:3, :3]
        if not np.allclose(r.T @ r, np.eye(3), atol=1e-4) or np.linalg.det(r) < 0:
            raise FrameError(
                "matsimnibs needs orthonormal right-handed axes; given determinant "
                f"{np.linalg.det(r):.4f}. Mirrored or scaled axes would swap left and right"
            )
        object.__setattr__(self, "matsimnibs", m)

    @property
    def center_mm(self) -> NDArray[np.float64]:
        """Centre of the casing's head-side face, (3,)."""
        return np.array(self.matsimnibs[:3, 3])


@dataclass(frozen=True, slots=True, eq=False)
class Field:
    """Electric field of one placement, (M, 3) V/m per tetrahedron of the head it was solved on.

    ``recovered_v_per_m`` is the smoothed (superconvergent patch) field, what reports should show.
    """

    e_v_per_m: NDArray[np.float64]
    recovered_v_per_m: NDArray[np.float64]
    placement: Placement
