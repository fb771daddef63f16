"""The page as a whole: one file, true words, findings in order, no name can break it."""

import base64
import re
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest

from tests.report import builders
from tmsguide.errors import FrameError, InputError
from tmsguide.model import BoldSettings, Points, ScanVerdict, Subject, native_frame
from tmsguide.report import methods, page, render, words
from tmsguide.report.agreement_figure import agreement_figure
from tmsguide.report.cortex_figures import cortex_figure
from tmsguide.report.head_views import levelled
from tmsguide.report.network_figure import network_figure

VOID = {"meta", "img", "br", "link", "hr", "input"}


class Reader(HTMLParser):
    """Collects text per id and checks that every tag is closed in order."""

    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.open, self.tags, self.attributes, self.text = [], [], [], {}
        self.where = []

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        self.attributes.append(dict(attributes))
        if tag not in VOID:
            self.open.append(tag)
            self.where.append(dict(attributes).get("id"))

    def handle_endtag(self, tag):
        assert self.open, f"</{tag}> closes nothing"
        assert self.open[-1] == tag, f"</{tag}> closes <{self.open[-1]}>"
        self.handle_data(" ")
        self.open.pop()
        self.where.pop()

    def handle_data(self, data):
        if self.open and self.open[-1] in ("style", "title"):
            return
        for name in filter(None, self.where):
            self.text[name] = self.text.get(name, "") + data
        self.text[""] = self.text.get("", "") + data


def read(html):
    reader = Reader()
    reader.feed(html)
    reader.close()
    return reader


def page_of(dossier, report):
    """The page of another dossier with figures already drawn: figures are tested elsewhere."""
    return page._page(dossier, report.figures)


def test_html_is_well_formed_and_complete(report):
    reader = read(report.html)
    assert reader.open == []
    assert report.html.startswith("<!DOCTYPE html>")
    assert {"html", "head", "title", "main", "footer"} <= set(reader.tags)


@pytest.mark.parametrize("name", ["report", "full_report"])
def test_one_file_and_no_request_to_anywhere(name, request):
    report = request.getfixturevalue(name)
    reader = read(report.html)
    text = re.sub(r"base64,[A-Za-z0-9+/=]+", "", report.html)
    text = text.replace('<a href="https://doi.org/', "")  # followed only when it is clicked
    assert not re.search(r"https?:|//[a-z]|@import|url\(", text)
    assert not {"script", "link", "iframe", "object", "embed", "form"} & set(reader.tags)
    sources = [a["src"] for a in reader.attributes if "src" in a]
    assert len(sources) == len(report.figures) == {"report": 7, "full_report": 11}[name]
    assert all(s.startswith("data:image/png;base64,") for s in sources)
    assert all(a.get("alt") for a in reader.attributes if "src" in a)
    assert len(report.html) < 6e6


@pytest.mark.parametrize("name", ["report", "full_report"])
def test_links_within_the_page_lead_somewhere(name, request):
    reader = read(request.getfixturevalue(name).html)
    wanted = {a["href"][1:] for a in reader.attributes if a.get("href", "").startswith("#")}
    assert wanted <= {a["id"] for a in reader.attributes if "id" in a}


def test_figures_on_the_page_are_the_figures_given(report):
    for name, data in report.figures.items():
        assert data.startswith(b"\x89PNG"), name
        assert base64.b64encode(data).decode() in report.html, name


def test_research_wording_opens_and_closes_the_page(report):
    text = read(report.html).text[""]
    assert text.count(words.RESEARCH_USE) == 2
    assert text.index(words.RESEARCH_USE) < text.index("TMS plan")
    assert text.rstrip().endswith(words.RESEARCH_USE)
    assert "@bottom-left" in report.html
    assert "Research use only. Not a medical device." in report.html.split("</style>")[0]


def test_evidence_is_told_with_its_limits(report):
    text = read(report.html).text["clinician"]
    assert "mixed" in text
    for reference in ("Elbau 2023", "Khosravani 2025", "Gregory 2025", "Oberman 2021"):
        assert reference in text
    assert "does not predict" in text


def test_a_made_person_carries_a_banner_and_a_real_one_does_not(made, report):
    assert "computer-generated" in read(report.html).text["clinician"]
    assert "3.5 mm from the one planted" in report.html
    real = replace(made, synthetic=False, truth=None, planted_error_mm=None)
    assert "computer-generated" not in page_of(real, report)


def test_problems_of_the_scan_stand_before_the_target(made, report):
    text = read(report.html).text["clinician"]
    for problem in made.quality.problems:
        assert text.index(problem) < text.index("Target:")
    assert text.index("with caution") < text.index("Target:")


@pytest.mark.parametrize(
    ("verdict", "said", "look"),
    [
        (ScanVerdict.GOOD, "can carry an individual target", 'class="verdict good"'),
        (ScanVerdict.CAUTION, "with caution", 'class="verdict care"'),
        (ScanVerdict.INSUFFICIENT, "not enough for an individual target", 'class="verdict stop"'),
    ],
)
def test_the_verdict_is_said_in_words_and_in_its_own_look(made, report, verdict, said, look):
    html = page_of(builders.with_quality(made, verdict=verdict), report)
    assert said in read(html).text["clinician"]
    assert look in html


def test_findings_come_worst_first_and_before_the_target(report):
    text = read(report.html).text["clinician"]
    order = [
        "1 rule forbids this plan",
        "metal near the coil",
        "off-label under 18",
        "No motor threshold",
        "1 rule without objection",
        "Session of 3 minutes",
        "Target:",
    ]
    places = [text.index(part) for part in order]
    assert places == sorted(places)
    assert "K231926 (not yet re-checked against the source)" in text
    assert "10.003 (not yet" not in text


def test_rules_without_objection_are_there_but_folded(report):
    folded = re.search(r"<details.*?</details>", report.html, re.DOTALL)[0]
    assert "Session of 3 minutes" in folded
    assert " open" not in folded.split(">")[0]
    assert "motor threshold" not in folded


def test_each_problem_of_the_scan_is_said_once(made, report):
    problems = made.quality.problems
    reason = f"Weak data: {made.quality.verdict.value}. {' '.join(problems)}"
    finding = replace(builders.findings()[1], rule="scan_quality", reason=reason)
    html = page_of(replace(made, plan=replace(made.plan, findings=(finding,))), report)
    text = read(html).text["clinician"]
    assert all(text.count(problem.rstrip(".")) == 1 for problem in problems)
    assert "Weak data: see the points above." in text
    assert "scan quality; source: K231926" in text


def test_notes_on_the_data_stand_with_the_scan(made, report):
    html = page_of(replace(made, notes=("no resting run; task runs are used",)), report)
    text = read(html).text["clinician"]
    assert text.count("o resting run") == 1
    where = text.index("No resting run; task runs are used.")
    assert text.rindex("Scan quality") < where < text.index("What is known")


def test_notes_of_targets_are_grouped_under_their_name(made, report):
    grey = tuple(
        replace(t, notes=(f"moved {k}.0 mm to the nearest grey matter",))
        for k, t in enumerate(made.alternatives)
    )
    target = replace(made.target, notes=("cluster of 1.1 cm³", "wide region: scan longer"))
    text = read(page_of(replace(made, target=target, alternatives=grey), report)).text["clinician"]
    assert "Cluster of 1.1 cm³; wide region: scan longer." in text
    assert "Targets 1 to 5 were moved by 0.0 to 4.0 mm to the nearest grey matter" in text
    assert text.count("nearest grey matter") == 1


def test_clinician_reads_no_number_with_more_than_three_decimals(report):
    text = read(report.html).text["clinician"]
    assert "2.0 V/m" in text or "V/m for each" in text
    without_references = re.sub(r"doi:\S+", "", text)
    assert re.findall(r"\d+\.\d{4,}", without_references) == []
    assert "nan" not in re.findall(r"[a-z]+", without_references.lower())


def test_researcher_finds_settings_provenance_and_timings(made, report):
    text = read(report.html).text["researcher"]
    assert "fwhm_mm" in text
    assert "inputs (sha256).T1w" in text
    assert "ab12" * 16 in text
    assert "1 min 1 s" in text
    assert made.target.source in text
    assert "in steps of 2 mm and 5°" in text  # from a mapping
    assert "kept 0.01 to 0.1 Hz" in text  # from a dataclass


def test_hostile_strings_are_shown_and_not_obeyed(made, report):
    nasty = '<script>alert("x")</script>$\\frac{$ & "q\''
    hostile = replace(
        made,
        subject=Subject(nasty),
        dataset_name=nasty,
        target=replace(made.target, method=nasty, notes=(nasty,)),
        alternatives=(replace(made.alternatives[0], method=nasty),),
        files={nasty: "javascript:alert(1)", "out": "../../../etc/passwd?x=<b>", "abs": "/etc/x"},
        provenance={nasty: nasty},
        notes=(nasty,),
        plan=replace(
            made.plan,
            findings=tuple(replace(f, reason=nasty, rule=nasty) for f in builders.findings()),
        ),
    )
    assert cortex_figure(hostile, levelled(hostile)).startswith(b"\x89PNG")
    html = page_of(hostile, report)
    reader = read(html)
    assert reader.open == []
    assert "script" not in reader.tags
    assert nasty in reader.text["clinician"]
    links = [a["href"] for a in reader.attributes if "href" in a]
    doi = re.compile(r"https://doi\.org/10\.\d{4,9}/[\w.()/-]+|#[a-z]+")
    others = [link for link in links if not doi.fullmatch(link)]
    assert others == ["../../../etc/passwd%3Fx%3D%3Cb%3E"]


def test_hostile_strings_of_methods_and_networks_are_shown_and_not_obeyed(full, full_report):
    nasty = '<script>alert("x")</script>$\\frac{$ & "q\' 10.1000/x"><b>'
    agreement, connectome = full.agreement, full.connectome
    advice = replace(full.target.advice, reasons=(nasty,))
    region = replace(full.target.region, spread_mm={nasty: 3.0})
    hostile = replace(
        full,
        target=replace(full.target, source=nasty, advice=advice, region=region),
        agreement=replace(
            agreement,
            names=(nasty,) * 12,
            assumes=(nasty,) * 12,
            consensus_methods=(nasty, nasty + "!"),
            group_distance_mm={nasty: 3.0},
        ),
        connectome=replace(
            connectome,
            means=replace(connectome.means, names=(nasty,) * 13),
            parcellation=nasty,
            graph={nasty: 1.0},
            weak=(nasty,),
            notes=(nasty,),
        ),
    )
    assert agreement_figure(hostile.agreement, nasty).startswith(b"\x89PNG")
    assert network_figure(hostile.connectome.means, nasty).startswith(b"\x89PNG")
    reader = read(page_of(hostile, full_report))
    assert reader.open == []
    assert "script" not in reader.tags
    assert reader.text["clinician"].count("<script>") >= 10
    assert all('"' not in a.get("href", "") for a in reader.attributes)


def test_same_dossier_gives_the_same_bytes_and_tells_its_progress(full, full_report):
    said, report = [], full_report
    again = render(full, progress=said.append)
    assert said == [*(f"drawing the {n} figure" for n in report.figures), "writing the report"]
    assert again.html == report.html
    assert dict(again.figures) == dict(report.figures)


def test_a_page_without_extras_is_whole(made, report):
    bare = replace(
        made,
        target=replace(made.target, region_radius_mm=None, samples=None, confidence=None),
        alternatives=(),
        files={},
        settings={},
        provenance={},
        seconds={},
        ranked=(),
        global_signal_shift_mm=None,
        plan=replace(made.plan, findings=()),
        quality=replace(made.quality, problems=()),
    )
    reader = read(page_of(bare, report))
    assert reader.open == []
    assert "no measure of how sure" in reader.text["clinician"]


def test_positions_in_another_frame_are_refused(made):
    stray = Points(made.seed.xyz_mm, native_frame("other"))
    with pytest.raises(FrameError, match="seed is in sub-other/T1w"):
        replace(made, seed=stray)


def test_arrays_that_do_not_fit_are_refused(made):
    with pytest.raises(InputError, match="cortex_z has 3 values"):
        replace(made, cortex_z=np.zeros(3))


def test_nested_settings_are_flattened_with_their_names():
    rows = methods.entries({"a": {"b": 1.23456789, "c": {"d": (1, True)}}, "e": None, "f": ""})
    assert rows == [("a.b", "1.23457"), ("a.c.d", "1, yes"), ("e", "none"), ("f", "none")]
    assert ("low_hz", "0.01") in methods.entries(BoldSettings())
