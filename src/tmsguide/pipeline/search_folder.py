"""A finished search as a folder: built aside as a whole, then put in place at once."""

from __future__ import annotations

import shutil
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import numpy as np
from scipy.spatial import cKDTree

from tmsguide.errors import InputError
from tmsguide.field import CortexSheet, LiveField, Places, cortex_sheet, on_sheet
from tmsguide.head import mesh_outline
from tmsguide.io import (
    check_t1w,
    field_values,
    write_bytes,
    write_head_msh,
    write_head_vtu,
    write_json,
    write_tsv,
)
from tmsguide.io.bundles import type_table, write_bundle
from tmsguide.io.documents import one_line
from tmsguide.io.navigators import NavigatorMarker, encode_all
from tmsguide.model import Frame, HeadModel, Points, Tissue
from tmsguide.pipeline.head_files import head_kind
from tmsguide.pipeline.live import LiveHead
from tmsguide.pipeline.machine import peak_rss_gb, versions
from tmsguide.pipeline.option_tables import COLUMNS, option_columns, option_records
from tmsguide.report import HeadPicture, search_figure

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from tmsguide.model import Surface
    from tmsguide.pipeline.head_search import HeadSearch, Searched

__all__ = ["LIVE_TYPES", "SearchSummary", "publish_search"]

LIVE_TYPES = type_table(CortexSheet, Frame, LiveField, LiveHead, Places, Points)
_SHOWN = ("E", "magnE", "magnE_recovered")


@dataclass(frozen=True, slots=True)
class SearchSummary:
    """What ``search.json`` holds, and where it lies."""

    path: Path
    content: Mapping[str, Any]

    def lines(self) -> list[str]:
        """Give the words that end a search on the terminal."""
        c = self.content
        first = c["options"][0]
        x, y, z = (round(first[f"{axis}_mm"], 1) for axis in "xyz")
        lines = [
            f"best placement: coil centre {x:g} {y:g} {z:g} mm, handle "
            f"{first['handle_deg']:.0f} degrees from straight back, {first['standoff_mm']:.1f} mm "
            f"off the scalp ({c['placements_scored']} placements scored)",
            f"field in the target: {first['target_v_per_m']:.2f} V/m at "
            f"{c['didt_a_per_s'] / 1e6:g} A/us; when held a little off "
            f"{first['expected_v_per_m']:.2f}, seldom under {first['low_v_per_m']:.2f}",
        ]
        lines += [
            f"  {o['rank']}: {o['reason']}: {o['target_v_per_m']:.2f} V/m, "
            f"{o['focal_mm2'] / 100:.0f} cm2 above half the peak, "
            f"scalp {o['scalp_per_target']:.1f} times the target, output {o['dose_percent']:.0f} %"
            for o in c["options"]
        ]
        if c["live"] is not None:
            lines.append(
                f"live field: error mean {c['live']['error_mean_percent']:.2f} %, largest "
                f"{c['live']['error_max_percent']:.2f} % over {c['live']['held_out']} placements"
            )
        return [*lines, f"took {sum(c['seconds'].values()):.0f} s; files: {self.path.parent}"]


def publish_search(asked: HeadSearch, done: Searched) -> SearchSummary:
    """Write everything of one search into its folder, an earlier search there replaced as a whole.

    Raises
    ------
    InputError
        The folder cannot be written.
    """
    out = asked.out_dir
    aside = out.with_name(f".partial-{out.name}-{uuid4().hex}")
    try:
        aside.mkdir(parents=True)
        content = _content(asked, done)
        _write(aside, asked, done, content)
        if out.exists():
            gone = aside.with_name(aside.name + ".old")
            out.rename(gone)
            aside.rename(out)
            shutil.rmtree(gone, ignore_errors=True)
        else:
            aside.rename(out)
    except OSError as error:
        raise InputError(
            f"cannot write {one_line(out)} ({one_line(error.strerror or error)}); check the "
            "folder's permissions and free space"
        ) from error
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    return SearchSummary(out / "search.json", content)


def _write(folder: Path, asked: HeadSearch, done: Searched, content: Mapping[str, Any]) -> None:
    write_tsv(option_columns(done.options), folder / "options.tsv")
    values = {k: v for k, v in field_values(done.field).items() if k in _SHOWN}
    write_head_msh(done.head, folder / "field.msh", values=values)
    write_head_vtu(done.head, folder / "field.vtu", values=values)
    for name, data in _navigators(asked, done).items():
        write_bytes(data, folder / "navigators" / name)
    write_bytes(_figure(asked, done), folder / "field.png")
    if done.live is not None:
        (folder / "live").mkdir()
        write_bundle(folder / "live", {"live": done.live}, LIVE_TYPES)
    write_json(content, folder / "search.json")


def _content(asked: HeadSearch, done: Searched) -> dict[str, Any]:
    head, best = done.head, done.found.best.placement
    tissues, cells = np.unique(head.tissue, return_counts=True)
    return {
        "research_use_only": True,
        "head": asked.head.name,
        "frame": asked.frame.name,
        "target_mm": asked.target_mm,
        "nodes": len(head.nodes),
        "tetrahedra": {Tissue(t).name: int(n) for t, n in zip(tissues, cells, strict=True)},
        "conductivity_s_per_m": {
            Tissue(t).name: float(head.sigma_s_per_m[head.tissue == t][0]) for t in tissues
        },
        "coil": {"name": done.coil.name, "source": done.coil.source},
        "placement": best.matsimnibs,
        "standoff_mm": best.standoff_mm,
        "didt_a_per_s": best.didt_a_per_s,
        "placements_scored": len(done.found.among),
        "options": option_records(done.options),
        "columns": COLUMNS,
        "live": _live(done),
        "settings": {
            "search": asdict(asked.search) | {"coil": asked.coil},
            "head": asdict(asked.mesh),
            "direction": asked.direction,
            "inward": asked.inward,
            "mend": asked.mend,
            "wanted": None if asked.wanted is None else asked.wanted.name,
            "avoided": None if asked.avoided is None else asked.avoided.name,
            "seed": asked.seed,
        },
        "versions": versions(),
        "seconds": done.seconds,
        "peak_rss_gb": round(peak_rss_gb(), 3),
    }


def _live(done: Searched) -> dict[str, Any] | None:
    if done.live is None:
        return None
    error = 100 * done.live.field.held_error
    return {
        "error_mean_percent": float(error.mean()),
        "error_max_percent": float(error.max()),
        "held_out": len(error),
        "points": len(done.live.sheet.points),
    }


def _navigators(asked: HeadSearch, done: Searched) -> dict[str, bytes]:
    """Files for navigators; Brainsight's names the form of an image, which a mesh has not got."""
    frame, target = asked.frame, np.array(asked.target_mm)
    markers = [
        NavigatorMarker(f"{frame.name} option {rank}", o.placement.matsimnibs, frame, target)
        for rank, o in enumerate(done.options, start=1)
    ]
    if head_kind(asked.head) == "labels":
        header = check_t1w(asked.head)
        return encode_all(markers, form=header.form, code=header.code)
    files = encode_all(markers, form="Q", code=1)
    return {name: data for name, data in files.items() if name != "brainsight.txt"}


def _figure(asked: HeadSearch, done: Searched) -> bytes:
    brain = _brain(done.head)
    return search_figure(
        HeadPicture(
            name=asked.frame.name,
            brain=brain,
            e_v_per_m=_on_brain(asked, done, brain),
            scalp=done.scalp,
            coil=done.coil,
            placement=done.found.best.placement,
            target=Points(np.array([asked.target_mm]), asked.frame),
        )
    )


def _brain(head: HeadModel) -> Surface:
    inside = np.isin(head.tissue, (Tissue.WM, Tissue.GM))
    return mesh_outline(
        HeadModel(head.nodes, head.cells[inside], head.tissue[inside], head.sigma_s_per_m[inside])
    )


def _on_brain(asked: HeadSearch, done: Searched, brain: Surface) -> NDArray[np.float64]:
    """|E| of the cortex sheet's nearest places, at the brain's surface."""
    sheet = cortex_sheet(done.head, asked.search.sheet_mm)
    strength = on_sheet(done.head, done.field, sheet.points, sheet.outward).strength_v_per_m
    _, near = cKDTree(sheet.points.xyz_mm).query(brain.vertices.xyz_mm, k=3)
    return np.asarray(strength[near].mean(axis=1))
