"""What every run says first."""

from __future__ import annotations

__all__ = ["NOTICE"]

NOTICE = (
    "Research use only. Not a medical device; not for diagnosis or treatment decisions outside an "
    "ethics-approved study with a qualified clinician checking every value."
)
