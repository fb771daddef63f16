"""What is wrong with an anatomical image, in words a clinician reads."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tmsguide.errors import QualityError
from tmsguide.model import Tissue

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = [
    "age_problems",
    "bone_problems",
    "contrast_problems",
    "coverage_problems",
    "face_problems",
    "volume_problems",
]

# eyelids, root of the nose and upper cheeks (template mm): skin and bone in every whole head
FACE_BOX_MNI_MM = ((-40.0, 40.0), (68.0, 84.0), (-45.0, -8.0))
ADULT_BRAIN_ML = (900.0, 1800.0)  # grey and white matter, healthy adults
# in parts of grey matter; measured: .1 and .4 in an adult, .3 and .5 at most on images drawn from
# labels, .7 and .9 in a three-year-old whose labels were wrong
BRIGHT_BONE, BRIGHT_FLUID = 0.55, 0.7
ADULT_YEARS = 18.0
# left prefrontal scalp, where most coils for depression lie (F3, F5, AF3 and round them)
PREFRONTAL_MNI_MM = ((-80.0, -12.0), (10.0, 85.0), (12.0, 75.0))
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
    head: NDArray[np.bool_],
    mni: NDArray[np.float32],
    missing: NDArray[np.bool_],
    *,
    voxel_mm: float,
) -> tuple[str, ...]:
    """Give words about a face or a scalp that was cut away.

    Parameters
    ----------
    head
        (X, Y, Z) region of the head as seen.
    mni
        (3, X, Y, Z) template position of each voxel, mm.
    missing
        (X, Y, Z) scalp and skull over the vault that is not seen and was filled from the prior.
    voxel_mm
        Edge of the cubic voxels.
    """
    box = _box(mni, FACE_BOX_MNI_MM)
    words = []
    seen = float(head[box].mean()) if box.any() else 1.0
    if seen < 0.6:
        words.append(
            f"the face seems to have been removed from the T1w (defacing): "
            f"{100 * (1 - seen):.0f} % of the region round eyes and nose is empty. "
            "Landmarks such as the nasion cannot be "
            "found on it"
        )
    rebuilt_ml = float(missing.sum()) * voxel_mm**3 / 1000
    if rebuilt_ml > 2.0:
        words.append(
            f"{rebuilt_ml:.0f} ml of scalp and skull are missing over the vault (defacing or "
            "signal loss); they were filled with average thickness, so coil positions there are "
            "not reliable"
        )
    under_coil_ml = float((missing & _box(mni, PREFRONTAL_MNI_MM)).sum()) * voxel_mm**3 / 1000
    if under_coil_ml > 0.5:
        words.append(
            f"{under_coil_ml:.1f} ml of what is missing lies over the left prefrontal cortex: a "
            "left prefrontal coil position on this head is not reliable; use a T1w that was not "
            "defaced"
        )
    return tuple(words)


def _box(mni: NDArray[np.float32], limits: tuple[tuple[float, float], ...]) -> NDArray[np.bool_]:
    """Tell which template positions (3, X, Y, Z) lie between a low and a high on each axis."""
    inside = np.ones(mni.shape[1:], dtype=np.bool_)
    for axis, (low, high) in enumerate(limits):
        inside &= (mni[axis] > low) & (mni[axis] < high)
    return inside


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
    """Give words about skull or fluid as bright as grey matter: brain was then taken for them."""
    brain = max(float(np.median(grey[labels == Tissue.GM])), 1e-9)
    for tissue, name, limit in (
        (Tissue.BONE, "skull", BRIGHT_BONE),
        (Tissue.CSF, "fluid", BRIGHT_FLUID),
    ):
        ratio = float(np.median(grey[labels == tissue])) / brain
        if ratio >= limit:
            return (
                f"what was labelled {name} is {ratio:.1f} times as bright as grey matter, so the "
                "border of brain and skull is wrong somewhere (seen in small children, whose "
                "skull is thinner than expected): tissue labels, electric fields and coil "
                "positions on this head cannot be trusted",
            )
    return ()


def age_problems(age_years: float | None, *, adult_prior: bool) -> tuple[str, ...]:
    """Give words about an adult prior on a minor; nothing where the age is not known."""
    if age_years is None or age_years >= ADULT_YEARS or not adult_prior:
        return ()
    return (
        f"adult prior on a person of {age_years:.3g} years: brain, skull and scalp "
        "were expected as in adults, so look at the tissue borders before use. A tissue map of "
        "the person's age can be given instead",
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
