"""What a converted series is, by the physics in its metadata first and its words second."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

__all__ = ["ConvertedSeries", "NamedSeries", "SeriesKind", "named_series", "series_kind"]

FEWEST_BOLD_VOLUMES = 30  # a shorter echo-planar series is a reference or a fieldmap
_SKIPPED = r"localizer|scout|survey|smart ?brain|aahead|calib|asset|dwi|dti|diff|adc|fa$|trace|swi"
_T1 = r"t1|mprage|mp-rage|spgr|bravo|tfe\b|memprage|3d[ _-]?tfe"
_T2 = r"t2|flair|space|cube|vista"
_PHASES = {"j-": "AP", "j": "PA", "i": "LR", "i-": "RL", "k": "IS", "k-": "SI"}


class SeriesKind(Enum):
    """BIDS suffix of a series, or why it has none."""

    T1W = "T1w"
    T2W = "T2w"
    BOLD = "bold"
    SBREF = "sbref"
    PEPOLAR = "epi"
    PHASEDIFF = "phasediff"
    MAGNITUDE = "magnitude"
    LEFT_ASIDE = "left aside"


@dataclass(frozen=True, slots=True)
class ConvertedSeries:
    """One NIfTI file as converted: where it lies, its metadata and its shape."""

    path: Path
    metadata: Mapping[str, object]
    shape: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class NamedSeries:
    """A series with the BIDS ``folder`` and ``stem`` it gets, without ``sub-`` and ``ses-``."""

    series: ConvertedSeries
    kind: SeriesKind
    folder: str
    stem: str


def series_kind(series: ConvertedSeries) -> SeriesKind:
    """Tell what a series is; what is not surely of use is left aside.

    Examples
    --------
    >>> from pathlib import Path
    >>> epi = {"ScanningSequence": "EP_GR", "SeriesDescription": "rest", "EchoTime": 0.03}
    >>> series_kind(ConvertedSeries(Path("5.nii"), epi, (64, 64, 36, 300))).value
    'bold'
    """
    meta = series.metadata
    words = f"{meta.get('SeriesDescription', '')} {meta.get('ProtocolName', '')}".lower()
    image_type = [str(t).upper() for t in _listed(meta.get("ImageType"))]
    sequence = str(meta.get("ScanningSequence", "")).upper()
    if "DERIVED" in image_type or re.search(_SKIPPED, words) or len(series.shape) < 3:
        return SeriesKind.LEFT_ASIDE
    phase = any(t in ("P", "PHASE", "PHASE MAP") for t in image_type)
    volumes = series.shape[3] if len(series.shape) > 3 else 1
    if "EP" in sequence or ("EchoTrainLength" in meta and "epi" in words):
        return SeriesKind.LEFT_ASIDE if phase else _of_epi(words, volumes)
    if phase:
        return SeriesKind.PHASEDIFF if volumes == 1 else SeriesKind.LEFT_ASIDE
    return _of_structural(words, meta, series.shape)


def _of_epi(words: str, volumes: int) -> SeriesKind:
    if volumes >= FEWEST_BOLD_VOLUMES:
        return SeriesKind.BOLD
    if "sbref" in words:
        return SeriesKind.SBREF
    if re.search(r"field|fmap|topup|dist|blip|revers|_ap|_pa|\bap\b|\bpa\b|se[_ -]?epi", words):
        return SeriesKind.PEPOLAR
    return SeriesKind.LEFT_ASIDE


def _of_structural(words: str, meta: Mapping[str, object], shape: tuple[int, ...]) -> SeriesKind:
    if re.search(r"field[_ -]?map|gre[_ -]?field|b0[_ -]?map|fmap", words):
        return SeriesKind.MAGNITUDE
    volume_scan = meta.get("MRAcquisitionType") == "3D" and min(shape[:3]) >= 32
    if re.search(_T2, words) and not re.search(r"mprage|t1", words):
        return SeriesKind.T2W if volume_scan else SeriesKind.LEFT_ASIDE
    if volume_scan and len(shape) == 3 and (re.search(_T1, words) or "InversionTime" in meta):
        return SeriesKind.T1W
    return SeriesKind.LEFT_ASIDE


def named_series(
    series: Sequence[ConvertedSeries], *, task: str
) -> tuple[tuple[NamedSeries, ...], tuple[ConvertedSeries, ...]]:
    """Give the series of use with their BIDS names, and those left aside.

    A series of which nothing says "rest" still gets the ``task`` that the user named. Repeats are
    numbered by run in the order of acquisition.
    """
    kinds = [(one, series_kind(one)) for one in sorted(series, key=_order)]
    used = [(one, kind) for one, kind in kinds if kind is not SeriesKind.LEFT_ASIDE]
    left = tuple(one for one, kind in kinds if kind is SeriesKind.LEFT_ASIDE)
    stems = [_stem(one, kind, task=task) for one, kind in used]
    many: dict[tuple[str, str, str], list[int]] = {}
    for (one, _), (folder, entities, suffix) in zip(used, stems, strict=True):
        runs = many.setdefault((folder, entities, suffix), [])
        number = _number(one)
        if number not in runs:
            runs.append(number)
    named = []
    for (one, kind), (folder, entities, suffix) in zip(used, stems, strict=True):
        runs = many[folder, entities, suffix]
        run = f"run-{runs.index(_number(one)) + 1}" if len(runs) > 1 else ""
        echo = _echo(one) if kind in (SeriesKind.BOLD, SeriesKind.SBREF) else ""
        stem = "_".join(part for part in (entities, run, echo, suffix) if part)
        named.append(NamedSeries(one, kind, folder, stem))
    return tuple(named), left


def _stem(series: ConvertedSeries, kind: SeriesKind, *, task: str) -> tuple[str, str, str]:
    """Give folder, entities before run and echo, and suffix."""
    way = _PHASES.get(str(series.metadata.get("PhaseEncodingDirection", "")), "")
    match kind:
        case SeriesKind.T1W | SeriesKind.T2W:
            return "anat", "", kind.value
        case SeriesKind.BOLD | SeriesKind.SBREF:
            return "func", f"task-{task}", kind.value
        case SeriesKind.PEPOLAR:
            return "fmap", f"dir-{way}" if way else "dir-unknown", kind.value
        case SeriesKind.MAGNITUDE:
            return "fmap", "", f"magnitude{_echo_number(series)}"
    return "fmap", "", kind.value


def _echo(series: ConvertedSeries) -> str:
    return f"echo-{_echo_number(series)}" if "EchoNumber" in series.metadata else ""


def _echo_number(series: ConvertedSeries) -> int:
    number = series.metadata.get("EchoNumber", 1)
    return int(number) if isinstance(number, int | float) else 1


def _number(series: ConvertedSeries) -> int:
    number = series.metadata.get("SeriesNumber", 0)
    return int(number) if isinstance(number, int | float) else 0


def _order(series: ConvertedSeries) -> tuple[int, int, str]:
    return _number(series), _echo_number(series), series.path.name


def _listed(value: object) -> list[object]:
    return list(value) if isinstance(value, list | tuple) else [value] if value else []
