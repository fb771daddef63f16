"""Runs that another program prepared, read one by one and cleaned as ours are."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from tmsguide.model import MNI_FRAMES, Anatomy, Frame, Points, Prepared
from tmsguide.preprocess import clean_prepared

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tmsguide.model import BoldSettings, Warp
    from tmsguide.pipeline.sources.source import Cleaner
    from tmsguide.preprocess import CleanBold, Person

__all__ = ["Reader", "Ways", "cleaner_of"]

Reader = Callable[[Anatomy], Prepared]
Ways = Callable[[Frame], dict[Frame, Callable[[Points], Points]]]


def cleaner_of(readers: Sequence[Reader], maps: Ways | None = None) -> Cleaner:
    """Give the cleaner of prepared runs, each read by one of ``readers``.

    ``maps`` gives, from the T1w frame, the way to each space that the program left one for. A run
    in another MNI 152 space is reached by our own MNI registration, which its notes then say.
    """

    def clean(
        anatomy: Anatomy,
        person: Person,
        *,
        mni_from_t1w: Warp,
        settings: BoldSettings,
        say: Callable[[str], None],
    ) -> CleanBold:
        t1w = anatomy.t1w.frame
        ways = {mni_from_t1w.target: mni_from_t1w} | (maps(t1w) if maps is not None else {})

        def read() -> Iterator[Prepared]:  # one at a time: a run may fill gigabytes
            for reader in readers:
                yield _reachable(reader(anatomy), ways, mni_from_t1w)

        return clean_prepared(
            read(), anatomy, person, from_t1w=ways, settings=settings, progress=say
        )

    return clean


def _reachable(
    prepared: Prepared, ways: dict[Frame, Callable[[Points], Points]], mni_from_t1w: Warp
) -> Prepared:
    """Give the run, with a way (added to ``ways``) where it lies in an MNI space without one."""
    frame = None if prepared.scan is None else prepared.scan.volume.frame
    if frame is None or frame in ways or frame not in MNI_FRAMES:
        return prepared
    ways[frame] = lambda places: Points(mni_from_t1w(places).xyz_mm, frame)
    note = (
        f"{prepared.origin} left no map between the T1w and {frame.name}: the scan was brought "
        f"back by our own registration to {mni_from_t1w.target.name}, which may be 1 to 3 mm off"
    )
    return replace(prepared, notes=(*prepared.notes, note))
