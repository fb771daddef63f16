"""The settings that the words of a run stand for."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tmsguide.pipeline import Settings

if TYPE_CHECKING:
    import argparse

__all__ = ["chosen_settings"]


def chosen_settings(words: argparse.Namespace) -> Settings:
    """Give the defaults with what was typed in their place."""
    base = Settings()

    def given(**names: str) -> dict[str, Any]:
        """Give each setting whose word was typed."""
        typed = {setting: getattr(words, word, None) for setting, word in names.items()}
        return {setting: value for setting, value in typed.items() if value is not None}

    bold = given(fd_limit_mm="fd_limit", denoising="denoising")
    if getattr(words, "no_global_signal", False):
        bold["denoising"] = "24p-acompcor"
    if getattr(words, "no_fieldmaps", False):
        bold["fieldmaps"] = False
    target = given(method="target_method", resamples="resamples")
    if getattr(words, "target_definition", None):
        target["definitions"] = tuple(str(path.resolve()) for path in words.target_definition)
    return replace(
        base,
        anatomy=replace(base.anatomy, **_anatomy(words)),
        bold=replace(base.bold, **bold),
        target=replace(base.target, **target),
        networks=replace(base.networks, **_networks(words)),
        search=replace(base.search, **given(standoff_mm="standoff")),
        plan=replace(base.plan, **given(protocol="protocol", rmt_percent_mso="rmt")),
        output=replace(
            base.output,
            keep_face=getattr(words, "keep_face", False),
            mni_maps=getattr(words, "mni_maps", False),
        ),
        seed=base.seed if words.seed is None else words.seed,
    )


def _anatomy(words: argparse.Namespace) -> dict[str, Any]:
    chosen: dict[str, Any] = {}
    if getattr(words, "prior", None) is not None:
        chosen["prior_path"] = str(words.prior.resolve())
    if getattr(words, "template", None) is not None:
        home = words.templateflow_home or os.environ.get("TEMPLATEFLOW_HOME")
        home = Path(home) if home else Path.home() / ".cache" / "templateflow"
        chosen |= {"template": words.template, "templateflow_home": str(home.resolve())}
    if getattr(words, "own_labels", False):
        chosen["labels"] = "own"
    return chosen


def _networks(words: argparse.Namespace) -> dict[str, Any]:
    chosen: dict[str, Any] = {}
    if getattr(words, "atlas", None) is not None:
        path = Path(words.atlas)
        chosen["atlas"] = str(path.resolve()) if path.suffix else words.atlas
    if getattr(words, "norms", None) is not None:
        chosen["norms_path"] = str(words.norms.resolve())
    return chosen
