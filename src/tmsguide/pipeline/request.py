"""What is asked for, checked in full before any heavy work."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tmsguide.connectivity import ConnectomeKind
from tmsguide.errors import InputError
from tmsguide.field import coil_named
from tmsguide.io import (
    check_output_dir,
    read_norms,
    read_prior,
    read_weight_map,
)
from tmsguide.pipeline.parcellation import check_atlas
from tmsguide.pipeline.search import guidance_named
from tmsguide.pipeline.sources import find_source, people_in
from tmsguide.pipeline.targets import chosen_methods, map_files
from tmsguide.preprocess import MotionFilter, preset_named
from tmsguide.therapy import protocols

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tmsguide.model import Points
    from tmsguide.pipeline.settings import Settings
    from tmsguide.pipeline.sources import Source

__all__ = ["Request", "check_request", "check_settings"]


@dataclass(frozen=True, slots=True, eq=False)
class Request:
    """One participant's run: inputs found and checked, places to write, settings.

    ``truth`` is the planted target of a generated person, None for everyone else; with
    ``anatomy_only`` the functional runs are left alone.
    """

    inputs: Source
    out_dir: Path
    work_dir: Path
    settings: Settings
    truth: Points | None = None
    anatomy_only: bool = False

    @property
    def label(self) -> str:
        """BIDS label without ``sub-``."""
        return self.inputs.subject.label


def check_request(
    bids_dir: Path,
    out_dir: Path,
    *,
    labels: Sequence[str] | None,
    work_dir: Path | None,
    settings: Settings,
    head: Path | None = None,
    truth: Points | None = None,
    anatomy_only: bool = False,
) -> tuple[Request, ...]:
    """Find and check the input of every wanted participant; None takes all.

    ``head`` is a folder of charm, FreeSurfer or FastSurfer whose labels are to win.

    Raises
    ------
    InputError
        Anything that would fail later: one line that says what was given, what was needed and
        how to mend it.
    """
    bids_dir, out_dir = bids_dir.resolve(), out_dir.resolve()
    wanted = people_in(bids_dir, labels)
    check_settings(settings)
    requests = tuple(
        Request(
            inputs=find_source(bids_dir, label, head=head, functional=not anatomy_only),
            out_dir=out_dir,
            work_dir=_work_dir(work_dir, bids_dir=bids_dir, out_dir=out_dir),
            settings=settings,
            truth=truth,
            anatomy_only=anatomy_only,
        )
        for label in wanted
    )
    check_output_dir(bids_dir, out_dir)
    return requests


def _work_dir(given: Path | None, *, bids_dir: Path, out_dir: Path) -> Path:
    if given is None:
        return out_dir / "work"
    work = given.resolve()
    if work == bids_dir or bids_dir in work.parents:
        raise InputError(
            f"work folder {work} lies inside the input {bids_dir}; give one outside of it"
        )
    try:
        check_output_dir(bids_dir, work)
    except InputError as error:
        raise InputError(f"--work-dir: {error}") from error
    return work


def check_settings(settings: Settings) -> None:
    """Refuse settings that a run could not keep.

    Raises
    ------
    InputError
        The first that is wrong: what was given, what was needed.
    """
    known = protocols()
    if settings.plan.protocol not in known:
        raise InputError(
            f"protocol {settings.plan.protocol!r} is unknown; choose one of {', '.join(known)}"
        )
    rmt = settings.plan.rmt_percent_mso
    if rmt is not None and not 0 < rmt <= 100:
        raise InputError(f"--rmt is {rmt:g}; needed a percentage of stimulator output, 1 to 100")
    if not 0 < settings.search.standoff_mm <= 30:
        raise InputError(
            f"--standoff is {settings.search.standoff_mm:g} mm; needed more than 0 and at most 30"
        )
    limit_mm = settings.bold.fd_limit_mm
    if limit_mm is not None and not 0 < limit_mm <= 5:
        raise InputError(f"--fd-limit is {limit_mm:g} mm; needed more than 0 and at most 5")
    if not 20 <= settings.target.resamples <= 100_000:
        raise InputError(
            f"--resamples is {settings.target.resamples}; needed 20 to 100000 (1000 is usual)"
        )
    for path in map_files(chosen_methods(settings.target)):
        read_weight_map(path)
    check_atlas(settings.networks)
    kinds = [kind.value for kind in (ConnectomeKind.CORRELATION, ConnectomeKind.PARTIAL)]
    if settings.networks.connectome not in kinds:
        raise InputError(
            f"connectome {settings.networks.connectome!r} is unknown; needed {' or '.join(kinds)}"
        )
    if settings.networks.norms_path:
        read_norms(Path(settings.networks.norms_path))
    preset_named(settings.bold.denoising)
    MotionFilter.named(settings.bold.motion_filter)
    coil_named(settings.search.coil)
    guidance_named(settings.search.guidance)
    prior = settings.anatomy.prior_path
    if prior:
        try:
            read_prior(Path(prior))
        except InputError as error:
            raise InputError(f"--prior: {error}") from error
