"""Whether the anatomy looks as labelled, or with left and right exchanged."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

import numpy as np

from tmsguide.errors import FrameError, InputError
from tmsguide.head.marks.asymmetry import agreement, expected_levels, seen_levels
from tmsguide.model import MNI_FRAMES

if TYPE_CHECKING:
    from collections.abc import Callable

    from tmsguide.model import Anatomy, Points, Surface

__all__ = ["Hemisphere", "SideVerdict", "Sidedness", "sidedness"]

#: Spread of the jackknife z where nothing is to be found: four heads against the template moved
#: by 12 to 24 mm along and up the head gave 1.4; it divides z.
NULL_SPREAD = 1.4
#: Four real heads (two adults, the 19.5-year average, a three-year-old) scored 2.7 to 3.8; two of
#: them mirrored and analysed anew -3.2 and -3.7. Three generated heads, symmetric by construction,
#: scored 0.0 to 1.1.
SURE = 2.2


class SideVerdict(Enum):
    """What the folds of the brain say about left and right."""

    AS_LABELLED = "as labelled"
    FLIPPED_LIKELY = "left and right are probably exchanged"
    CANNOT_TELL = "cannot tell"


@dataclass(frozen=True, slots=True)
class Sidedness:
    """Verdict on left and right.

    ``score`` is about standard normal where nothing can be seen, positive for an image as
    labelled; ``correlation`` is that of the person's differences between the halves with the
    average brain's.
    """

    score: float
    correlation: float
    verdict: SideVerdict
    words: str


@dataclass(frozen=True, slots=True, eq=False)
class Hemisphere:
    """Average surfaces of one hemisphere in MNI."""

    pial: Surface
    white: Surface


def sidedness(
    anatomy: Anatomy,
    t1w_from_mni: Callable[[Points], Points],
    *,
    left: Hemisphere,
    right: Hemisphere,
) -> Sidedness:
    """Tell from the folds of the brain whether left and right are as the image says.

    Average hemispheres differ (Sylvian fissure, frontal and occipital petalia). The person's
    differences between the halves are correlated with theirs, as is and mirrored.

    It can catch an image whose sides were exchanged by a conversion. It cannot tell in some people
    (unusual folding, low contrast, small children with wrong tissue borders): then it says so, and
    a mark on the scalp (vitamin E capsule) is the only proof. People differ: a verdict is a reason
    to check the source of the image, never a reason to flip it.

    Parameters
    ----------
    anatomy
        As `segment` gives it.
    t1w_from_mni
        Map of points onto a left-right symmetric template, as `normalise` gives it.
    left, right
        Surfaces of an average brain that keeps its sides, such as fsaverage.

    Raises
    ------
    FrameError
        The surfaces are not in an MNI space.
    InputError
        The hemispheres are exchanged or mirror images of each other.

    References
    ----------
    Toga & Thompson 2003, DOI 10.1038/nrn1009; Fischl 1999 (fsaverage),
    DOI 10.1002/(SICI)1097-0193(1999)8:4<272::AID-HBM10>3.0.CO;2-4.
    """
    for side, half, sign in (("left", left, -1), ("right", right, 1)):
        for sheet in (half.pial, half.white):
            if sheet.vertices.frame not in MNI_FRAMES:
                raise FrameError(
                    f"the average {side} hemisphere is in {sheet.vertices.frame.name}; needed an "
                    "MNI space"
                )
            if sign * float(np.median(sheet.vertices.xyz_mm[:, 0])) <= 0:
                raise InputError(f"the average {side} hemisphere lies on the other side of x = 0")
    expected = expected_levels(((left.pial, left.white), (right.pial, right.white)))
    if np.abs(expected.right - expected.left).max() < 0.05:
        raise InputError(
            "the average hemispheres are mirror images of each other, so they tell nothing about "
            "sides; give an asymmetric average such as fsaverage"
        )
    correlation, z = agreement(expected, seen_levels(anatomy, t1w_from_mni))
    return _judged(z / NULL_SPREAD, correlation)


def _judged(score: float, correlation: float) -> Sidedness:
    if score >= SURE:
        verdict = SideVerdict.AS_LABELLED
        words = "the folds of the brain fit the sides that the image is labelled with"
    elif score <= -SURE:
        verdict = SideVerdict.FLIPPED_LIKELY
        words = (
            "the folds of the brain fit better with left and right exchanged: before any use, "
            "check the conversion of this image against a mark on the scalp or its DICOM source"
        )
    else:
        verdict = SideVerdict.CANNOT_TELL
        words = (
            "the folds of the brain do not tell whether left and right are as labelled; a mark on "
            "the scalp would"
        )
    return Sidedness(score, correlation, verdict, words)
