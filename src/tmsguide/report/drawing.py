"""Every figure of the page, in the page's order; what is not known is not drawn."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tmsguide.model import silent
from tmsguide.report.agreement_figure import agreement_figure
from tmsguide.report.alignment_figure import alignment_figure
from tmsguide.report.coil_figure import coil_figure
from tmsguide.report.connectome_figure import connectome_figure
from tmsguide.report.cortex_figures import cortex_figure, field_figure
from tmsguide.report.head_views import levelled
from tmsguide.report.network_figure import network_figure
from tmsguide.report.norms_figure import norms_figure
from tmsguide.report.scan_figure import scan_figure
from tmsguide.report.slice_figures import connectivity_figure, tissue_figure

if TYPE_CHECKING:
    from collections.abc import Callable

    from tmsguide.report.dossier import Dossier

    Drawings = dict[str, Callable[[], bytes]]

__all__ = ["draw_figures"]


def draw_figures(
    dossier: Dossier, *, progress: Callable[[str], None] = silent
) -> dict[str, bytes]:
    """Give every figure as PNG bytes by name, in the order of the page."""
    turn = levelled(dossier)
    drawn: Drawings = {
        "coil": lambda: coil_figure(dossier, turn),
        "cortex": lambda: cortex_figure(dossier, turn),
        "connectivity": lambda: connectivity_figure(dossier),
        **_compared(dossier),
        "field": lambda: field_figure(dossier, turn),
        **_networks(dossier),
        "scan": lambda: scan_figure(dossier),
        "alignment": lambda: alignment_figure(dossier),
        "tissues": lambda: tissue_figure(dossier),
    }
    out = {}
    for name, make in drawn.items():
        progress(f"drawing the {name} figure")
        out[name] = make()
    return out


def _compared(dossier: Dossier) -> Drawings:
    given, label = dossier.agreement, dossier.subject.label
    if given is None or len(given.names) < 2:
        return {}
    return {"agreement": lambda: agreement_figure(given, label)}


def _networks(dossier: Dossier) -> Drawings:
    connectome, deviation, label = dossier.connectome, dossier.deviation, dossier.subject.label
    drawn: Drawings = {}
    if connectome is not None:
        drawn["networks"] = lambda: network_figure(connectome.means, label)
        drawn["connectome"] = lambda: connectome_figure(connectome, label)
    if deviation is not None:
        drawn["norms"] = lambda: norms_figure(deviation, label)
    return drawn
