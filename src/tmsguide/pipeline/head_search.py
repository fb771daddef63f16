"""A placement search on one head file: what is asked, checked first; what is found, in numbers."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from tmsguide.errors import InputError
from tmsguide.field import coil_named, cortex_sheet, mean_along, mean_vector, prepare, solve
from tmsguide.io import check_output_dir, read_coil, read_volume
from tmsguide.io.documents import one_line
from tmsguide.model import Frame, HeadSettings, Points, SearchSettings
from tmsguide.pipeline.head_files import head_kind, load_head
from tmsguide.pipeline.listener import Silent
from tmsguide.pipeline.live import build_live_head
from tmsguide.pipeline.options import Networks, placement_options
from tmsguide.pipeline.search import find_placement, guidance_named

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from tmsguide.field import Prepared, Reading
    from tmsguide.model import Coil, Field, HeadModel, Surface
    from tmsguide.pipeline.listener import Listener
    from tmsguide.pipeline.live import LiveHead
    from tmsguide.pipeline.options import Choice
    from tmsguide.pipeline.search import Found

    Bools = NDArray[np.bool_]

__all__ = ["HeadSearch", "Searched", "Sense", "check_search", "search_head_file"]

T = TypeVar("T")

#: Directions of the field that may be wanted instead of its size.
Sense = tuple[float, float, float]
COIL_FILES = (".ccd", ".tcd")


@dataclass(frozen=True, slots=True)
class HeadSearch:
    """What is asked of one head.

    ``target_mm`` in the head file's RAS+ millimetres; ``direction`` the sense of the field wanted
    there, or ``inward`` for the one into the cortex; ``wanted`` and ``avoided`` masks of networks.
    """

    head: Path
    out_dir: Path
    target_mm: tuple[float, float, float]
    coil: str = "figure8-70mm"
    direction: Sense | None = None
    inward: bool = False
    wanted: Path | None = None
    avoided: Path | None = None
    mend: bool = False
    live: bool = False
    mesh: HeadSettings = field(default_factory=HeadSettings)
    search: SearchSettings = field(default_factory=SearchSettings)
    seed: int = 20240607

    @property
    def frame(self) -> Frame:
        """Space of the head file, named after it."""
        return Frame(self.head.name.split(".")[0] or "head")


@dataclass(frozen=True, slots=True, eq=False)
class Searched:
    """What was found on the head; ``seconds`` by part of the work."""

    head: HeadModel
    scalp: Surface
    coil: Coil
    found: Found
    options: tuple[Choice, ...]
    field: Field
    live: LiveHead | None
    seconds: dict[str, float]


def check_search(asked: HeadSearch) -> Coil:
    """Give the coil after every check that needs no heavy work.

    Raises
    ------
    InputError
        Anything that would fail later: one line that says what was given, what was needed and
        how to mend it.
    """
    head_kind(asked.head)
    if not np.isfinite(asked.target_mm).all():
        raise InputError(f"--target is {asked.target_mm}; needed three finite millimetres")
    if asked.direction is not None and not np.linalg.norm(asked.direction) > 0:
        raise InputError("--direction has no length; give x y z of a direction, such as 0 -1 0")
    if asked.direction is not None and asked.inward:
        raise InputError("--direction and --inward exclude each other; give one of them")
    if asked.avoided is not None and asked.wanted is None:
        raise InputError("--avoid needs --wanted: the network that the hotspot is to lie in")
    if not 0 < asked.search.standoff_mm <= 30:
        raise InputError(f"--standoff is {asked.search.standoff_mm:g} mm; needed 0 to 30")
    guidance_named(asked.search.guidance)
    check_output_dir(asked.head, asked.out_dir)
    _check_ours(asked.out_dir)
    if asked.coil.lower().endswith(COIL_FILES):
        return read_coil(Path(asked.coil))
    return coil_named(asked.coil)


def search_head_file(asked: HeadSearch, *, listener: Listener | None = None) -> Searched:
    """Read the head, search, weigh, and solve the best placement's field; writes nothing.

    Raises
    ------
    InputError, GeometryError
        As `check_search`, `load_head`, `find_placement` and `placement_options`.
    """
    coil = check_search(asked)
    hears = listener or Silent()
    seconds: dict[str, float] = {}

    def step(name: str, work: Callable[[], T]) -> T:
        hears.started(name)
        start = time.perf_counter()
        out = work()
        seconds[name] = round(time.perf_counter() - start, 2)
        hears.finished(name, seconds[name], reused=False)
        return out

    frame, say, settings = asked.frame, hears.said, asked.search
    networks = _networks(asked)
    head, scalp = step(
        "head",
        lambda: load_head(
            asked.head, frame=frame, edge_mm=asked.mesh.edge_mm, mend=asked.mend, say=say
        ),
    )
    prepared = step("finite elements", lambda: prepare(head))
    found = step(
        "search",
        lambda: find_placement(
            prepared,
            scalp,
            Points(np.array([asked.target_mm]), frame),
            coil=coil,
            settings=settings,
            reading_of=_reading_of(asked),
            say=say,
        ),
    )
    options = step(
        "options",
        lambda: placement_options(
            prepared, scalp, found, coil=coil, settings=settings, networks=networks, say=say
        ),
    )
    best = step("field", lambda: solve(prepared, coil, found.best.placement))
    live = None
    if asked.live:
        rng = np.random.default_rng(asked.seed)
        live = step("live field", lambda: build_live_head(prepared, scalp, coil, rng=rng, say=say))
    return Searched(head, scalp, coil, found, options, best, live, seconds)


def _check_ours(out: Path) -> None:
    """Refuse a folder that holds what no search of ours wrote: it is replaced as a whole."""
    if out.is_dir() and any(out.iterdir()) and not (out / "search.json").is_file():
        raise InputError(
            f"output folder {one_line(out)} is not empty and holds no earlier search; give a new "
            "or empty folder"
        )


def _networks(asked: HeadSearch) -> Networks | None:
    if asked.wanted is None:
        return None
    avoided = None if asked.avoided is None else read_volume(asked.avoided, frame=asked.frame)
    return Networks(read_volume(asked.wanted, frame=asked.frame), avoided)


def _reading_of(asked: HeadSearch) -> Callable[[Prepared, Bools], Reading]:
    if asked.direction is not None:
        towards = np.array(asked.direction, dtype=np.float64)
        return lambda prepared, roi: mean_along(prepared, roi, towards)
    return _into_cortex if asked.inward else mean_vector


def _into_cortex(prepared: Prepared, roi: Bools) -> Reading:
    """Read E along the inward normal of the nearest place of the cortex sheet."""
    from scipy.spatial import cKDTree

    sheet = cortex_sheet(prepared.head, 2.0)
    _, near = cKDTree(sheet.points.xyz_mm).query(1e3 * prepared.barycentre_m[roi])
    return mean_along(prepared, roi, -sheet.outward[near])
