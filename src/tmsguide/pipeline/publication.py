"""One person's folder of the derivative: built aside as a whole, then put in place at once."""

from __future__ import annotations

import shutil
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import uuid4

from tmsguide.io import derivative_path, write_nifti, write_sidecar

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from tmsguide.model import Volume

__all__ = ["Publication", "put_in_place"]


@dataclass(frozen=True, slots=True)
class Publication:
    """Writes one person's folder: every image, table and file with its sidecar."""

    root: Path
    label: str
    task: str
    sources: Sequence[str]
    settings: Mapping[str, object]

    def path(self, folder: str, suffix: str, extension: str, **entities: str) -> Path:
        """Name a file by its BIDS entities and make its folder."""
        path = derivative_path(
            self.root, self.label, folder, suffix=suffix, extension=extension, entities=entities
        )
        path.parent.mkdir(parents=True, exist_ok=True)
        return path

    def described(self, path: Path, text: str, settings: str, **extra: object) -> None:
        """Write the sidecar of a file, with the settings of its part of the chain."""
        write_sidecar(
            path,
            description=text,
            sources=self.sources,
            settings=self.settings.get(settings),
            extra=extra or None,
        )

    def image(
        self, volume: Volume, path: Path, text: str, *, settings: str, **extra: object
    ) -> None:
        """Write a volume and its sidecar."""
        write_nifti(volume, path)
        self.described(path, text, settings, **extra)


@contextmanager
def put_in_place(out: Path, label: str) -> Iterator[Path]:
    """Give a folder to build ``sub-<label>`` and ``sub-<label>.html`` in.

    Both move to ``out`` when all is well and replace the old ones only then; what a killed run of
    the same person left aside is removed first.
    """
    ours, name = f".partial-sub-{label}-", f"sub-{label}"
    for leftover in out.glob(f"{ours}*"):
        shutil.rmtree(leftover, ignore_errors=True)
    aside = out / f"{ours}{uuid4().hex}"
    try:
        yield aside
        # the folder last: its summary.json is what tells a later run that all of it stands
        (aside / f"{name}.html").replace(out / f"{name}.html")
        _swap(aside / name, out / name)
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def _swap(new: Path, old: Path) -> None:
    if old.exists():
        old.rename(new.with_name(f"{new.name}.old"))
    new.rename(old)
