"""Targeting methods as data: what each compares, where it looks, how it picks, who says so."""

from tmsguide.targeting.definitions.areas import left_dlpfc
from tmsguide.targeting.definitions.built_in import definition, definitions
from tmsguide.targeting.definitions.methods import Compared, Pick, Spheres, TargetDefinition
from tmsguide.targeting.definitions.parsing import parse_definition

__all__ = [
    "Compared",
    "Pick",
    "Spheres",
    "TargetDefinition",
    "definition",
    "definitions",
    "left_dlpfc",
    "parse_definition",
]
