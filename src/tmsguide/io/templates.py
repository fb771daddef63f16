"""The MNI template maps and fsaverage5 surfaces bundled with nilearn, and users' own priors."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from tmsguide.errors import EngineError, InputError
from tmsguide.io.documents import one_line
from tmsguide.io.images.nifti import read_volume
from tmsguide.io.surfaces.gifti import read_scalars_gifti, read_surface_gifti
from tmsguide.model import MNI, Affine, Frame, Surface, Volume

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["TemplateSurface", "bundled", "mni_maps", "mni_surfaces", "read_prior"]

_MNI305 = Frame("MNI305")
#: FreeSurfer's MNI305 to MNI152 map (FreeSurfer wiki, CoordinateSystems, case 8b).
_MNI_FROM_305 = (
    (0.9975, -0.0073, 0.0176, -0.0429),
    (0.0146, 1.0009, -0.0024, 1.5496),
    (-0.0130, -0.0093, 0.9971, 1.1840),
    (0.0, 0.0, 0.0, 1.0),
)


@dataclass(frozen=True, slots=True, eq=False)
class TemplateSurface:
    """One hemisphere of fsaverage5: 10,242 vertices that are the same in all its forms.

    ``pial`` and ``white`` lie in MNI; ``inflated`` is for display only and has no anatomical
    position; ``sulc`` (N,) is sulcal depth, positive in sulci.
    """

    pial: Surface
    white: Surface
    inflated: Surface
    sulc: NDArray[np.float64]


def mni_maps() -> tuple[Volume, Volume, Volume]:
    """Give (t1, gm, wm) of ICBM 152 2009a symmetric at 1 mm, each float32 (197, 233, 189).

    The T1 is brain only, scaled to 0..1; GM and WM are probabilities 0..1.

    Raises
    ------
    EngineError
        The installed nilearn does not bundle the maps.

    References
    ----------
    Fonov et al. 2011, NeuroImage 54:313, doi:10.1016/j.neuroimage.2010.07.033
    """
    t1, gm, wm = (
        read_volume(bundled(f"mni_icbm152_{kind}_tal_nlin_sym_09a_converted.nii.gz"), frame=MNI)
        for kind in ("t1", "gm", "wm")
    )
    return _unit(t1), _unit(gm), _unit(wm)


def _unit(volume: Volume) -> Volume:
    """Undo the storage as bytes 0..255."""
    return Volume(volume.data / np.float32(255), volume.frame_from_voxel, volume.frame)


def mni_surfaces() -> dict[str, TemplateSurface]:
    """Give the fsaverage5 hemispheres "left" and "right" in MNI152 space.

    References
    ----------
    Fischl et al. 1999, Human Brain Mapping 8:272,
    doi:10.1002/(SICI)1097-0193(1999)8:4<272::AID-HBM10>3.0.CO;2-4
    """
    return {side: _hemisphere(side) for side in ("left", "right")}


def _hemisphere(side: str) -> TemplateSurface:
    to_mni = Affine(np.array(_MNI_FROM_305), source=_MNI305, target=MNI)

    def read(kind: str) -> Surface:
        return read_surface_gifti(bundled(f"fsaverage5/{kind}_{side}.gii.gz"), frame=_MNI305)

    pial, white, inflated = read("pial"), read("white"), read("infl")
    (sulc,) = read_scalars_gifti(bundled(f"fsaverage5/sulc_{side}.gii.gz")).values()
    return TemplateSurface(
        pial=Surface(to_mni(pial.vertices), pial.triangles),
        white=Surface(to_mni(white.vertices), white.triangles),
        inflated=inflated,
        sulc=sulc,
    )


def bundled(name: str) -> Path:
    """Give the path of a file that nilearn bundles in its ``datasets/data``.

    Raises
    ------
    EngineError
        nilearn is not installed, or its version does not bundle the file.
    """
    # found, not imported: importing nilearn.datasets costs seconds and only the files are needed
    spec = find_spec("nilearn")
    if spec is None or spec.origin is None:
        raise EngineError("nilearn is not installed; install tmsguide's dependencies again")
    path = Path(spec.origin).parent / "datasets" / "data" / name
    if not path.exists():
        raise EngineError(
            f"the installed nilearn does not bundle {name}; install nilearn 0.14 as pinned"
        )
    return path


def read_prior(path: Path) -> Volume:
    """Read a user's tissue maps as probabilities float32 (X, Y, Z, 5) in MNI.

    The file has SPM's order (GM, WM, CSF, bone, soft tissue and, optionally, air), as TPM.nii;
    the result has the order of `Anatomy`: WM, GM, CSF, BONE, SCALP.

    Raises
    ------
    InputError
        Not five or six maps, or values that are no probabilities.
    """
    maps = read_volume(path, frame=MNI)
    name = one_line(path)
    count = maps.data.shape[3] if maps.data.ndim == 4 else 1
    if count not in (5, 6):
        raise InputError(
            f"prior {name} holds {count} maps; needed 5 or 6 in SPM's order: GM, WM, CSF, bone, "
            "soft tissue, air"
        )
    total = maps.data.sum(axis=3)
    if maps.data.min() < -1e-3 or total.max() > 1.01:
        raise InputError(
            f"prior {name} has values from {maps.data.min():.3g} and sums up to "
            f"{total.max():.3g}; needed probabilities that sum to at most 1 in each voxel"
        )
    order = [1, 0, 2, 3, 4]
    return Volume(np.clip(maps.data[..., order], 0, 1), maps.frame_from_voxel, MNI)
