"""nilearn's bundled MNI template as volumes, read once per resolution."""

from functools import cache

import numpy as np
from nilearn import datasets

from tmsguide.model import MNI, Volume


@cache
def template(resolution_mm):
    """T1w, grey and white matter maps in MNI space."""
    loaders = (
        datasets.load_mni152_template,
        datasets.load_mni152_gm_template,
        datasets.load_mni152_wm_template,
    )
    images = [load(resolution=resolution_mm) for load in loaders]
    return tuple(
        Volume(np.asarray(i.dataobj, dtype=np.float32), np.asarray(i.affine), MNI) for i in images
    )
