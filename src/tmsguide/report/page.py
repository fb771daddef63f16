"""The page: figures drawn, numbers put in words, all poured into one HTML file."""

from __future__ import annotations

import base64
from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import quote

from tmsguide.model import ScanVerdict, Verdict, silent
from tmsguide.report import (
    links,
    methods,
    orientation,
    quantities,
    sentences,
    tables,
    target_words,
    words,
)
from tmsguide.report.deviation_table import deviation_section
from tmsguide.report.dose_table import dose_words
from tmsguide.report.dossier import Report
from tmsguide.report.drawing import draw_figures
from tmsguide.report.head_views import levelled, side
from tmsguide.report.network_words import network_section
from tmsguide.report.option_table import option_rows
from tmsguide.report.quality_section import quality_section
from tmsguide.report.references import REFERENCES
from tmsguide.report.target_section import agreement_sentences, target_section

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from jinja2 import Template

    from tmsguide.report.dossier import Dossier

__all__ = ["render", "template"]

#: Colour class and sign of each kind of verdict on the page.
SCAN_LOOK = {
    ScanVerdict.GOOD: ("good", "✓"),
    ScanVerdict.CAUTION: ("care", "!"),
    ScanVerdict.INSUFFICIENT: ("stop", "✕"),
}
RULE_LOOK = {
    Verdict.ALLOW: ("good", "Fine"),
    Verdict.WARN: ("care", "Look first"),
    Verdict.FORBID: ("stop", "Do not"),
}


def render(dossier: Dossier, *, progress: Callable[[str], None] = silent) -> Report:
    """Give the report of one person: a page that needs no other file, and its figures.

    The same dossier gives the same bytes: nothing is read but the dossier.

    Examples
    --------
    ``Path("report.html").write_text(render(dossier).html, encoding="utf-8")``
    """
    figures = draw_figures(dossier, progress=progress)
    progress("writing the report")
    return Report(html=_page(dossier, figures), figures=figures)


def template(name: str) -> Template:
    """Give one of the room's templates; text is escaped, a missing value is an error."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("tmsguide.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["doi_parts"] = links.doi_parts
    return environment.get_template(name)


def _page(dossier: Dossier, figures: Mapping[str, bytes]) -> str:
    return template("report.html.j2").render(
        d=dossier,
        images={name: base64.b64encode(data).decode() for name, data in figures.items()},
        research_use=words.RESEARCH_USE,
        clinic=_clinic(dossier),
        files=[(label, path, _link(path)) for label, path in dossier.files.items()],
        methods=methods.methods(dossier),
        references=REFERENCES,
        settings=[(name, methods.entries(value)) for name, value in dossier.settings.items()],
        provenance=methods.entries(dict(dossier.provenance)),
        seconds=[(name, quantities.duration(s)) for name, s in dossier.seconds.items()],
        total=quantities.duration(sum(dossier.seconds.values())),
        memory=quantities.significant(dossier.peak_rss_gb),
        matrix=[[f"{v:.4f}".replace("-", quantities.MINUS) for v in row]
                for row in dossier.placement.matsimnibs],
        scan=quality_section(dossier),
        sure=target_section(dossier),
        together=agreement_sentences(dossier),
        networks=network_section(dossier.connectome) if dossier.connectome else None,
        norms=deviation_section(dossier.deviation, dossier.deviation_words)
        if dossier.deviation
        else None,
    )  # fmt: skip


def _clinic(dossier: Dossier) -> dict[str, object]:
    """Give the phrases of the first screen."""
    plan, pose = dossier.plan, dossier.placement
    turn = levelled(dossier)
    rows = tables.target_rows(dossier)
    poses = tables.pose_rows(dossier, turn)
    sureness, sentence = target_words.region(dossier.target)
    look, sign = SCAN_LOOK[dossier.quality.verdict]
    findings = [
        (*RULE_LOOK[f.verdict], replace(f, reason=sentences.said_once(f.reason, dossier.quality)))
        for f in words.by_urgency(plan.findings)
    ]
    return {
        "scan_class": look,
        "scan_sign": sign,
        "scan_words": target_words.scan_verdict(dossier.quality)
        if dossier.target.advice is None
        else target_words.scan_alone(dossier.quality),
        "problems": [
            sentences.sentence(p)
            for p in (
                *dossier.quality.problems,
                *dossier.anatomy.problems,
                *(dossier.t1w_quality.problems if dossier.t1w_quality else ()),
            )
        ],
        "notes": [sentences.sentence(note) for note in dossier.notes],
        "forbidden": sum(f.verdict is Verdict.FORBID for f in plan.findings),
        "urgent": [f for f in findings if f[2].verdict is not Verdict.ALLOW],
        "passed": [f for f in findings if f[2].verdict is Verdict.ALLOW],
        "target": rows[0],
        "seen_from": side(dossier, turn),
        "place": target_words.place(tables.mni_mm(dossier, dossier.target)),
        "targets": rows,
        "target_notes": [
            (
                row.number,
                row.name,
                sentences.sentence(row.assumes),
                sentences.sentence("; ".join(row.notes)),
            )
            for row in rows
            if row.notes or row.assumes
        ],
        "moved": sentences.moved_to_grey(
            {row.number: row.moved_mm for row in rows if row.moved_mm is not None}
        ),
        "sureness": sureness,
        "region": sentence,
        "depth": words.depth(plan.depth_mm, pose.standoff_mm),
        "handle": words.handle(
            turn @ orientation.handle_direction(pose),
            orientation.angle_to_midline_deg(pose.matsimnibs, turn),
        ),
        "current": words.direction(turn @ orientation.induced_direction(dossier.coil, pose)),
        "coil_centre": quantities.coordinates(pose.center_mm, places=1),
        "field": words.field_strength(
            plan.e_at_target_v_per_m, pose.didt_a_per_s, dossier.coil.max_didt_a_per_s
        ),
        "field_peak": quantities.millimetres(tables.field_peak_distance_mm(dossier)),
        "pattern": words.pattern(plan.protocol),
        "schedule": words.schedule(plan.protocol),
        "dose": f"{plan.dose_percent_rmt:.0f} % of the resting motor threshold",
        "date": quantities.day(dossier.provenance.get("date", "")),
        "person": words.person(plan.subject),
        "poses": poses,
        "options": option_rows(dossier, turn),
        "guidance": dossier.guidance,
        "strength": dose_words(dossier.dose),
        "seed": tables.seed_in_mni(dossier),
        "tape": dossier.tape,
        "global_signal": target_words.global_signal(dossier.global_signal_shift_mm),
        "planted": target_words.planted(dossier.planted_error_mm),
        "young": plan.subject.age_years is not None and plan.subject.age_years < 22,
    }


def _link(path: str) -> str | None:
    """Give a relative path as a link, None for anything that leaves the report's folder tree."""
    outside = path.startswith(("/", "\\")) or ":" in path or "\\" in path
    return None if outside else quote(path)
