"""One self-contained page per person: first for a clinician, then for a researcher."""

from tmsguide.report.dossier import Dossier, OptionEntry, Report
from tmsguide.report.page import render
from tmsguide.report.search_figure import HeadPicture, search_figure

__all__ = ["Dossier", "HeadPicture", "OptionEntry", "Report", "render", "search_figure"]
