"""What would help a scan, in words: each piece of advice belongs to a number that fell short."""

from __future__ import annotations

from math import ceil, isfinite
from typing import TYPE_CHECKING

from tmsguide.preprocess.judging.activity import Eyes
from tmsguide.preprocess.judging.limits import quality_limit

if TYPE_CHECKING:
    from tmsguide.model import Quality
    from tmsguide.preprocess.judging.activity import Activity

__all__ = ["advice_by_activity", "advice_by_numbers"]

#: Below this share of frames kept, more minutes of the same would be lost as well.
_HOPELESS_SHARE = 0.25


def advice_by_numbers(quality: Quality) -> tuple[str, ...]:
    """Give what would mend each number of ``quality`` that fell short, most urgent first.

    References
    ----------
    Dosenbach 2017, doi:10.1016/j.neuroimage.2017.08.025 (feedback on motion); Weiskopf 2006,
    doi:10.1016/j.neuroimage.2006.07.029 and 2007, doi:10.1007/s10334-006-0067-6 (dropout near
    the orbitofrontal cortex); Elbau 2023, doi:10.1176/appi.ajp.20220306 (breathing).
    """
    return (
        *_lying_still(quality),
        *_more_minutes(quality),
        *_dropout(quality),
        *_noise(quality),
        *_place(quality),
        *_breathing(quality),
    )


def advice_by_activity(done: Activity) -> tuple[str, ...]:
    """Give what to ask of the person next time."""
    out = []
    if done.task:
        out.append("scan at rest, eyes open on a cross, instead of during a task")
    if done.asleep:
        out.append("scan awake: ask the person to keep the eyes open, and watch them on a camera")
    elif done.eyes is Eyes.CLOSED:
        out.append(
            "the eyes were closed, when drowsiness comes easily: ask for open eyes on a cross "
            "next time"
        )
    return tuple(out)


def _lying_still(q: Quality) -> list[str]:
    dropped = q.total_s > 0 and q.usable_s < quality_limit("most_dropped") * q.total_s
    if not dropped and q.mean_fd_mm <= quality_limit("mean_fd_mm"):
        return []
    return [
        "help the person to lie still: pad the head, explain and practise, take breaks between "
        "short runs, show motion as it happens where the scanner can"
    ]


def _more_minutes(q: Quality) -> list[str]:
    short, advised = quality_limit("short_usable_s"), quality_limit("advised_usable_s")
    if q.usable_s >= advised:
        return []
    share = q.usable_s / q.total_s if q.total_s > 0 else 0.0
    if share < _HOPELESS_SHARE:
        return [
            "repeat the scan once the head lies still: of what was acquired, "
            f"{share:.0%} could be used, so more minutes alone would not help",
            "until then, use a group target",
        ]
    far = _minutes(advised - q.usable_s, share)
    if q.usable_s >= short:
        return [
            f"a run of about {far} minutes more would bring the usable time to "
            f"{advised / 60:.0f} minutes, which makes the target steadier"
        ]
    near = _minutes(short - q.usable_s, share)
    out = [
        f"add a run of about {near} minutes to reach {short / 60:.0f} usable minutes at the "
        f"present rate of loss; about {far} minutes bring it to the {advised / 60:.0f} advised"
    ]
    if q.usable_s < quality_limit("least_usable_s"):
        out.append("until then, use a group target")
    return out


def _minutes(missing_s: float, share: float) -> int:
    # A hair less before rounding up, so that 6.000000001 stays 6.
    return ceil(missing_s / share / 60 - 1e-6)


def _dropout(q: Quality) -> list[str]:
    if q.seed_coverage >= quality_limit("coverage"):
        return []
    return [
        "re-acquire so that the cortex above the eyes keeps its signal: thinner slices (2 to "
        "2.5 mm), slices tilted for that region, a shorter echo time or several echoes, and a "
        "field of view that reaches below it; until then, use a group target"
    ]


def _noise(q: Quality) -> list[str]:
    out = []
    if q.seed_tsnr < quality_limit("seed_tsnr") or q.median_tsnr < quality_limit("brain_tsnr"):
        out.append(
            "noise averages out with time: scan longer, or with larger voxels or several echoes; "
            "see how far the target's region spreads"
        )
    if q.dlpfc_tsnr < quality_limit("dlpfc_tsnr"):
        out.append("check the front of the head coil: the left prefrontal cortex is noisy")
    if q.dof < quality_limit("degrees_of_freedom"):
        out.append("scan longer, or take fewer nuisance signals: too few samples are left")
    return out


def _place(q: Quality) -> list[str]:
    cost = q.coregistration_cost
    if not isfinite(cost) or cost <= quality_limit("coregistration_cost"):
        return []
    return [
        "look at the picture of both scans laid on each other; if the lines do not follow the "
        "brain, scan T1w and functional images in one session"
    ]


def _breathing(q: Quality) -> list[str]:
    if not q.bursts_per_min >= quality_limit("bursts_per_min"):
        return []
    return [
        "compare the target with and without global signal regression; if they lie apart, scan "
        "again with the person told to breathe evenly, and record the breathing with a belt"
    ]
