"""One self-contained page per person: first for a clinician, then for a researcher."""

from tmsguide.report.anatomy_page import AnatomyDossier, render_anatomy
from tmsguide.report.dossier import Dossier, Report
from tmsguide.report.entries import (
    AgreementEntry,
    ConnectomeEntry,
    DoseEntry,
    OptionEntry,
    RunEntry,
    Triple,
)
from tmsguide.report.page import render
from tmsguide.report.search_figure import HeadPicture, search_figure

__all__ = [
    "AgreementEntry",
    "AnatomyDossier",
    "ConnectomeEntry",
    "DoseEntry",
    "Dossier",
    "HeadPicture",
    "OptionEntry",
    "Report",
    "RunEntry",
    "Triple",
    "render",
    "render_anatomy",
    "search_figure",
]
