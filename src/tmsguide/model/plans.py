"""Treatment: who, with which protocol, at what dose, and what the rules say about it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tmsguide.model.heads import Placement
    from tmsguide.model.targets import Target

__all__ = ["Finding", "Plan", "Protocol", "Subject", "Verdict"]


@dataclass(frozen=True, slots=True)
class Subject:
    """One person, by BIDS label; age and sex only if participants.tsv gives them."""

    label: str
    age_years: float | None = None
    sex: str | None = None
    handedness: str | None = None


@dataclass(frozen=True, slots=True)
class Protocol:
    """A stimulation protocol as data.

    A train is ``bursts_per_train`` bursts at ``burst_hz``; a burst is ``pulses_per_burst`` pulses
    at ``pulse_hz`` (plain rTMS: bursts of one pulse, ``burst_hz`` is the rTMS frequency).
    """

    name: str
    title: str
    pulse_hz: float
    pulses_per_burst: int
    burst_hz: float
    bursts_per_train: int
    trains: int
    inter_train_s: float
    sessions_per_day: int
    session_gap_min: float
    days: int
    intensity_percent_rmt: float
    intensity_cap_percent_rmt: float
    side: str
    regulatory: str
    source: str
    verified: bool

    @property
    def pulses_per_session(self) -> int:
        """Pulses delivered in one session."""
        return self.pulses_per_burst * self.bursts_per_train * self.trains

    @property
    def train_s(self) -> float:
        """Length of one train, from its first pulse to one period after its last burst."""
        return self.bursts_per_train / self.burst_hz

    @property
    def session_s(self) -> float:
        """Length of one session without the pause after its last train."""
        return self.trains * self.train_s + (self.trains - 1) * self.inter_train_s


class Verdict(Enum):
    """What a rule says: go on, look here first, or do not."""

    ALLOW = "allow"
    WARN = "warn"
    FORBID = "forbid"


@dataclass(frozen=True, slots=True)
class Finding:
    """One rule's word about a plan, with where the rule comes from."""

    rule: str
    verdict: Verdict
    reason: str
    reference: str
    verified: bool


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """Everything a session needs: target, pose, protocol, dose and what to heed.

    ``dose_percent_rmt`` is what the protocol prescribes, capped; ``e_at_target_v_per_m`` the mean
    recovered field strength in the target's grey matter at the placement's dI/dt.
    ``depth_mm`` is scalp to target.
    """

    subject: Subject
    target: Target
    alternatives: tuple[Target, ...]
    placement: Placement
    protocol: Protocol
    dose_percent_rmt: float
    e_at_target_v_per_m: float
    depth_mm: float
    findings: tuple[Finding, ...]
