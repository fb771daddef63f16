"""The EPI view of a generated head: its grid, its contrast and where signal is lost."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy import ndimage

from tmsguide.model import Affine, Points, Tissue
from tmsguide.phantom.materials import epi_of, tissue_of
from tmsguide.phantom.pose import oblique_grid, rotation
from tmsguide.phantom.t1w import shading

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tmsguide.model import Frame, Warp
    from tmsguide.phantom.settings import PhantomSettings

    Floats = NDArray[np.float64]
    Grid = NDArray[np.float32]

__all__ = ["Session", "Still", "draw_session", "kept_signal", "still_brain"]

_FINE = 0.6  # step of the still brain over that of the scan, so that moving it blurs little
_MARGIN = 3  # still-brain voxels round the scan, for head motion
_EXTENT_MM = np.array([206.0, 222.0, 160.0])
_CENTRE_MNI = np.array([0.0, -17.0, 6.0])

# Where air below the skull takes signal away (orbitofrontal and inferior temporal: Weiskopf 2006,
# NeuroImage 33:493): centre in MNI, spread in mm, share lost at the centre. Sizes are our choice,
# such that a fifth to two fifths go at sgACC.
_LOSSES = (
    ((0, 32, -27), (19, 20, 13), 0.80),
    ((52, -18, -34), (14, 16, 12), 0.60),
    ((-52, -18, -34), (14, 16, 12), 0.60),
    ((38, 14, -38), (12, 12, 12), 0.60),
    ((-38, 14, -38), (12, 12, 12), 0.60),
)


class Session(NamedTuple):
    """How the scan lies: ``bold_from_voxel`` (4, 4), its ``shape`` and the planted rigid."""

    bold_from_voxel: Floats
    shape: tuple[int, int, int]
    bold_from_t1w: Affine


class Still(NamedTuple):
    """The unmoving head as EPI sees it, on a grid finer than the scan.

    ``image`` (X, Y, Z); for the V voxels with brain in them ``rows`` flat index, ``at_native`` and
    ``at_mni`` (V, 3), and the shares ``grey``, ``white``, ``csf`` (V,).
    """

    image: Grid
    bold_from_still: Floats
    rows: NDArray[np.int64]
    at_native: Points
    at_mni: Grid
    grey: Grid
    white: Grid
    csf: Grid


def draw_session(
    rng: np.random.Generator,
    native: Frame,
    bold: Frame,
    *,
    linear: Floats,
    settings: PhantomSettings,
) -> Session:
    """Give the scan's own oblique grid and the small shift between T1w and BOLD worlds.

    Both scans are of one session, so headers agree but for about 2 mm and 2 degrees that the head
    moved in between.
    """
    centre = linear[:3, :3] @ _CENTRE_MNI + linear[:3, 3]
    way = rng.standard_normal((2, 3))
    way /= np.linalg.norm(way, axis=1, keepdims=True)
    moved = np.eye(4)
    moved[:3, :3] = rotation(np.deg2rad(way[0] * rng.uniform(1.0, 2.2)))
    moved[:3, 3] = centre + way[1] * rng.uniform(1.0, 2.2) - moved[:3, :3] @ centre
    matrix, shape = oblique_grid(
        rng, _EXTENT_MM, settings.bold_mm, centre_mm=moved[:3, :3] @ centre + moved[:3, 3]
    )
    return Session(matrix, shape, Affine(moved, source=native, target=bold))


def still_brain(
    rng: np.random.Generator,
    material: NDArray[np.uint8],
    native_from_voxel: Floats,
    *,
    session: Session,
    mni_from_native: Warp,
) -> Still:
    """Give the head at rest: EPI brightness with signal loss, and what each voxel holds."""
    bold_mm = float(np.linalg.norm(session.bold_from_voxel[:3, 0]))
    bold_from_still = session.bold_from_voxel @ np.diag([_FINE] * 3 + [1.0])
    bold_from_still[:3, 3] -= bold_from_still[:3, :3] @ np.full(3, float(_MARGIN))
    sides = [int(np.ceil((n - 1) / _FINE)) + 1 + 2 * _MARGIN for n in session.shape]
    shape = (sides[0], sides[1], sides[2])
    native_from_still = session.bold_from_t1w.inverse().matrix @ bold_from_still
    fetch = np.linalg.inv(native_from_voxel) @ native_from_still
    # A scan voxel averages over its edge: a Gaussian with a little less than the box's spread.
    blur = 0.35 * bold_mm / float(np.linalg.norm(native_from_voxel[:3, 0]))

    def seen(values: NDArray[np.float32]) -> Grid:
        spread = ndimage.gaussian_filter(values[material], blur, truncate=3)
        return np.asarray(
            ndimage.affine_transform(spread, fetch, output_shape=shape, order=1, prefilter=False)
        )

    shares = {t: seen((tissue_of == t).astype(np.float32)) for t in (Tissue.WM, Tissue.GM)}
    shares[Tissue.CSF] = seen((tissue_of == Tissue.CSF).astype(np.float32))
    rows = np.flatnonzero(sum(shares.values()) > 0.03)
    index = np.stack(np.unravel_index(rows, shape), axis=1)
    at = index @ native_from_still[:3, :3].T + native_from_still[:3, 3]
    points = Points(at, session.bold_from_t1w.source)
    at_mni = mni_from_native(points).xyz_mm.astype(np.float32)
    image = seen(epi_of) * shading(rng, shape, bold_mm * _FINE, fraction=0.15)
    image.reshape(-1)[rows] *= kept_signal(at_mni)
    held = {t: share.reshape(-1)[rows] for t, share in shares.items()}
    return Still(
        image,
        bold_from_still,
        rows,
        points,
        at_mni,
        held[Tissue.GM],
        held[Tissue.WM],
        held[Tissue.CSF],
    )


def kept_signal(at_mni: Grid) -> Grid:
    """Give the share of EPI signal left at MNI positions (N, 3), (N,)."""
    out = np.ones(len(at_mni), np.float32)
    for centre, spread, loss in _LOSSES:
        way = (at_mni - np.array(centre, np.float32)) / np.array(spread, np.float32)
        out *= 1 - np.float32(loss) * np.exp(-(way**2).sum(1) / 2)
    return out
