"""All methods side by side, and the networks, as the report shows them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.spatial import cKDTree

from tmsguide.report import AgreementEntry, ConnectomeEntry
from tmsguide.report.norms_words import deviation_words
from tmsguide.targeting import SAME_MM, agreement, definitions

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tmsguide.model import Target
    from tmsguide.pipeline.case import Case
    from tmsguide.pipeline.networks import Networks

__all__ = ["agreement_entry", "compared_words", "connectome_entry", "field_at"]


def agreement_entry(case: Case) -> AgreementEntry:
    """Give the targets of all methods with their distances and the field of the plan at each."""
    targets = (case.targets.primary, *case.targets.alternatives)
    field = field_at(case, targets)
    found, apart = case.targets.consensus, agreement(targets)
    titles = {t.name: t.method for t in targets if t.name}
    assumes = {method.name: method.assumes for method in definitions()}
    return AgreementEntry(
        names=tuple(t.method for t in targets),
        distance_mm=apart,
        served_percent=100 * field / field[0],
        served_v_per_m=field,
        consensus=found.point if found else None,
        consensus_radius_mm=SAME_MM,
        consensus_region_mm=found.radius_mm if found else float("nan"),
        consensus_methods=tuple(titles.get(n, n) for n in found.names) if found else (),
        group_distance_mm={
            t.method: float(apart[0, k]) for k, t in enumerate(targets) if k and t.samples is None
        },
        assumes=tuple(assumes.get(t.name, "") for t in targets),
    )


def field_at(case: Case, targets: tuple[Target, ...]) -> NDArray[np.float64]:
    """Mean field strength V/m of the planned placement in the grey matter round each target."""
    labels = case.anatomy.labels
    grey = np.argwhere(case.aim.grey_e_v_per_m > 0)
    strength = case.aim.grey_e_v_per_m[tuple(grey.T)]
    to_mm = labels.frame_from_voxel
    tree = cKDTree(grey @ to_mm[:3, :3].T + to_mm[:3, 3])
    reach = case.request.settings.search.roi_radius_mm
    near = tree.query_ball_point(np.concatenate([t.point.xyz_mm for t in targets]), reach)
    return np.array([strength[k].mean() if k else np.nan for k in near], dtype=np.float64)


def connectome_entry(networks: Networks | None) -> ConnectomeEntry | None:
    """Give the connectome with its means, None where there is none."""
    if networks is None:
        return None
    whole = networks.connectome
    return ConnectomeEntry(
        means=networks.means,
        parcellation=networks.source,
        z=whole.z,
        names=whole.names,
        networks=whole.networks,
        notes=networks.notes,
        graph=networks.graph,
        kind=whole.kind,
    )


def compared_words(networks: Networks | None) -> tuple[str, ...]:
    """Say how the network means lie among a cohort's; empty without one."""
    if networks is None or networks.deviation is None or networks.outside is None:
        return ()
    return deviation_words(networks.deviation, networks.outside)
