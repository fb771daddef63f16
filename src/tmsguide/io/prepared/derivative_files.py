"""What lies in a folder of derivatives: who wrote it, and which files belong together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tmsguide.io.bids.participants import natural_key
from tmsguide.io.bids.sidecars import BidsName, parse_name, read_sidecar
from tmsguide.io.documents import one_line, read_json

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

__all__ = [
    "DerivativeFile",
    "WrittenBy",
    "belonging",
    "derivative_home",
    "listed",
    "prepared_sidecar",
    "scan_key",
    "space_of",
    "written_by",
]

#: Entities that tell derivatives of one scan apart; the rest name the scan itself.
_PLACE = ("space", "res", "den", "cohort", "hemi", "label", "atlas", "seg")
_DERIVED = frozenset((*_PLACE, "desc", "stat", "from", "to", "mode", "echo", "part"))
#: Raw timing that no longer holds: a prepared series has its slice times corrected or resampled.
_RAW_TIMING = ("SliceTiming", "SliceEncodingDirection", "MultibandAccelerationFactor")
_IMAGES = (".nii", ".nii.gz")


@dataclass(frozen=True, slots=True)
class DerivativeFile:
    """One file with what its name says."""

    path: Path
    name: BidsName

    @property
    def scan(self) -> dict[str, str]:
        """Entities of the scan that it was made from."""
        return {k: v for k, v in self.name.entities.items() if k not in _DERIVED}

    def get(self, entity: str) -> str | None:
        """Value of one entity, None where the name lacks it."""
        return self.name.entities.get(entity)


@dataclass(frozen=True, slots=True)
class WrittenBy:
    """The program that made a derivative dataset, as the dataset says; both empty if unknown."""

    name: str = ""
    version: str = ""

    def __str__(self) -> str:
        return f"{self.name} {self.version}".strip()


def written_by(folder: Path) -> WrittenBy:
    """Read which program wrote a folder from its dataset_description.json.

    ``GeneratedBy`` is BIDS; ``PipelineDescription`` was in its place before BIDS 1.4.
    """
    path = folder / "dataset_description.json"
    described = read_json(path) if path.exists() else {}
    stated = described.get("GeneratedBy") or [described.get("PipelineDescription")]
    first = stated[0] if isinstance(stated, list) and stated else None
    if not isinstance(first, dict):
        return WrittenBy()
    return WrittenBy(one_line(first.get("Name") or ""), one_line(first.get("Version") or ""))


def derivative_home(folder: Path, *names: str) -> Path:
    """Give the folder that holds the people: ``folder``, or the one of ``names`` within it.

    fMRIPrep before 21.0 (later on request) writes into ``<output>/fmriprep``, older releases of
    XCP-D into ``<output>/xcp_d``.
    """
    places = (folder, *(folder / name for name in names))
    return next((p for p in places if any(True for _ in p.glob("sub-*/"))), folder)


def listed(root: Path, folder: str) -> list[DerivativeFile]:
    """Give the BIDS-named files in ``root/folder`` and ``root/ses-*/folder``, in natural order.

    Where an image is there both as .nii.gz and as .nii, the first is given.
    """
    sessions = sorted(
        (p for p in root.glob("ses-*") if p.is_dir()), key=lambda p: natural_key(p.name)
    )
    found: list[DerivativeFile] = []
    for place in (root, *sessions):
        chosen: dict[str, DerivativeFile] = {}
        for path in sorted((place / folder).glob("sub-*")):
            name = parse_name(path.name)
            if name is not None:
                single = name.extension in _IMAGES
                key = path.name.removesuffix(name.extension) + ("" if single else name.extension)
                chosen[key] = DerivativeFile(path, name)  # .nii sorts before .nii.gz
        found += [chosen[key] for key in sorted(chosen, key=natural_key)]
    return found


def belonging(
    files: Iterable[DerivativeFile],
    scan: Mapping[str, str],
    *,
    suffix: str,
    extensions: tuple[str, ...] = _IMAGES,
    **entities: str | None,
) -> DerivativeFile | None:
    """Give the file of that suffix and those entities that fits ``scan`` best, or None.

    It fits if it names nothing that the scan does not have; the most specific one wins. An
    entity of None must be absent.
    """
    fitting = [
        f
        for f in files
        if f.name.suffix == suffix
        and f.name.extension in extensions
        and f.name.matches(**entities)
        and f.scan.items() <= scan.items()
    ]
    return max(fitting, key=lambda f: len(f.scan), default=None)


def scan_key(file: DerivativeFile) -> tuple[tuple[str, str], ...]:
    """Key under which all derivatives of one scan meet."""
    return tuple(sorted(file.scan.items()))


def space_of(file: DerivativeFile) -> str | None:
    """Give the space a file says it is in, with the cohort of a template; None: its own.

    Examples
    --------
    >>> from pathlib import Path
    >>> path = Path("sub-1_space-MNIPediatricAsym_cohort-5_bold.nii.gz")
    >>> space_of(DerivativeFile(path, parse_name(path.name)))
    'MNIPediatricAsym+5'
    """
    space, cohort = file.get("space"), file.get("cohort")
    return f"{space}+{cohort}" if space and cohort else space


def prepared_sidecar(path: Path, root: Path) -> dict[str, object]:
    """Give the metadata of a prepared scan without the slice times of the raw one."""
    found = read_sidecar(path, root)
    return {key: value for key, value in found.items() if key not in _RAW_TIMING}
