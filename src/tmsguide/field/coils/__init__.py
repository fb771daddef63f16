"""Coils we ship, built from published dimensions, and what can be done to any coil."""

from tmsguide.field.coils.figure8 import figure8_70mm
from tmsguide.field.coils.lean import lean

__all__ = ["figure8_70mm", "lean"]
