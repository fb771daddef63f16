"""The person's head from one T1w image: tissues, maps to MNI, surfaces and the head mesh."""

from tmsguide.head.image_quality import T1wQuality, t1w_quality
from tmsguide.head.marks.landmarks import find_landmarks
from tmsguide.head.marks.sidedness import Hemisphere, Sidedness, SideVerdict, sidedness
from tmsguide.head.marks.tape_numbers import TapeNumbers, tape_numbers
from tmsguide.head.marks.ten_twenty import Grid, ten_twenty
from tmsguide.head.meshing.mesh import tetrahedralise
from tmsguide.head.meshing.outline import mesh_outline
from tmsguide.head.meshing.soundness import check_head, mended
from tmsguide.head.normalise import normalise
from tmsguide.head.privacy.defacing import deface_mask, defaced, defaced_anatomy
from tmsguide.head.privacy.faceless import faceless
from tmsguide.head.surfaces import cortex_surface, scalp_surface
from tmsguide.head.tissues.labelling import segment
from tmsguide.head.tissues.merging import anatomy_from_labels, with_brain_labels
from tmsguide.head.tissues.prior import HeadPrior, head_prior, prior_from_maps

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
