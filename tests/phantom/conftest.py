"""Two generated people that all tests of this folder share."""

from dataclasses import replace
from importlib.resources import files

import nibabel as nib
import numpy as np
import pytest

from tmsguide.model import MNI, Volume
from tmsguide.phantom import PhantomSettings, person

SEEDS = (0, 3)  # stored RAS and LAS


@pytest.fixture(scope="session")
def maps():
    folder = files("nilearn") / "datasets" / "data"
    out = []
    for name in ("t1", "gm", "wm"):
        image = nib.load(str(folder / f"mni_icbm152_{name}_tal_nlin_sym_09a_converted.nii.gz"))
        out.append(Volume(np.asarray(image.dataobj), image.affine, MNI))
    return tuple(out)


@pytest.fixture(scope="session")
def people(maps):
    """Two people in the small preset, one stored RAS and one LAS."""
    settings = PhantomSettings.small()
    return tuple(
        person(*maps, label=f"{k}", rng=np.random.default_rng(seed), settings=settings)
        for k, seed in enumerate(SEEDS)
    )


@pytest.fixture(params=[0, 1])
def someone(people, request):
    return people[request.param]


@pytest.fixture(scope="session")
def tiny():
    """The coarsest person that still has a cortex, for tests that build their own."""
    return replace(PhantomSettings.small(), t1w_mm=3.0, bold_mm=6.0, n_volumes=48, jerks=1)
