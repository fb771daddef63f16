"""The pictures of docs/imaging.md, made again: ``python -m benchmarks.imaging.pictures``.

The generated person of the demonstration and sub-forrest02 (studyforrest, PDDL; defaced by its
makers) go through the chain up to the cleaned series; finished steps are kept in ``--work``.
"""

from __future__ import annotations

import argparse
import io
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.lines import Line2D
from matplotlib.patheffects import withStroke
from PIL import Image

from tmsguide.head import find_landmarks, ten_twenty
from tmsguide.model import MNI, Points, Volume, native_frame
from tmsguide.num import raster
from tmsguide.pipeline import Settings
from tmsguide.pipeline.anatomy import anatomy_step, normalisation_step, surface_step
from tmsguide.pipeline.bench import Bench
from tmsguide.pipeline.demo import make_demo_person
from tmsguide.pipeline.function import bold_step
from tmsguide.pipeline.listener import Silent
from tmsguide.pipeline.literature import seed_point
from tmsguide.pipeline.sources import find_source
from tmsguide.pipeline.store import Store
from tmsguide.pipeline.stored import STORED
from tmsguide.preprocess import CARPET_BANDS
from tmsguide.report import head_views, orientation, scene, slices, style
from tmsguide.report.alignment_figure import alignment_figure
from tmsguide.report.scan_figure import scan_figure
from tmsguide.targeting import landmark

if TYPE_CHECKING:
    from tmsguide.model import Anatomy, Landmarks, Surface, Warp
    from tmsguide.preprocess import CleanBold

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs" / "images"
REAL = ROOT.parent / "shared" / "data" / "bids"
MOST_BYTES = 250_000
STEP_MM = 0.5
BELOW_MM = 25.0  # of the head under the brain
#: Pictures of each person that the docs show.
SHOWN = {
    "synthetic": ("tissues", "ten-twenty"),
    "forrest02": ("tissues", "alignment", "carpet"),
}

#: What is outlined, from inside out, in which colour: each set of tissues holds the one before.
BORDERS = (
    ("white matter", "#ff4a3d", (1,)),
    ("grey matter", "#d66bff", (1, 2)),
    ("inside of the skull", "#29b6f6", (1, 2, 3, 9)),
    ("outside of the skull", "#ffd23f", (1, 2, 3, 4, 7, 8, 9)),
    ("skin", "#25c685", tuple(range(1, 11))),
)
GREYS = 40


@dataclass(frozen=True, slots=True, eq=False)
class Prepared:
    """One person, as far as pictures of the images need it."""

    label: str
    anatomy: Anatomy
    mni_from_t1w: Warp
    t1w_from_mni: Warp
    scalp: Surface
    cortex: Surface
    seed: Points
    clean: CleanBold


def main() -> int:
    """Prepare both people and write every picture."""
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--out", type=Path, default=DOCS, help="default docs/images")
    words.add_argument("--work", type=Path, default=None, help="keep finished steps here")
    words.add_argument("--real", type=Path, default=REAL, help="BIDS folder with sub-forrest02")
    asked = words.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        work = asked.work or Path(folder)
        bids = work / "bids"
        work.mkdir(parents=True, exist_ok=True)
        make_demo_person(bids, seed=Settings().seed, small=False, listener=Silent())
        _pictures(prepared(bids, "synthetic", work), asked.out)
        if (asked.real / "sub-forrest02").is_dir():
            _pictures(prepared(asked.real, "forrest02", work), asked.out)
        else:
            sys.stderr.write(
                f"no sub-forrest02 in {asked.real}: its pictures are left as they are\n"
            )
    return 0


def prepared(bids: Path, label: str, work: Path) -> Prepared:
    """Take one person through the chain up to the cleaned series."""
    settings, source = Settings(), find_source(bids, label)
    bench = Bench(Store(work / f"sub-{label}", STORED), Silent(), {})
    anatomy = anatomy_step(
        bench, source, native_frame(label), settings=settings.anatomy, prior=None
    )
    to_mni = normalisation_step(bench, source, anatomy, settings=settings.anatomy)
    surfaces = surface_step(bench, anatomy)
    bold = bold_step(bench, source, anatomy=anatomy, normalisation=to_mni, settings=settings.bold)
    return Prepared(
        label=label,
        anatomy=anatomy.content["anatomy"],
        mni_from_t1w=to_mni.content["mni_from_t1w"],
        t1w_from_mni=to_mni.content["t1w_from_mni"],
        scalp=surfaces.content["scalp"],
        cortex=surfaces.content["cortex"],
        seed=seed_point(to_mni),
        clean=bold.content["bold"],
    )


def _pictures(person: Prepared, out: Path) -> None:
    dossier: Any = _shown(person)
    drawn = {
        "tissues": lambda: tissues(person),
        "alignment": lambda: alignment_figure(dossier),
        "carpet": lambda: scan_figure(dossier),
        "ten-twenty": lambda: positions(person),
    }
    for kind in SHOWN[person.label]:
        _write(drawn[kind](), out / f"imaging-{person.label}-{kind}.png")


def _shown(person: Prepared) -> SimpleNamespace:
    """Give what the report's two figures of the scan ask of a dossier."""
    clean = person.clean
    worst = max(clean.runs, key=lambda run: np.nan_to_num(run.quality.coregistration_cost))
    return SimpleNamespace(
        subject=SimpleNamespace(label=person.label),
        anatomy=person.anatomy,
        seed=person.seed,
        seed_radius_mm=Settings().target.seed_radius_mm,
        mean_bold=clean.mean_bold,
        bold_reference=worst.reference,
        fd_mm=clean.fd_mm,
        fd_limit_mm=max(run.fd_limit_mm for run in clean.runs),
        dvars=clean.dvars,
        kept=clean.denoised.kept,
        tr_s=clean.denoised.tr_s,
        carpet=clean.carpet,
        carpet_rows=CARPET_BANDS,
        runs=clean.runs,
        global_signal=np.concatenate([run.global_signal for run in clean.runs]),
    )


def tissues(person: Prepared) -> bytes:
    """Draw tissue borders on the T1w: three planes through the seed, three through the DLPFC."""
    labels = person.anatomy.labels
    low, high = slices.bounds(Volume(labels.data > 0, labels.frame_from_voxel, labels.frame), 4)
    low[2] = max(low[2], slices.bounds(person.anatomy.brain_mask, 0)[0][2] - BELOW_MM)
    dlpfc = person.t1w_from_mni(Points(landmark("fox-2012").point.xyz_mm, MNI)).xyz_mm[0]
    figure = style.canvas(1100, 960)
    for at, top, bottom in ((person.seed.xyz_mm[0], 0.955, 0.52), (dlpfc, 0.485, 0.075)):
        planes = tuple(slices.Plane(k, float(at[k]), low, high) for k in range(3))
        for axes, plane in zip(
            slices.panels(figure, planes, top=top, bottom=bottom), planes, strict=True
        ):
            _bordered(axes, plane, person.anatomy)
    figure.legend(
        handles=[Line2D([], [], color=colour, lw=2, label=name) for name, colour, _ in BORDERS],
        loc="lower center", ncol=len(BORDERS), frameon=False, fontsize=8.5,
        bbox_to_anchor=(0.5, 0.025),
    )  # fmt: skip
    figure.text(0.005, 0.006, slices.SIDES, fontsize=7, color=style.WEAK_INK)
    return style.png(figure, person.label)


def _bordered(axes: Any, plane: slices.Plane, anatomy: Anatomy) -> None:
    grid, labels = plane.grid(STEP_MM), anatomy.labels
    inside = anatomy.t1w.data[anatomy.brain_mask.data > 0]
    top = 1.15 * float(np.percentile(inside, 99))
    box = (0, plane.width_mm, plane.height_mm, 0)
    axes.imshow(
        np.clip(slices.sample(anatomy.t1w, grid) / top, 0, 1), cmap="gray", vmin=0, vmax=1,
        extent=box, interpolation="bilinear", aspect="auto",
    )  # fmt: skip
    rows, columns = grid.shape[:2]
    across = (np.arange(columns) + 0.5) * plane.width_mm / columns
    down = (np.arange(rows) + 0.5) * plane.height_mm / rows
    for _, colour, members in BORDERS:
        mask = Volume(np.isin(labels.data, members), labels.frame_from_voxel, labels.frame)
        share = slices.sample(mask, grid)
        if share.max() > 0.5 > share.min():
            axes.contour(across, down, share, levels=[0.5], colors=[colour], linewidths=0.9)


def positions(person: Prepared) -> bytes:
    """Draw the 10-20 positions and the four landmarks on the scalp, from three sides."""
    fixed = find_landmarks(person.anatomy, person.scalp, person.t1w_from_mni)
    placed = ten_twenty(person.scalp, fixed)
    thinned = Points(person.cortex.vertices.xyz_mm[::50], person.cortex.vertices.frame)
    head = orientation.head_axes(person.mni_from_t1w, thinned)
    layer = scene.Layer(
        person.scalp.vertices.xyz_mm, person.scalp.triangles, np.array(style.SKIN), ambient=0.4
    )
    figure = style.canvas(1100, 460)
    views: tuple[tuple[tuple[float, float, float], tuple[float, float, float], str], ...] = (
        ((0.0, 1.0, 0.15), (0.0, 0.0, 1.0), "From the front"),
        ((-1.0, 0.12, 0.1), (0.0, 0.0, 1.0), "From the left"),
        ((0.0, 0.0, 1.0), (0.0, 1.0, 0.0), "From above, nose up"),
    )
    for number, (toward, up, title) in enumerate(views):
        shown = _above_chin(person.scalp.vertices.xyz_mm, fixed, head)
        view = head_views.camera(toward, up, head, (370, 345)).fitted(shown)
        picture = scene.draw((layer,), view)
        axes = head_views.frame(figure, picture, 15 + 362 * number, 34, title)
        for found, colour in ((placed, "#1b4f9c"), (fixed, style.TARGET)):
            _named(axes, picture, found, colour, person.scalp)
        if number != 1:
            left, right = ("R", "L") if number == 0 else ("L", "R")
            head_views.letters(axes, picture, left, right)
    unseen = [
        n for n, u in zip(fixed.names, fixed.uncertainty_mm, strict=True) if not np.isfinite(u)
    ]
    words = (
        f"Magenta: landmarks{'; not seen on this scan: ' + ', '.join(unseen) if unseen else ''}."
    )
    finite = placed.uncertainty_mm[np.isfinite(placed.uncertainty_mm)]
    figure.text(
        0.5, 0.055, f"Blue: 10-20 positions, standard deviation to expect {finite.min():.0f} to "
        f"{finite.max():.0f} mm. {words}", ha="center", fontsize=8.5, color=style.INK,
    )  # fmt: skip
    return style.png(figure, person.label)


def _above_chin(xyz_mm: Any, fixed: Landmarks, head: Any) -> Any:
    """Give the scalp's points (N, 3) down to a hand under the ears."""
    ears = np.stack([fixed.at("LPA"), fixed.at("RPA")]) @ head[2]
    return xyz_mm[xyz_mm @ head[2] > ears.min() - 60]


def _named(
    axes: Any, picture: scene.Picture, found: Landmarks, colour: str, scalp: Surface
) -> None:
    normals = raster.vertex_normals(scalp.vertices.xyz_mm, scalp.triangles)
    for name, at in zip(found.names, found.points.xyz_mm, strict=True):
        near = int(np.argmin(np.linalg.norm(scalp.vertices.xyz_mm - at, axis=1)))
        facing = float(normals[near] @ picture.view.axes[2])
        if facing < 0.45 or not picture.visible(at[None], slack_mm=6.0)[0]:
            continue
        x, y, _ = picture.view.pixels(at[None])[0]
        axes.plot([x], [y], marker="o", markersize=5, color=colour, markeredgecolor="white")
        axes.text(
            x, y - 7, name, fontsize=8, ha="center", va="bottom", color=colour,
            fontweight="bold", path_effects=[withStroke(linewidth=2, foreground="white")],
        )  # fmt: skip


def _write(png: bytes, path: Path) -> None:
    """Write a picture in few colours, so that it stays small: greys, and those of the lines."""
    image = Image.open(io.BytesIO(png)).convert("RGB")
    palettes = [None, _palette(GREYS), _palette(GREYS // 2)]
    if "tissues" in path.name:
        palettes = palettes[1:]
    for palette in palettes:
        few = image.quantize(256) if palette is None else image.quantize(palette=palette, dither=0)
        out = io.BytesIO()
        few.save(out, "PNG", optimize=True)
        if out.tell() <= MOST_BYTES:
            break
    path.write_bytes(out.getvalue())
    sys.stderr.write(f"{path.name}: {out.tell() / 1000:.0f} kB\n")


def _palette(greys: int) -> Image.Image:
    """Give a palette of greys and the colours of every line, plain and mixed with grey."""
    ramp = np.linspace(0, 255, greys)
    codes = [c for _, c, _ in BORDERS] + ["#ffb000", "#56d4ff"]
    lines = np.array([[int(c[k : k + 2], 16) for k in (1, 3, 5)] for c in codes], dtype=float)
    colours = [np.repeat(ramp[:, None], 3, axis=1), lines]
    colours += [0.6 * lines + 0.4 * grey for grey in (0.0, 90.0, 180.0, 255.0)]
    image = Image.new("P", (1, 1))
    image.putpalette(np.concatenate(colours).round().astype(np.uint8).ravel().tolist())
    return image


if __name__ == "__main__":
    sys.exit(main())
