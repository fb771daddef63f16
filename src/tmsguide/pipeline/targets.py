"""Cleaned signals to every method's target, with its confidence."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from tmsguide.errors import InputError
from tmsguide.io import read_definition, read_weight_map
from tmsguide.model import Points
from tmsguide.num.interpolation import sample_linear
from tmsguide.pipeline.literature import published
from tmsguide.pipeline.parcellation import atlas_file, reference_of
from tmsguide.pipeline.store import file_digest
from tmsguide.targeting import Ground, definition, definitions, find_targets, site_targets

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from tmsguide.model import BoldSettings, NetworkSettings, TargetSettings
    from tmsguide.pipeline.bench import Bench
    from tmsguide.pipeline.store import Result
    from tmsguide.targeting import TargetDefinition

__all__ = ["chosen_methods", "map_files", "target_step"]


def target_step(
    bench: Bench,
    bold: Result,
    normalisation: Result,
    *,
    settings: TargetSettings,
    cleaning: BoldSettings,
    networks: NetworkSettings,
    seed: int,
) -> Result:
    """Find the ``targets`` of every method with their confidence."""
    methods = chosen_methods(settings)
    files = map_files(methods)

    def work() -> dict[str, Any]:
        clean = bold.content["bold"]
        where = clean.denoised.where
        where_mni = normalisation.content["mni_from_t1w"](where)
        grey = Points(where.xyz_mm[clean.gm], where.frame)
        ground = Ground(
            clean.denoised,
            where_mni,
            clean.gm,
            other=clean.other_global,
            smoothing_mm=cleaning.fwhm_mm,
            networks=reference_of(networks),
            maps={str(path): _at_places(path, where_mni) for path in files},
        )
        sites = [method for method in methods if method.site_mni_mm is not None]
        return {
            "targets": find_targets(
                ground,
                [method for method in methods if method.site_mni_mm is None],
                settings=settings,
                rng=np.random.default_rng(seed),
                group=site_targets(published(normalisation.content["t1w_from_mni"]), grey, sites),
                progress=bench.listener.said,
            )
        }

    inputs = {"bold": bold.key, "normalisation": normalisation.key}
    atlas = atlas_file(networks)
    read = (*map(Path, settings.definitions), *files, *((atlas,) if atlas else ()))
    inputs |= {str(path): file_digest(path) for path in read}
    return bench.step(
        "target",
        work,
        version=2,
        settings={
            "target": settings,
            "fwhm_mm": cleaning.fwhm_mm,
            "networks": networks.atlas,
            "seed": seed,
        },
        inputs=inputs,
    )


def chosen_methods(settings: TargetSettings) -> tuple[TargetDefinition, ...]:
    """Give the methods of a run: the usual ones, the planned one and those of the user.

    Raises
    ------
    InputError
        If a file is no definition, two have one name, or the planned method is unknown.
    """
    own = tuple(read_definition(Path(path)) for path in settings.definitions)
    names = [method.name for method in own]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise InputError(f"two target definitions are called {', '.join(twice)}; rename one")
    methods = (*own, *(m for m in definitions() if m.default and m.name not in names))
    if settings.method in (method.name for method in methods):
        return methods
    return (*methods, definition(settings.method))


def map_files(methods: Iterable[TargetDefinition]) -> tuple[Path, ...]:
    """Give every image that the methods name."""
    names = [n for m in methods for n in (m.map_file, m.seed.map_file, m.search.map_file) if n]
    return tuple(Path(name) for name in dict.fromkeys(names))


def _at_places(path: Path, where_mni: Points) -> NDArray[np.float64]:
    """Give an MNI image at the places, 0 outside it."""
    volume = read_weight_map(path)
    voxel_from_mni = np.asarray(np.linalg.inv(volume.frame_from_voxel), np.float64)
    data = np.asarray(volume.data, np.float32)
    return np.nan_to_num(sample_linear(data, voxel_from_mni, where_mni.xyz_mm))
