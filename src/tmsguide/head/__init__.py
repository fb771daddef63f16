"""The person's head from one T1w image: tissues, maps to MNI, surfaces and the head mesh."""

from tmsguide.head.defacing import deface_mask, defaced, defaced_anatomy
from tmsguide.head.faceless import faceless
from tmsguide.head.image_quality import T1wQuality, t1w_quality
from tmsguide.head.landmarks import find_landmarks
from tmsguide.head.merging import anatomy_from_labels, with_brain_labels
from tmsguide.head.mesh import tetrahedralise
from tmsguide.head.normalise import normalise
from tmsguide.head.outline import mesh_outline
from tmsguide.head.prior import HeadPrior, head_prior, prior_from_maps
from tmsguide.head.sidedness import Hemisphere, Sidedness, SideVerdict, sidedness
from tmsguide.head.soundness import check_head, mended
from tmsguide.head.surfaces import cortex_surface, scalp_surface
from tmsguide.head.tape_numbers import TapeNumbers, tape_numbers
from tmsguide.head.ten_twenty import Grid, ten_twenty
from tmsguide.head.tissue import segment

__all__ = [
    "Grid",
    "HeadPrior",
    "Hemisphere",
    "SideVerdict",
    "Sidedness",
    "T1wQuality",
    "TapeNumbers",
    "anatomy_from_labels",
    "check_head",
    "cortex_surface",
    "deface_mask",
    "defaced",
    "defaced_anatomy",
    "faceless",
    "find_landmarks",
    "head_prior",
    "mended",
    "mesh_outline",
    "normalise",
    "prior_from_maps",
    "scalp_surface",
    "segment",
    "sidedness",
    "t1w_quality",
    "tape_numbers",
    "ten_twenty",
    "tetrahedralise",
    "with_brain_labels",
]
