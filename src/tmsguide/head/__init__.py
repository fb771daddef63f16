"""The person's head from one T1w image: tissues, maps to MNI, surfaces and the head mesh."""

from tmsguide.head.mesh import tetrahedralise
from tmsguide.head.normalise import normalise
from tmsguide.head.outline import mesh_outline
from tmsguide.head.prior import HeadPrior, head_prior, prior_from_maps
from tmsguide.head.soundness import check_head, mended
from tmsguide.head.surfaces import cortex_surface, scalp_surface
from tmsguide.head.tissue import segment

__all__ = [
    "HeadPrior",
    "check_head",
    "cortex_surface",
    "head_prior",
    "mended",
    "mesh_outline",
    "normalise",
    "prior_from_maps",
    "scalp_surface",
    "segment",
    "tetrahedralise",
]
