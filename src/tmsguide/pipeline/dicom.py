"""A folder of DICOM files as a BIDS data set, without what tells who the person is."""

from __future__ import annotations

import re
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tmsguide import __version__
from tmsguide.engines import convert_dicom
from tmsguide.errors import InputError
from tmsguide.io import (
    ConvertedSeries,
    NamedSeries,
    SeriesKind,
    allowed,
    copy_without_text,
    named_series,
    read_header,
    read_json,
    read_tsv,
    write_json,
    write_tsv,
)

if TYPE_CHECKING:
    from tmsguide.pipeline.listener import Listener

__all__ = ["DicomImport", "import_dicom"]


@dataclass(frozen=True, slots=True)
class DicomImport:
    """What is to be imported: the scanner's folder, the BIDS folder and the new label.

    ``age_years`` and ``sex`` go to participants.tsv only where they are given here: the scanner's
    own words are never read.
    """

    dicom_dir: Path
    bids_dir: Path
    label: str
    session: str = ""
    task: str = "rest"
    age_years: float | None = None
    sex: str = ""


def import_dicom(asked: DicomImport, *, listener: Listener) -> tuple[str, ...]:
    """Convert, name and write one person's scans; gives a line about every series.

    The folder of the person appears whole or not at all.

    Raises
    ------
    InputError
        A label that BIDS forbids, a person who is there already, or no T1w and no BOLD among the
        series.
    EngineError
        The conversion failed.
    """
    place = _place(asked)
    with tempfile.TemporaryDirectory(prefix="tmsguide-dicom-") as folder:
        listener.said("converting DICOM files")
        series = [
            ConvertedSeries(path, _metadata(path), read_header(path).shape)
            for path in convert_dicom(asked.dicom_dir, Path(folder))
        ]
        named, left = named_series(series, task=asked.task)
        if not named:
            found = ", ".join(sorted({str(one.metadata.get("SeriesNumber")) for one in left}))
            raise InputError(
                f"none of the {len(left)} series (numbers {found}) is a T1w, a functional run or "
                "a fieldmap; needed a 3-D T1w and a BOLD series of at least 30 volumes"
            )
        aside = place.with_name(f".partial-{place.name}")
        shutil.rmtree(aside, ignore_errors=True)
        try:
            listener.said("writing the data set")
            for one in named:
                _write(one, aside, asked, named)
            place.parent.mkdir(parents=True, exist_ok=True)
            aside.rename(place)
        finally:
            shutil.rmtree(aside, ignore_errors=True)
    _describe(asked)
    return (
        *(f"{_stem(asked)}_{one.stem}.nii.gz  {_size(one.series)}" for one in named),
        *(
            f"left aside: series {one.metadata.get('SeriesNumber', '?')}  {_size(one)}"
            for one in left
        ),
    )


def _place(asked: DicomImport) -> Path:
    for what, word in (("label", asked.label), ("session", asked.session), ("task", asked.task)):
        if not re.fullmatch(r"[A-Za-z0-9]*", word) or (what != "session" and not word):
            raise InputError(
                f"--{what} is {word!r}; needed letters and digits only, as BIDS wants, and "
                "nothing that tells who the person is"
            )
    if not asked.dicom_dir.is_dir():
        raise InputError(f"{asked.dicom_dir} is not a folder; give the one with the DICOM files")
    place = asked.bids_dir / f"sub-{asked.label}"
    if asked.session:
        place = place / f"ses-{asked.session}"
    if place.exists():
        raise InputError(
            f"{place.name} is already in {asked.bids_dir.name}; choose another --label or "
            "--session, or remove that folder first"
        )
    return place


def _metadata(nii: Path) -> dict[str, object]:
    sidecar = nii.with_suffix(".json")
    return dict(read_json(sidecar)) if sidecar.exists() else {}


def _stem(asked: DicomImport) -> str:
    return f"sub-{asked.label}" + (f"_ses-{asked.session}" if asked.session else "")


def _write(
    one: NamedSeries, place: Path, asked: DicomImport, every: tuple[NamedSeries, ...]
) -> None:
    name = f"{_stem(asked)}_{one.stem}"
    folder = place / one.folder
    folder.mkdir(parents=True, exist_ok=True)
    copy_without_text(one.series.path, folder / f"{name}.nii.gz")
    sidecar = allowed(one.series.metadata)
    if one.kind is SeriesKind.BOLD:
        sidecar["TaskName"] = asked.task
    if one.kind is SeriesKind.PHASEDIFF:
        sidecar |= _echo_times(every)
    if one.folder == "fmap":
        session = f"ses-{asked.session}/" if asked.session else ""
        sidecar["IntendedFor"] = [
            f"bids::sub-{asked.label}/{session}func/{_stem(asked)}_{bold.stem}.nii.gz"
            for bold in every
            if bold.kind is SeriesKind.BOLD
        ]
    write_json(sidecar, folder / f"{name}.json")


def _echo_times(every: tuple[NamedSeries, ...]) -> dict[str, object]:
    """Give both echo times of a phase difference, which only its magnitudes hold."""
    times = sorted(
        float(time)
        for one in every
        if one.kind is SeriesKind.MAGNITUDE
        and isinstance(time := one.series.metadata.get("EchoTime"), int | float)
    )
    return {"EchoTime1": times[0], "EchoTime2": times[-1]} if len(set(times)) > 1 else {}


def _size(series: ConvertedSeries) -> str:
    return " x ".join(str(n) for n in series.shape)


def _describe(asked: DicomImport) -> None:
    """Add the data set's description and the person's row, where they are not there yet."""
    description = asked.bids_dir / "dataset_description.json"
    if not description.exists():
        write_json(
            {
                "Name": asked.bids_dir.name,
                "BIDSVersion": "1.10.0",
                "DatasetType": "raw",
                "GeneratedBy": [{"Name": "tmsguide dicom", "Version": __version__}],
            },
            description,
        )
    table = asked.bids_dir / "participants.tsv"
    columns: dict[str, list[object]] = {"participant_id": [], "age": [], "sex": []}
    if table.exists():
        columns = {name: list(cells) for name, cells in read_tsv(table).items()}
    if f"sub-{asked.label}" in columns["participant_id"]:
        return
    known = {"participant_id": f"sub-{asked.label}", "age": asked.age_years, "sex": asked.sex}
    for name, cells in columns.items():
        cells.append(known.get(name) or None)
    write_tsv(columns, table)
