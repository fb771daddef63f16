"""What is wrong with an anatomical image, in words a clinician reads."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tmsguide.errors import QualityError
from tmsguide.model import Tissue

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = [
    "bone_problems",
    "contrast_problems",
    "coverage_problems",
    "face_problems",
    "volume_problems",
]

# eyelids, root of the nose and upper cheeks (template mm): skin and bone in every whole head
FACE_BOX_MNI_MM = ((-40.0, 40.0), (68.0, 84.0), (-45.0, -8.0))
ADULT_BRAIN_ML = (900.0, 1800.0)  # grey and white matter, healthy adults
BRIGHT_BONE = 0.7  # measured: .2 in an adult, .8 in a three-year-old whose labels were wrong
GREY_TO_WHITE = (0.9, 2.1)  # healthy adults 1.1 to 1.6; children and atrophy reach farther


def coverage_problems(brain_outside: float, *, vault_cut: bool) -> tuple[str, ...]:
    """Give words about a field of view that cuts the head.

    Raises
    ------
    QualityError
        More than 3 % of the brain (``brain_outside``) lies outside the image.
    """
    if brain_outside > 0.03:
        raise QualityError(
            f"{100 * brain_outside:.0f} % of the brain lies outside the T1w image; needed at most "
            "3 %. Use a scan whose field of view holds the whole head"
        )
    words = []
    if brain_outside > 0.002:
        words.append(f"{100 * brain_outside:.1f} % of the brain lies outside the T1w image")
    if vault_cut:
        words.append(
            "the head touches the edge of the T1w image, so part of the scalp is missing; "
            "coil positions near that edge are not reliable"
        )
    return tuple(words)


def face_problems(
    head: NDArray[np.bool_], mni: NDArray[np.float32], rebuilt_ml: float
) -> tuple[str, ...]:
    """Give words about a face or a scalp that was cut away.

    Parameters
    ----------
    head
        (X, Y, Z) region of the head as seen.
    mni
        (3, X, Y, Z) template position of each voxel, mm.
    rebuilt_ml
        Volume of scalp and skull over the vault that is missing and was filled from the prior.
    """
    box = np.ones(head.shape, dtype=np.bool_)
    for axis, (low, high) in enumerate(FACE_BOX_MNI_MM):
        box &= (mni[axis] > low) & (mni[axis] < high)
    words = []
    seen = float(head[box].mean()) if box.any() else 1.0
    if seen < 0.6:
        words.append(
            f"the face seems to have been removed from the T1w (defacing): "
            f"{100 * (1 - seen):.0f} % of the region round eyes and nose is empty. "
            "Landmarks such as the nasion cannot be "
            "found on it"
        )
    if rebuilt_ml > 2.0:
        words.append(
            f"{rebuilt_ml:.0f} ml of scalp and skull are missing over the vault (defacing or "
            "signal loss); they were filled with average thickness, so coil positions there are "
            "not reliable"
        )
    return tuple(words)


def contrast_problems(contrast_to_noise: float) -> tuple[str, ...]:
    """Give words about low contrast of grey to white matter.

    Raises
    ------
    QualityError
        Grey and white matter cannot be told apart.
    """
    if contrast_to_noise < 1.0:
        raise QualityError(
            f"grey and white matter differ by {contrast_to_noise:.1f} times their spread; needed "
            "at least 1. Use a T1w image with less noise or motion"
        )
    if contrast_to_noise < 2.0:
        return (
            f"grey and white matter differ by only {contrast_to_noise:.1f} times their spread: "
            "the border of the cortex is uncertain",
        )
    return ()


def bone_problems(grey: NDArray[np.float32], labels: NDArray[np.uint8]) -> tuple[str, ...]:
    """Give words about a skull as bright as grey matter: brain was then taken for bone."""
    bone, brain = grey[labels == Tissue.BONE], grey[labels == Tissue.GM]
    ratio = float(np.median(bone) / max(float(np.median(brain)), 1e-9))
    if ratio < BRIGHT_BONE:
        return ()
    return (
        f"what was labelled skull is {ratio:.1f} times as bright as grey matter, so its inner "
        "border is wrong somewhere (seen in small children, whose skull is thinner than "
        "expected): tissue labels and electric fields are not reliable",
    )


def volume_problems(labels: NDArray[np.uint8], voxel_mm: float) -> tuple[str, ...]:
    """Give words about volumes that no healthy adult has."""
    count = np.bincount(labels.ravel(), minlength=6) * voxel_mm**3 / 1000
    grey, white = float(count[Tissue.GM]), float(count[Tissue.WM])
    words = []
    if not ADULT_BRAIN_ML[0] < grey + white < ADULT_BRAIN_ML[1]:
        words.append(
            f"the brain measures {grey + white:.0f} ml, outside {ADULT_BRAIN_ML[0]:.0f} to "
            f"{ADULT_BRAIN_ML[1]:.0f} ml of healthy adults: look at the tissue borders"
        )
    if not GREY_TO_WHITE[0] < grey / max(white, 1e-9) < GREY_TO_WHITE[1]:
        words.append(
            f"grey to white matter is {grey / max(white, 1e-9):.1f}, outside {GREY_TO_WHITE[0]} "
            f"to {GREY_TO_WHITE[1]}: look at the tissue borders"
        )
    return tuple(words)
