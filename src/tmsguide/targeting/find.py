"""Every method's target of one person, how sure each is, and how they agree."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from tmsguide.errors import InputError, QualityError, TmsguideError
from tmsguide.model import ConnectivityMap, Points, Target, silent
from tmsguide.num.blas_threads import one_blas_thread
from tmsguide.num.parallel import ordered_map
from tmsguide.num.seeds import once, seed_z
from tmsguide.num.statistics import correlation_dof
from tmsguide.targeting.confidence.study import Study, studied
from tmsguide.targeting.consensus import Consensus, consensus
from tmsguide.targeting.definitions import Compared, TargetDefinition, definition
from tmsguide.targeting.group import with_score
from tmsguide.targeting.scores import WITH_SERIES, seed_series
from tmsguide.targeting.words import agreement_notes

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from tmsguide.model import TargetSettings
    from tmsguide.targeting.ground import Ground

__all__ = ["TargetSet", "find_targets"]

#: What is compared, by how long it takes.
_LONGEST = (
    Compared.PARCELS,
    Compared.NETWORK,
    Compared.CIRCUIT,
    Compared.OWN_WEIGHTS,
    Compared.WEIGHTED_MAP,
    Compared.SEED,
    Compared.REGRESSION,
    Compared.SITE,
)

#: The map that is shown where the planned method has none of its own.
_SHOWN = "sgacc-cluster"


@dataclass(frozen=True, slots=True, eq=False)
class TargetSet:
    """The planned target beside those of all other methods.

    ``cmap`` is the map ``primary`` was read from, over all N places of the scan (that of the
    subgenual seed where its method has none); ``search`` (N,) marks the grey matter among which it
    was sought. ``refused`` says in words which methods could not be had and why;
    ``global_signal_shift_mm`` by how far each method's target moves with the other choice about
    the global signal, by name.
    """

    primary: Target
    alternatives: tuple[Target, ...]
    cmap: ConnectivityMap
    search: NDArray[np.bool_]
    consensus: Consensus | None = None
    refused: tuple[str, ...] = ()
    global_signal_shift_mm: Mapping[str, float] = field(default_factory=dict)


def find_targets(
    ground: Ground,
    methods: Sequence[TargetDefinition],
    *,
    settings: TargetSettings,
    rng: np.random.Generator,
    group: tuple[Target, ...] = (),
    progress: Callable[[str], None] = silent,
) -> TargetSet:
    """Find the target of every method, with its region, reliability and verdict.

    ``settings.method`` names the planned one among ``methods`` and the ``group`` targets (sites of
    the literature on this person's cortex), which are given this person's connectivity. All
    methods see the same resamples of time and the same shifts of the seed.

    Raises
    ------
    InputError
        If the planned method is not among ``methods``, or lacks what it needs.
    QualityError
        If the scan cannot carry the planned method: too short, no signal in seed or search area.
        Other methods that fail are told in ``refused``.
    """
    main = _planned(methods, group, settings.method)
    study = Study.of(ground, settings, group, rng)
    told = _studied(study, methods, progress)
    found, refused, shifts = [], [], {}
    for method in sorted(methods, key=lambda m: m is not main):
        answer = told[method.name]
        if isinstance(answer, TmsguideError):
            if method is main:
                raise answer
            refused.append(f"{method.title} is missing: {answer}")
            continue
        target, shift_mm = answer
        found.append(target)
        if shift_mm is not None:
            shifts[method.name] = shift_mm
    cmap, search = _shown(study, main)
    every = [*found, *(with_score(target, cmap) for target in group)]
    primary = next(target for target in every if target.name == settings.method)
    alternatives = tuple(target for target in every if target is not primary)
    notes = primary.notes + agreement_notes(primary, alternatives)
    grey = Points(ground.denoised.where.xyz_mm[ground.grey], ground.denoised.where.frame)
    return TargetSet(
        primary=replace(primary, notes=notes),
        alternatives=alternatives,
        cmap=cmap,
        search=search,
        consensus=consensus(found, grey),
        refused=tuple(refused),
        global_signal_shift_mm=shifts,
    )


def _studied(
    study: Study, methods: Sequence[TargetDefinition], progress: Callable[[str], None]
) -> dict[str, tuple[Target, float | None] | TmsguideError]:
    """Study every method, those that read the same map one after another, families in parallel.

    A method that fails gives its error in place of its target.
    """
    families: dict[object, list[TargetDefinition]] = {}
    for method in methods:
        key = (method.compared, method.seed, method.search, method.map_file)
        families.setdefault(key, []).append(method)
    study.prepare({method.search for method in methods})

    def one(family: list[TargetDefinition]) -> list[tuple[str, Any]]:
        out: list[tuple[str, Any]] = []
        for method in family:
            progress(f"target: {method.title}")
            try:
                out.append((method.name, studied(study, method)))
            except (QualityError, InputError) as error:
                out.append((method.name, error))
        return out

    # the longest first, so that no thread is left alone with it at the end
    order = sorted(families.values(), key=lambda f: _LONGEST.index(f[0].compared))
    with one_blas_thread():
        return dict(pair for family in ordered_map(one, order) for pair in family)


def _planned(
    methods: Sequence[TargetDefinition], group: Sequence[Target], name: str
) -> TargetDefinition | None:
    """Give the method that is planned for, None where that is one of the group targets."""
    for method in methods:
        if method.name == name:
            return method
    known = [*(method.name for method in methods), *(target.name for target in group)]
    if name in known:
        return None
    raise InputError(f"target method {name!r} is not among {', '.join(known)}; name one of these")


def _shown(
    study: Study, method: TargetDefinition | None
) -> tuple[ConnectivityMap, NDArray[np.bool_]]:
    """Give the map of a method over every place of the scan, and where it sought."""
    usual = definition(_SHOWN)
    area = (method or usual).search
    stage, scan = study.stage(area), study.ground.denoised
    if method is None or method.compared not in WITH_SERIES:
        method = usual
    series = seed_series(study.ground, stage, study.draw(area, "as it is"), method)
    z = seed_z(once(len(scan.series)), series, scan.series)[0]
    z[~stage.alive] = 0.0
    dof = correlation_dof(series[0], scan.series, scan.kept, most=scan.quality.dof)
    return ConnectivityMap(z=z, where=scan.where, seed=method.title, dof=dof), stage.search
