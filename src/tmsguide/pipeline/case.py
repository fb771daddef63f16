"""Everything that was found for one person, as the publisher and the report need it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from tmsguide.pipeline.dosing import dose_table, intensities_of
from tmsguide.pipeline.landmarks import tape_to_coil
from tmsguide.therapy import protocol

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from tmsguide.head import T1wQuality
    from tmsguide.model import Anatomy, Plan, Points, Surface, Tissue, Volume, Warp
    from tmsguide.pipeline.aim import Aim
    from tmsguide.pipeline.dosing import Exposures
    from tmsguide.pipeline.landmarks import Marks
    from tmsguide.pipeline.networks import Networks
    from tmsguide.pipeline.request import Request
    from tmsguide.preprocess import CleanBold
    from tmsguide.targeting import TargetSet
    from tmsguide.therapy import Intensities

__all__ = ["Case"]


@dataclass(frozen=True, slots=True, eq=False)
class Case:
    """One person's results; positions are in the T1w frame unless a name says otherwise.

    ``face`` marks what is blanked in all that is meant to be shown or shared.
    """

    request: Request
    t1w_form: str
    t1w_code: int
    anatomy: Anatomy
    t1w_quality: T1wQuality | None
    mni_from_t1w: Warp
    t1w_from_mni: Warp
    face: Volume
    marks: Marks
    seed: Points
    scalp: Surface
    cortex: Surface
    clean: CleanBold
    targets: TargetSet
    networks: Networks | None
    aim: Aim
    exposures: Exposures
    sigma_s_per_m: Mapping[Tissue, float]
    notes: tuple[str, ...]

    @property
    def mni_space(self) -> str:
        """Name of the MNI template."""
        return self.mni_from_t1w.target.name

    def mni_of(self, points: Points) -> NDArray[np.float64]:
        """MNI millimetres (N, 3) of native points."""
        return self.mni_from_t1w(points).xyz_mm

    def settings_table(self) -> dict[str, object]:
        """All settings of the run, by part of the chain."""
        table: dict[str, object] = asdict(self.request.settings)
        return table

    def conductivity_table(self) -> dict[str, float]:
        """Conductivities used, S/m, by tissue name."""
        return {tissue.name: value for tissue, value in self.sigma_s_per_m.items()}

    def planted_error_mm(self) -> float | None:
        """Distance from the found target to the planted one of a generated person."""
        if self.request.truth is None:
            return None
        found = self.targets.primary.point.xyz_mm[0]
        return float(np.linalg.norm(found - self.request.truth.xyz_mm[0]))

    def intensities(self) -> Intensities | None:
        """Every method's intensity, or None without the threshold it refers to."""
        plan = self.request.settings.plan
        return intensities_of(self.exposures, protocol(plan.protocol), plan.rmt_percent_mso)

    def plan_table(self, plan: Plan) -> dict[str, Any]:
        """Give the plan as plain data, every length in millimetres of the T1w frame."""
        protocol = asdict(plan.protocol) | {
            "pulses_per_session": plan.protocol.pulses_per_session,
            "session_s": plan.protocol.session_s,
        }
        tape = tape_to_coil(self.marks, self.scalp, plan.placement)
        return {
            "research_use_only": True,
            "subject": asdict(plan.subject),
            "frame": plan.placement.frame.name,
            "target": {
                "method": plan.target.method,
                "t1w_mm": plan.target.point.xyz_mm[0],
                "mni_mm": self.mni_of(plan.target.point)[0],
                "mni_space": self.mni_space,
                "region_radius_mm": plan.target.region_radius_mm,
                "region_confidence": plan.target.confidence,
                "notes": plan.target.notes,
            },
            "placement": {
                "matsimnibs": plan.placement.matsimnibs,
                "coil": self.request.settings.search.coil,
                "standoff_mm": plan.placement.standoff_mm,
                "didt_a_per_s": plan.placement.didt_a_per_s,
            },
            "tape": asdict(tape) if tape else None,
            "protocol": protocol,
            "dose_percent_rmt": plan.dose_percent_rmt,
            "rmt_percent_mso": self.request.settings.plan.rmt_percent_mso,
            "dose": dose_table(self.exposures, self.intensities()),
            "e_at_target_v_per_m": plan.e_at_target_v_per_m,
            "depth_mm": plan.depth_mm,
            "findings": [
                {
                    "rule": f.rule,
                    "verdict": f.verdict.value,
                    "reason": f.reason,
                    "reference": f.reference,
                    "verified": f.verified,
                }
                for f in plan.findings
            ],
        }
