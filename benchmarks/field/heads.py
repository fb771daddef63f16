"""The heads that are timed: a generated person, so that anyone can repeat it."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from tmsguide.model import HeadModel, Volume

__all__ = ["labels", "meshed", "sigma"]


@cache
def labels() -> Volume:
    """Give the true tissue labels, 1 mm, of the generated person of seed 1."""
    from nilearn import datasets

    from tmsguide.model import MNI, Volume
    from tmsguide.phantom import PhantomSettings, person

    loaders = (
        datasets.load_mni152_template,
        datasets.load_mni152_gm_template,
        datasets.load_mni152_wm_template,
    )
    maps = [
        Volume(np.asarray(i.dataobj, dtype=np.float32), np.asarray(i.affine), MNI)
        for i in (load(resolution=1) for load in loaders)
    ]
    settings = PhantomSettings(n_volumes=60, bold_mm=6.0)
    return person(*maps, label="bench", rng=np.random.default_rng(1), settings=settings).labels


def sigma() -> dict:  # type: ignore[type-arg]
    """Give the default conductivities, S/m."""
    from tmsguide.io import conductivities

    return {tissue: row.sigma_s_per_m for tissue, row in conductivities().items()}


def meshed(edge_mm: float) -> HeadModel:
    """Give the generated person's head mesh."""
    from tmsguide.head import tetrahedralise

    return tetrahedralise(labels(), edge_mm=edge_mm, sigma_s_per_m=sigma())
