"""MNI templates that the user has fetched with TemplateFlow."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tmsguide.errors import InputError
from tmsguide.io.documents import one_line
from tmsguide.io.images.nifti import read_mask, read_volume
from tmsguide.model import MNI_FRAMES, Frame, Volume

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["templateflow_t1"]


def templateflow_t1(name: str, home: Path) -> Volume:
    """Give the brain-only T1w (X, Y, Z) float32 of a template at 1 mm, in the template's frame.

    Parameters
    ----------
    name
        TemplateFlow identifier, such as ``MNI152NLin2009cAsym``.
    home
        TemplateFlow's folder (``TEMPLATEFLOW_HOME``).

    Raises
    ------
    InputError
        No MNI 152 space of that name, or its files are not in ``home``.

    References
    ----------
    Ciric 2022, Nat Methods 19:1568, doi:10.1038/s41592-022-01681-2.
    """
    frame = Frame(name)
    if frame not in MNI_FRAMES:
        known = ", ".join(f.name for f in MNI_FRAMES)
        raise InputError(f"template {one_line(name)!r} is none of the MNI 152 spaces: {known}")
    folder = home / f"tpl-{name}"
    t1 = folder / f"tpl-{name}_res-01_T1w.nii.gz"
    mask = folder / f"tpl-{name}_res-01_desc-brain_mask.nii.gz"
    for path in (t1, mask):
        # TemplateFlow lays out every file empty and fills the ones that are asked for
        if not path.exists() or path.stat().st_size == 0:
            raise InputError(
                f"template {name} is not in {one_line(home)} (no {path.name}); fetch it once with "
                f"'pip install templateflow' and python -c \"import templateflow.api as a; "
                f"a.get('{name}', resolution=1)\", or leave the template as it is"
            )
    image, brain = read_volume(t1, frame=frame), read_mask(mask, frame=frame)
    if image.data.shape != brain.data.shape:
        raise InputError(
            f"{t1.name} has shape {image.data.shape} and its mask {brain.data.shape}; "
            "fetch both anew"
        )
    inside = np.where(brain.data > 0, image.data, 0).astype(np.float32)
    return Volume(inside, image.frame_from_voxel, frame)
