"""What the end-to-end tests share: a finished run, a listener that collects, geometry anew."""

import contextlib
import io
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tmsguide.cli import main
from tmsguide.io import read_surface_gifti
from tmsguide.model import native_frame
from tmsguide.pipeline import Request, Settings, check_request, small_settings
from tmsguide.pipeline.demo import make_demo_person

LABEL = "synthetic"
FRAME = native_frame(LABEL)
SMALL = small_settings(Settings())
STEPS = (
    "input check",
    "anatomy",
    "registration to MNI",
    "surfaces",
    "landmarks",
    "functional scan",
    "target",
    "networks",
    "head mesh",
    "coil placement",
    "dose",
)


@dataclass(frozen=True)
class DemoRun:
    """``tmsguide demo --small`` in a folder: its exit code and what it printed."""

    root: Path
    code: int
    printed: str

    @property
    def bids(self):
        return self.root / "bids"

    @property
    def out(self):
        return self.root / "derivatives"

    @property
    def person(self):
        return self.out / f"sub-{LABEL}"

    @property
    def work(self):
        return self.out / "work" / f"sub-{LABEL}"

    @property
    def summary(self):
        return json.loads((self.person / "summary.json").read_text(encoding="utf-8"))

    @property
    def page(self):
        return (self.out / f"sub-{LABEL}.html").read_text(encoding="utf-8")


def run_demo(root: Path) -> DemoRun:
    """Run the small demonstration through the command line."""
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        code = main(["demo", "--small", "--out", str(root), "--quiet"])
    return DemoRun(root, code, printed.getvalue())


class Heard:
    """A listener that keeps what it hears: steps started, and whether each was reused."""

    def __init__(self):
        self.steps = []
        self.reused = {}

    def started(self, step):
        self.steps.append(step)

    def said(self, text):
        pass

    def finished(self, step, seconds, *, reused):
        self.reused[step] = reused


def demo_request(run: DemoRun) -> Request:
    """The very request that the demonstration makes."""
    truth = make_demo_person(run.bids, seed=1, small=True, listener=Heard()).truth
    (request,) = check_request(
        run.bids, run.out, labels=[LABEL], work_dir=None, settings=SMALL, truth=truth
    )
    return request


def step_folder(work: Path, step: str) -> Path:
    """Where the store keeps a step's one result."""
    (folder,) = work.glob(f"{step}-*")
    return folder


def files(root: Path) -> dict[str, tuple[int, int]]:
    """Every file below a folder but logs: when it was written, and its size."""
    return {
        str(p.relative_to(root)): (p.stat().st_mtime_ns, p.stat().st_size)
        for p in root.rglob("*")
        if p.is_file() and "logs" not in p.relative_to(root).parts
    }


def half_written(root: Path) -> list[Path]:
    """Whatever a run that was stopped may have left behind."""
    return [p for p in root.rglob("*") if p.name.startswith(".") or ".partial" in p.name]


def triangles(path: Path, frame) -> np.ndarray:
    """Corners (F, 3, 3) of a GIFTI surface."""
    surface = read_surface_gifti(path, frame=frame)
    return surface.vertices.xyz_mm[surface.triangles]


def distance_mm(corners, point):
    """Distance from a point to a triangle surface, by dense points on the triangles nearby."""
    centroid = corners.mean(axis=1)
    away = np.linalg.norm(centroid - point, axis=1)
    near = corners[away < away.min() + 8]
    n = 24
    i, j = (a.ravel() for a in np.meshgrid(np.arange(n + 1), np.arange(n + 1)))
    weight = np.stack([i, j, n - i - j], axis=1)[i + j <= n] / n
    dense = np.einsum("kc,fcd->fkd", weight, near).reshape(-1, 3)
    return float(np.linalg.norm(dense - point, axis=1).min())


def outward_normal(corners, point, radius_mm=15.0):
    """Mean normal, weighted by area, of the triangles within a radius of a point."""
    centroid = corners.mean(axis=1)
    area = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    if ((centroid - centroid.mean(axis=0)) * area).sum() < 0:
        area = -area
    near = np.linalg.norm(centroid - point, axis=1) < radius_mm
    total = area[near].sum(axis=0)
    return total / np.linalg.norm(total)


def angle_deg(a, b):
    return float(np.degrees(np.arccos(np.clip(a @ b, -1, 1))))
