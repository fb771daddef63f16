"""Tissue labels against the truth: two label maps by others drawn as T1w, and a generated person.

Keys: ``dice_T`` is the mean over heads and scanner settings, ``dice_T_worst`` the worst of them.
``brain``, ``gm`` and ``wm`` are compared in the whole label image. ``skull`` and ``scalp`` are
compared on the two label maps, above the line from glabella to below the inion and, below it,
within 10 mm of the true inside of the skull less the spinal canal: the facial skeleton, the jaw
and the vertebrae are soft tissue to our labels on purpose. ``dice_T_vault`` holds above the line
only, where coils go; ``dice_T_image`` in the whole label image. Soft tissue of the truth is our
scalp and eyes.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

from benchmarks.imaging.labelled_heads import (
    HEADS,
    SETTINGS,
    labelled_head,
    scanned,
    truth_on,
    vault,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from tmsguide.model import Anatomy, Volume

__all__ = ["measure"]

TISSUES = {"brain": (1, 2), "gm": (2,), "wm": (1,), "skull": (4,), "scalp": (5, 6)}
REACH_MM = 10.0
CANAL_MM = 12.0  # the inside of the skull is wider than two of these, the spinal canal is not


def measure(*, quick: bool, say: Callable[[str], None]) -> dict[str, float]:
    """Give mean and worst Dice of every tissue; quick: one head in one setting.

    Raises
    ------
    FileNotFoundError
        The shared test data are not beside this checkout.
    """
    rows: list[dict[str, float]] = []
    seconds = []
    for name, image, compare in _cases(quick=quick):
        start = time.process_time()
        anatomy = _segmented(image)
        seconds.append(time.process_time() - start)
        rows.append(compare(anatomy))
        words = ", ".join(f"{key} {value:.3f}" for key, value in rows[-1].items())
        say(f"{name}: {words}; {seconds[-1]:.0f} CPU-s; {'; '.join(anatomy.problems)}")
    out: dict[str, float] = {"cpu_seconds_anatomy_heads": round(max(seconds), 1)}
    for key in sorted({key for row in rows for key in row}):
        values = [row[key] for row in rows if key in row]
        out[f"dice_{key}"] = round(float(np.mean(values)), 3)
        out[f"dice_{key}_worst"] = round(float(np.min(values)), 3)
    return out


def _cases(*, quick: bool) -> Iterator[tuple[str, Volume, Callable[[Anatomy], dict[str, float]]]]:
    """Give name, T1w image and what compares the labels found on it with its truth."""
    for head in HEADS[:1] if quick else HEADS:
        labels = labelled_head(head)
        above = vault(head, labels)
        for seed, scanner in enumerate(SETTINGS[:1] if quick else SETTINGS):
            image, labels_from_image = scanned(labels, above, scanner, seed=seed)

            def compare(
                anatomy: Anatomy, labels: Volume = labels, above: NDArray[np.bool_] = above,
                there: NDArray[np.float64] = labels_from_image,
            ) -> dict[str, float]:  # fmt: skip
                return _against(anatomy, labels, above, there)

            yield f"{head.name} {scanner.name}", image, compare
    if not quick:
        image, truth = _person()
        yield "generated person", image, lambda anatomy: _brain_against(anatomy, truth)


def _segmented(image: Volume) -> Anatomy:
    from tmsguide.engines import correct_bias, register_deformable, register_linear
    from tmsguide.head import head_prior, segment
    from tmsguide.io import mni_maps

    return segment(
        image,
        head_prior(*mni_maps()),
        bias=correct_bias,
        linear=register_linear,
        deformable=register_deformable,
    )


def _against(
    anatomy: Anatomy,
    labels: Volume,
    above: NDArray[np.bool_],
    labels_from_image: NDArray[np.float64],
) -> dict[str, float]:
    from tmsguide.model import Volume

    found = np.asarray(anatomy.labels.data)
    true = truth_on(anatomy.labels, labels, labels_from_image)
    over = Volume(above.astype(np.uint8), labels.frame_from_voxel, labels.frame)
    over_line = truth_on(anatomy.labels, over, labels_from_image) > 0
    inside = np.isin(true, (1, 2, 3))[::2, ::2, ::2]
    core = ndimage.distance_transform_edt(inside) * 2 > CANAL_MM
    inside &= ndimage.distance_transform_edt(~core) * 2 <= CANAL_MM
    near = ndimage.distance_transform_edt(~inside) * 2 <= REACH_MM
    near = near.repeat(2, 0).repeat(2, 1).repeat(2, 2)
    near = near[: true.shape[0], : true.shape[1], : true.shape[2]] | over_line
    everywhere = np.ones_like(near)
    out = {}
    for name in ("brain", "gm", "wm"):
        out[name] = _dice(found, true, name, everywhere)
    for name in ("skull", "scalp"):
        out[name] = _dice(found, true, name, near)
        out[f"{name}_vault"] = _dice(found, true, name, over_line)
        out[f"{name}_image"] = _dice(found, true, name, everywhere)
    return out


def _brain_against(anatomy: Anatomy, truth: Volume) -> dict[str, float]:
    found = np.asarray(anatomy.labels.data)
    true = truth_on(anatomy.labels, truth, np.eye(4))
    everywhere = np.ones(found.shape, dtype=np.bool_)
    return {name: _dice(found, true, name, everywhere) for name in ("brain", "gm", "wm")}


def _dice(
    found: NDArray[np.uint8], true: NDArray[np.uint8], name: str, where: NDArray[np.bool_]
) -> float:
    a, b = (np.isin(labels, TISSUES[name]) & where for labels in (found, true))
    return float(2 * (a & b).sum() / max(int(a.sum() + b.sum()), 1))


def _person() -> tuple[Volume, Volume]:
    """Give T1w and true labels of a generated person."""
    from tmsguide.io import mni_maps
    from tmsguide.phantom import PhantomSettings, person

    settings = PhantomSettings(n_volumes=60, bold_mm=6.0)
    made = person(*mni_maps(), label="bench", rng=np.random.default_rng(1), settings=settings)
    return made.t1w, made.labels
