"""How long the resamples of all methods take, and the search area against the published one."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from tmsguide.io import coordinate_set, read_volume
from tmsguide.model import MNI, Frame, Points, TargetSettings
from tmsguide.phantom.rest import generate_rest
from tmsguide.phantom.rest_brain import SEED_MNI
from tmsguide.phantom.rest_settings import RestSettings
from tmsguide.targeting import (
    Compared,
    Ground,
    ReferenceNetworks,
    definitions,
    find_targets,
    mask_volume_and_centre,
    search_mask,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from tmsguide.targeting import TargetDefinition

__all__ = ["KEYS", "measure"]

KEYS = ("bootstrap_1000_seconds", "mask_volume_cm3", "mask_centre")

_BRAIN = (
    Path(__file__).resolve().parents[3]
    / "shared/data/atlases/circuit_rois"
    / "dilatedDLPFCspheresmasked_space-MNI152NLin6Asym_res-02.nii.gz"
)
#: Name under which a generated map stands for the one that a user would supply.
_MAP = "generated"


def measure(*, quick: bool, say: Callable[[str], None]) -> dict[str, Any]:
    """Time 1,000 resamples of all methods of the left DLPFC on 15 minutes at 2 mm.

    Loaded data in, all targets with regions, reliability and verdicts out; what is compiled on
    first use is compiled before. Methods that need a supplied map are given a generated one.
    ``quick`` takes 100 resamples.
    """
    ground = _ground()
    methods = _methods()
    say(f"{len(methods)} methods, {int(search_mask(ground.where_mni).sum())} places")

    def timed(resamples: int) -> tuple[float, float]:
        wall, cpu = time.perf_counter(), time.process_time()
        found = find_targets(
            ground,
            methods,
            settings=TargetSettings(resamples=resamples),
            rng=np.random.default_rng(0),
        )
        assert not found.refused, found.refused  # noqa: S101
        return time.perf_counter() - wall, time.process_time() - cpu

    timed(20)
    runs = [timed(100 if quick else 1000) for _ in range(1 if quick else 3)]
    wall, cpu = sorted(runs)[len(runs) // 2]
    volume, centre = _mask()
    return {
        "bootstrap_1000_seconds": None if quick else round(wall, 2),
        "bootstrap_cpu_seconds": round(cpu, 2),
        "bootstrap_wall_seconds_of_each_run": [round(w, 2) for w, _ in runs],
        "bootstrap_resamples": 100 if quick else 1000,
        "bootstrap_methods": len(methods),
        "bootstrap_frames": len(ground.denoised.series),
        "bootstrap_places": int(search_mask(ground.where_mni).sum()),
        "bootstrap_all_places": len(ground.grey),
        "mask_volume_cm3": volume,
        "mask_centre": centre,
    }


def _methods() -> list[TargetDefinition]:
    """Give every method of the left DLPFC that reads the scan."""
    left = [
        m
        for m in definitions()
        if m.compared is not Compared.SITE and m.name != "right-dlpfc-cluster"
    ]
    return [replace(m, map_file=_MAP) if m.lacks_map else m for m in left]


def _ground() -> Ground:
    """Give 15 minutes of a generated person at every grey voxel of 2 mm."""
    from nilearn.datasets import load_mni152_gm_template

    image = load_mni152_gm_template(resolution=2)
    index = np.argwhere(image.get_fdata() > 0.5)
    grey = Points(index @ image.affine[:3, :3].T + image.affine[:3, 3], MNI)
    person = generate_rest(
        np.random.default_rng(0), grey, search_mask(grey), RestSettings(thin_mm=0.0)
    )
    places = coordinate_set("seitzman-2018")
    named = [k for k, network in enumerate(places.networks) if network != "unassigned"]
    names = tuple(sorted({places.networks[k] for k in named}))
    of = np.array([names.index(places.networks[k]) for k in named])
    near_seed = np.linalg.norm(person.where_mni.xyz_mm - SEED_MNI, axis=1) < 10
    seed = person.denoised.series[:, near_seed].mean(axis=1)
    own_map = seed @ person.denoised.series / len(seed)
    return Ground(
        person.denoised,
        person.where_mni,
        person.gm,
        other=person.other_global,
        networks=ReferenceNetworks(names, places.mni_mm[named], of, places.source),
        maps={_MAP: own_map.astype(np.float64)},
    )


def _mask() -> tuple[float | None, list[float] | None]:
    """Give volume and centre of the left DLPFC in FSL's 2 mm brain, where it is at hand."""
    if not _BRAIN.exists():
        return None, None
    volume = read_volume(_BRAIN, frame=Frame("MNI152NLin6Asym"))
    index = np.argwhere(volume.data > 0)
    to_mm = volume.frame_from_voxel
    brain = Points(index @ to_mm[:3, :3].T + to_mm[:3, 3], volume.frame)
    found, centre = mask_volume_and_centre(brain, 2.0)
    return round(found, 2), [round(float(c), 2) for c in centre]
