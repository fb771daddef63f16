"""One self-contained page per person: first for a clinician, then for a researcher."""

from tmsguide.report.dossier import Dossier, OptionEntry, Report
from tmsguide.report.page import render

__all__ = ["Dossier", "OptionEntry", "Report", "render"]
