"""All settings of one run, gathered; each default is born in `model.settings`."""

from __future__ import annotations

from dataclasses import dataclass, field

from tmsguide.model import (
    AnatomySettings,
    BoldSettings,
    HeadSettings,
    NetworkSettings,
    OutputSettings,
    PlanSettings,
    SearchSettings,
    TargetSettings,
)

__all__ = ["Settings"]


@dataclass(frozen=True, slots=True)
class Settings:
    """One settings object per part of the chain, and the seed of every random draw."""

    anatomy: AnatomySettings = field(default_factory=AnatomySettings)
    bold: BoldSettings = field(default_factory=BoldSettings)
    target: TargetSettings = field(default_factory=TargetSettings)
    networks: NetworkSettings = field(default_factory=NetworkSettings)
    head: HeadSettings = field(default_factory=HeadSettings)
    search: SearchSettings = field(default_factory=SearchSettings)
    plan: PlanSettings = field(default_factory=PlanSettings)
    output: OutputSettings = field(default_factory=OutputSettings)
    seed: int = 20240607
