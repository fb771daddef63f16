"""Rows of the page's tables, already in words: targets side by side, the best coil poses."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tmsguide.model import Points
from tmsguide.report import confidence, orientation, quantities, words

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tmsguide.model import Target
    from tmsguide.report.dossier import Dossier

    Floats = NDArray[np.float64]

__all__ = ["PoseRow", "TargetRow", "field_peak_distance_mm", "pose_rows", "target_rows"]

NEAR_MM = 5.0
#: A note of a group target that is told for all of them in one sentence.
MOVED = re.compile(r"moved ([0-9.]+) mm to the nearest grey matter")
#: How a note begins that says again what the table's columns say.
TABLED = "distance to other methods"
UNKNOWN = "–"


@dataclass(frozen=True, slots=True)
class TargetRow:
    """One target in words; ``number`` is its name in the cortex figure.

    ``share`` is the field in percent of that at the planned target, ``region`` the radius meant to
    hold the true place, ``steady`` how far two scans would differ and how far that is from
    chance. ``moved_mm`` is how far a group target was moved to lie in grey matter; ``notes`` are
    what no column says; ``served`` says that the planned placement reaches it.
    """

    number: str
    name: str
    native: str
    mni: str
    side: str
    away: str
    z: str
    region: str
    steady: str
    field: str
    share: str
    served: bool
    source: str
    assumes: str
    moved_mm: float | None
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PoseRow:
    """One coil pose in words, against the best."""

    rank: int
    field: str
    share: str
    shift: str
    handle: str


def target_rows(dossier: Dossier) -> tuple[TargetRow, ...]:
    """Give the chosen target and then the others: where, how far, how sure, what is known there.

    Connectivity is the mean Fisher z of grey matter within 5 mm; the field, with the coil held as
    planned for the chosen target, is that of the comparison of methods, or else the mean on the
    cortex within 5 mm.
    """
    targets = (dossier.target, *dossier.alternatives)
    fields, shares = _fields(dossier)
    limit = dossier.agreement.served_limit_percent if dossier.agreement else np.inf
    assumes = dossier.agreement.assumes if dossier.agreement else ()
    rows = []
    for number, target in enumerate(targets):
        here, mni = target.point.xyz_mm[0], mni_mm(dossier, target)
        z = _mean_near(dossier.cmap.where.xyz_mm, dossier.cmap.z, here)
        away = float(np.linalg.norm(here - dossier.target.point.xyz_mm[0]))
        radius, share = target.region_radius_mm, float(shares[number])
        rows.append(
            TargetRow(
                number=str(number) if number else "target",
                name=target.method,
                native=quantities.coordinates(here, places=1),
                mni=quantities.coordinates(mni),
                side=words.side(float(mni[0])),
                away=quantities.millimetres(away) if number else UNKNOWN,
                z=f"{z:+.2f}".replace("-", quantities.MINUS) if np.isfinite(z) else UNKNOWN,
                region=quantities.millimetres(radius) if radius is not None else UNKNOWN,
                steady=confidence.steadiness(target),
                field=_known(float(fields[number])),
                share=f"{share:.0f} %" if np.isfinite(share) else UNKNOWN,
                served=share >= limit,
                source=target.source,
                assumes=assumes[number] if assumes else "",
                moved_mm=_moved_mm(target),
                notes=tuple(n for n in target.notes if not _told_elsewhere(n)),
            )
        )
    return tuple(rows)


def _fields(dossier: Dossier) -> tuple[Floats, Floats]:
    """Give the field at every target in V/m, and in percent of that at the chosen one."""
    given = dossier.agreement
    if given is not None and np.isfinite(given.served_v_per_m).any():
        return given.served_v_per_m, given.served_percent
    vertices, e = dossier.cortex.vertices.xyz_mm, dossier.cortex_e_v_per_m
    points = [t.point.xyz_mm[0] for t in (dossier.target, *dossier.alternatives)]
    fields = np.array([_mean_near(vertices, e, point) for point in points])
    return fields, 100 * fields / fields[0] if fields[0] > 0 else np.full(len(fields), np.nan)


def _known(value: float) -> str:
    return quantities.significant(value) if np.isfinite(value) else UNKNOWN


def _moved_mm(target: Target) -> float | None:
    found = [match for note in target.notes if (match := MOVED.fullmatch(note))]
    return float(found[0][1]) if found else None


def _told_elsewhere(note: str) -> bool:
    return bool(MOVED.fullmatch(note)) or note.startswith(TABLED)


def mni_mm(dossier: Dossier, target: Target) -> Floats:
    """Give the MNI coordinates (3,) of a target."""
    return np.asarray(dossier.mni_from_t1w(target.point).xyz_mm[0], dtype=np.float64)


def pose_rows(dossier: Dossier, head_from_t1w: Floats, most: int = 6) -> tuple[PoseRow, ...]:
    """Give the best poses: field in the target, share of the best, shift, turn of handle."""
    if not dossier.ranked:
        return ()
    top, best = dossier.ranked[0]
    middle = dossier.scalp.vertices.xyz_mm.mean(axis=0)
    rows = []
    for rank, (score, pose) in enumerate(dossier.ranked[:most], start=1):
        shift = float(np.linalg.norm(pose.center_mm - best.center_mm))
        turn = orientation.turn_outwards_deg(pose.matsimnibs, head_from_t1w, middle)
        rows.append(
            PoseRow(
                rank=rank,
                field=quantities.significant(score, 3),
                share=f"{100 * score / top:.0f} %" if top > 0 else UNKNOWN,
                shift=quantities.millimetres(shift) if rank > 1 else UNKNOWN,
                handle=words.handle_turn(turn),
            )
        )
    return tuple(rows)


def field_peak_distance_mm(dossier: Dossier) -> float:
    """Give how far the strongest field on the cortex lies from the target.

    The strongest place is the middle of the top thousandth of the cortex, at least one vertex, so
    that a single sharp triangle does not decide it. NaN where no field is known.
    """
    e = dossier.cortex_e_v_per_m
    known = np.isfinite(e)
    if not known.any():
        return float("nan")
    strong = np.flatnonzero(known & (e >= np.quantile(e[known], 0.999)))
    middle = dossier.cortex.vertices.xyz_mm[strong].mean(axis=0)
    return float(np.linalg.norm(middle - dossier.target.point.xyz_mm[0]))


def seed_in_mni(dossier: Dossier) -> str:
    """Give the seed's MNI coordinates in words."""
    seed = Points(dossier.seed.xyz_mm, dossier.seed.frame)
    return quantities.coordinates(dossier.mni_from_t1w(seed).xyz_mm[0])


def _mean_near(where_mm: Floats, values: Floats, point_mm: Floats) -> float:
    near = np.linalg.norm(where_mm - point_mm, axis=1) <= NEAR_MM
    near &= np.isfinite(values)
    return float(values[near].mean()) if near.any() else float("nan")
