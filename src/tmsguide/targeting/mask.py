"""The left dorsolateral prefrontal search mask."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tmsguide.errors import FrameError
from tmsguide.model import MNI_FRAMES
from tmsguide.num.components import near
from tmsguide.targeting.landmarks import landmarks

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tmsguide.model import Points

__all__ = ["search_mask"]

#: Radius of each sphere of the mask, mm (Fox 2013; Cash 2021 as coded in contarg).
_SPHERE_MM = 20.0


def search_mask(mni: Points) -> NDArray[np.bool_]:
    """Tell which points lie in the left DLPFC: within 20 mm of BA9, BA46, 5 cm or F3, (N,).

    The caller narrows it to the brain or grey matter (points of those only, or ``&``).

    Raises
    ------
    FrameError
        If the points are in none of `MNI_FRAMES`.

    References
    ----------
    Fox et al. 2013, NeuroImage 66:151 (PMC3594474); Cash et al. 2021, 10.1002/hbm.25330.

    Examples
    --------
    >>> from tmsguide.model import MNI, Points
    >>> search_mask(Points([[-38.0, 44.0, 26.0], [38.0, 44.0, 26.0]], MNI)).tolist()
    [True, False]
    """
    if mni.frame not in MNI_FRAMES:
        raise FrameError(
            f"the search mask is defined in MNI 152 spaces, points are in {mni.frame.name}; "
            "map them with mni_from_t1w first"
        )
    centres = np.array([place.mni_mm for place in landmarks() if "search" in place.roles])
    return near(mni.xyz_mm, centres, _SPHERE_MM)
