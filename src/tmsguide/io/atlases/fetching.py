"""Atlases from the internet, through nilearn, for those who ask for one by name."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from tmsguide.errors import EngineError, InputError
from tmsguide.io.atlases.label_images import read_label_image
from tmsguide.io.documents import one_line
from tmsguide.model import Frame

if TYPE_CHECKING:
    from tmsguide.io.atlases.label_images import LabelImage

__all__ = ["fetched"]

#: FSL's template, which Schaefer's and Yeo's volumes lie on (nilearn's word for both).
_FSL = Frame("MNI152NLin6Asym")
_BY_HAND = {
    "schaefer": (
        "https://github.com/ThomasYeoLab/CBIG, stable_projects/brain_parcellation/"
        "Schaefer2018_LocalGlobal/Parcellations/MNI: the _FSLMNI152_ image and its _order.txt"
    ),
    "yeo": (
        "https://surfer.nmr.mgh.harvard.edu/fswiki/CorticalParcellation_Yeo2011: the "
        "FreeSurferConformed1mm_LiberalMask image and its ColorLUT.txt"
    ),
}


def fetched(name: str) -> LabelImage:
    """Give an atlas that nilearn downloads, or has downloaded before.

    ``schaefer-2018-400-7``: 100, 200 ... 1000 parcels, named after 7 or 17 networks, 2 mm.
    ``yeo-2011-7``: the 7 or 17 networks themselves, 1 mm. Nothing is downloaded unless this is
    called; nilearn keeps the files in the user's ``nilearn_data``.

    Raises
    ------
    InputError
        No atlas of that name.
    EngineError
        It could not be downloaded; the message says where to get it by hand.

    References
    ----------
    Schaefer et al. 2018, doi:10.1093/cercor/bhx179; Yeo et al. 2011, doi:10.1152/jn.00338.2011.
    """
    asked = re.fullmatch(r"schaefer-2018-([1-9]|10)00-(7|17)|yeo-2011-(7|17)", name)
    if asked is None:
        raise InputError(
            f"atlas {one_line(name)!r} cannot be fetched; choose schaefer-2018-400-7 (100, 200 "
            "... 1000 parcels; 7 or 17 networks) or yeo-2011-7 (or 17), or give a file to "
            "read_label_image"
        )
    if asked[3]:
        path = _yeo(int(asked[3]))
        lut = path.with_name(f"Yeo2011_{asked[3]}Networks_ColorLUT.txt")
        return read_label_image(path, table=lut, frame=_FSL)
    return read_label_image(_schaefer(int(asked[1]) * 100, int(asked[2])), frame=_FSL)


def _schaefer(parcels: int, networks: int) -> Path:
    from nilearn import datasets

    try:
        atlas = datasets.fetch_atlas_schaefer_2018(
            n_rois=parcels, yeo_networks=networks, resolution_mm=2, verbose=0
        )
    except Exception as error:  # whatever stops a download, the cure is the same
        raise _offline("schaefer", error) from error
    return Path(atlas.maps)


def _yeo(networks: int) -> Path:
    from nilearn import datasets

    try:
        atlas = datasets.fetch_atlas_yeo_2011(n_networks=networks, thickness="thick", verbose=0)
    except Exception as error:  # as above
        raise _offline("yeo", error) from error
    return Path(atlas.maps)


def _offline(kind: str, error: Exception) -> EngineError:
    return EngineError(
        f"nilearn could not download the atlas ({one_line(error)}); connect to the internet, or "
        f"fetch it elsewhere from {_BY_HAND[kind]}, and give both to read_label_image"
    )
