"""Head model, electric field and the best coil placement for a target."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tmsguide.field import coil_named, cortex_field, peak, prepare, region_mean, solve
from tmsguide.head import tetrahedralise
from tmsguide.model import Points, Tissue
from tmsguide.pipeline.options import placement_options
from tmsguide.pipeline.search import find_placement

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    from tmsguide.model import (
        Anatomy,
        Field,
        HeadModel,
        HeadSettings,
        Placement,
        SearchSettings,
        Surface,
        Target,
    )
    from tmsguide.pipeline.bench import Bench
    from tmsguide.pipeline.options import Choice
    from tmsguide.pipeline.store import Result
    from tmsguide.placement import Ranked

__all__ = ["Aim", "aim_step", "head_step"]


@dataclass(frozen=True, slots=True, eq=False)
class Aim:
    """The chosen placement, its rivals, other placements worth choosing, and its field.

    ``e_at_target_v_per_m`` is the volume mean of field strength over the grey matter round the
    target, from a direct solve; ``reciprocity_gap_percent`` how far the search's figure for the
    same mean vector lies from it; ``cortex_e_v_per_m`` (V,) field strength on the cortex sheet;
    ``grey_e_v_per_m`` (X, Y, Z) float32 strength on the label grid, 0 outside the grey matter.
    """

    placement: Placement
    ranked: tuple[Ranked, ...]
    options: tuple[Choice, ...]
    scored: int
    e_at_target_v_per_m: float
    e_peak_v_per_m: float
    reciprocity_gap_percent: float
    cortex_e_v_per_m: NDArray[np.float64]
    grey_e_v_per_m: NDArray[np.float32]


def head_step(
    bench: Bench,
    anatomy: Result,
    *,
    settings: HeadSettings,
    sigma_s_per_m: Mapping[Tissue, float],
) -> Result:
    """Labels to conforming tetrahedra with conductivities: ``head``."""

    def work() -> dict[str, HeadModel]:
        labels = anatomy.content["anatomy"].labels
        return {
            "head": tetrahedralise(labels, edge_mm=settings.edge_mm, sigma_s_per_m=sigma_s_per_m)
        }

    table = {tissue.name: value for tissue, value in sigma_s_per_m.items()}
    return bench.step(
        "head mesh",
        work,
        version=2,
        settings={"head": settings, "sigma_s_per_m": table},
        inputs={"anatomy": anatomy.key},
    )


def aim_step(
    bench: Bench,
    *,
    head: Result,
    anatomy: Result,
    surfaces: Result,
    target: Result,
    settings: SearchSettings,
) -> Result:
    """Search the scalp by reciprocity, then solve the field of the best placement: ``aim``."""

    def work() -> dict[str, Aim]:
        return {
            "aim": _aim(
                head.content["head"],
                anatomy.content["anatomy"],
                scalp=surfaces.content["scalp"],
                cortex=surfaces.content["cortex"],
                target=target.content["targets"].primary,
                settings=settings,
                say=bench.listener.said,
            )
        }

    inputs = {"head": head.key, "surfaces": surfaces.key, "target": target.key}
    return bench.step("coil placement", work, version=5, settings=settings, inputs=inputs)


def _aim(
    head: HeadModel,
    anatomy: Anatomy,
    *,
    scalp: Surface,
    cortex: Surface,
    target: Target,
    settings: SearchSettings,
    say: Callable[[str], None],
) -> Aim:
    coil = coil_named(settings.coil)
    say("assembling finite elements")
    prepared = prepare(head)
    found = find_placement(prepared, scalp, target.point, coil=coil, settings=settings, say=say)
    options = placement_options(prepared, scalp, found, coil=coil, settings=settings, say=say)
    say("solving the field of the best placement")
    best, roi = found.best, found.roi
    field = solve(prepared, coil, best.placement)
    solved = float(np.linalg.norm(region_mean(head, field, roi)))
    return Aim(
        placement=best.placement,
        ranked=found.ranked,
        options=options,
        scored=len(found.among),
        e_at_target_v_per_m=_mean_size(prepared.volume_m3[roi], field.recovered_v_per_m[roi]),
        e_peak_v_per_m=peak(head, field)[1],
        reciprocity_gap_percent=100 * abs(best.score - solved) / solved,
        cortex_e_v_per_m=_size(cortex_field(head, field, cortex.vertices)),
        grey_e_v_per_m=_on_grey(head, field, anatomy),
    )


def _size(vectors: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(np.linalg.norm(vectors, axis=1))


def _mean_size(volume: NDArray[np.float64], vectors: NDArray[np.float64]) -> float:
    return float(volume @ _size(vectors) / volume.sum())


def _on_grey(head: HeadModel, field: Field, anatomy: Anatomy) -> NDArray[np.float32]:
    labels = anatomy.labels
    grey = np.argwhere(labels.data == Tissue.GM)
    to_mm = labels.frame_from_voxel
    where = Points(grey @ to_mm[:3, :3].T + to_mm[:3, 3], labels.frame)
    out = np.zeros(labels.data.shape, dtype=np.float32)
    out[tuple(grey.T)] = _size(cortex_field(head, field, where))
    return out
