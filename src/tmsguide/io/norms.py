"""Fitted norms as a JSON file: numbers of the whole cohort, nobody's own."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, cast

import numpy as np

from tmsguide import __version__
from tmsguide.errors import InputError
from tmsguide.io.documents import one_line, parse_json, read_bytes
from tmsguide.io.writing import plain, write_text
from tmsguide.norms import AgeCurve, AgeShape, Design, Norms, Sites, Spread, cohort_words

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

__all__ = ["NORMS_LIMIT_BYTES", "parse_norms", "read_norms", "write_norms"]

NORMS_LIMIT_BYTES = 200_000_000
_FORMAT = "tmsguide-norms"
_VERSION = 1
_NOTE = (
    "Research use only. Not a medical device. A reference cohort's range is no limit of health: "
    "a value outside it is no diagnosis."
)


def write_norms(norms: Norms, path: Path) -> Path:
    """Write norms as JSON, one line per part; gives ``path``.

    Raises
    ------
    InputError
        The file cannot be written.
    """
    age = norms.design.age
    parts: dict[str, object] = {
        "Format": _FORMAT,
        "FormatVersion": _VERSION,
        "ResearchUse": _NOTE,
        "GeneratedBy": [{"Name": "tmsguide norms", "Version": __version__}],
        "Title": norms.title,
        "MadeBy": norms.made_by,
        "Cohort": cohort_words(norms),
        "People": norms.people,
        "Age": age and {"Shape": age.shape, "CentreYears": age.centre_years,
                        "ScaleYears": age.scale_years, "Knots": age.knots},
        "AgeQuantilesYears": norms.design.age_quantiles_years,
        "Sexes": norms.design.sexes,
        "MeanFdQuantilesMm": norms.design.fd_quantiles_mm,
        "Sites": norms.sites and {"Names": norms.sites.names, "People": norms.sites.people,
                                  "Shift": norms.sites.shift, "Variance": norms.sites.variance,
                                  "Dof": norms.sites.dof},
        "IndependentMeasures": norms.independent,
        "LeftOut": norms.left_out,
        "Dof": norms.spread.dof,
        "Measures": norms.names,
        "Sd": norms.spread.sd,
        "LogSdSlope": norms.spread.slope,
        "LogSdSlopeVariance": norms.spread.slope_variance,
        "Covariance": norms.covariance,
        "Coefficients": norms.coefficients,
    }  # fmt: skip
    lines = (
        f"  {json.dumps(key)}: {json.dumps(plain(part), ensure_ascii=False, allow_nan=False)}"
        for key, part in parts.items()
    )
    return write_text("{\n" + ",\n".join(lines) + "\n}\n", path)


def read_norms(path: Path) -> Norms:
    """Read norms that `write_norms` wrote; errors as `parse_norms`."""
    return parse_norms(read_bytes(path, limit_bytes=NORMS_LIMIT_BYTES), path.name)


def parse_norms(data: bytes, name: object) -> Norms:
    """Give the norms in a JSON document; ``name`` is for the error.

    Raises
    ------
    InputError
        No JSON, another format or version, or parts that do not fit each other.
    """
    document = _Part(parse_json(data, name), one_line(name))
    if document.parts.get("Format") != _FORMAT:
        raise InputError(
            f"{document.file} is no file of norms; make one with: tmsguide norms fit COHORT.tsv"
        )
    if document.parts.get("FormatVersion") != _VERSION:
        raise InputError(
            f"{document.file} has norms of version {one_line(document.parts.get('FormatVersion'))}"
            f" and this tmsguide ({__version__}) reads version {_VERSION}; fit them again"
        )
    names = document.words("Measures")
    design = _design(document)
    count, width = len(names), _width(design)
    sites = _sites(document, count)
    size = width + (0 if sites is None else len(sites.names))
    covariance = document.numbers("Covariance", (size, size))
    scale = np.abs(covariance).max()
    if not np.allclose(covariance, covariance.T, rtol=0, atol=1e-9 * scale) or (
        np.linalg.eigvalsh(covariance)[0] < -1e-9 * scale * size
    ):
        raise document.bad("Covariance")
    spread = Spread(
        document.numbers("Sd", (count,), above=0.0),
        document.numbers("LogSdSlope", (count,), most=2.0),
        document.numbers("LogSdSlopeVariance", (count,), least=0.0, most=4.0),
        document.number("Dof", above=2.0),
    )
    people = document.count("People")
    left_out = document.numbers("LeftOut", (people,), least=0.0, most=float(count))
    return Norms(
        document.word("Title"), document.word("MadeBy"), names, people, design,
        document.numbers("Coefficients", (width, count)), covariance, sites, spread,
        left_out.astype(np.int64), document.number("IndependentMeasures", above=0.0),
    )  # fmt: skip


def _design(document: _Part) -> Design:
    age = None
    if document.parts.get("Age") is not None:
        part = document.part("Age")
        shapes = {shape.value: shape for shape in AgeShape}
        shape = shapes.get(part.word("Shape"))
        if shape is None:
            raise part.bad("Shape")
        knots = part.numbers("Knots", (shape.parameters + 1 if shape is AgeShape.SPLINE else 0,))
        if np.any(np.diff(knots) <= 0):
            raise part.bad("Knots")
        centre = part.number("CentreYears", above=-1.0)
        age = AgeCurve(shape, centre, part.number("ScaleYears", above=0.0), knots)
    ages = document.quantiles("AgeQuantilesYears")
    if age is not None and ages is None:
        raise document.bad("AgeQuantilesYears")
    sexes = None if document.parts.get("Sexes") is None else document.words("Sexes")
    return Design(age, ages, sexes, document.quantiles("MeanFdQuantilesMm"))


def _width(design: Design) -> int:
    curve = 0 if design.age is None else design.age.shape.parameters
    return 1 + curve + max(len(design.sexes or ()) - 1, 0) + int(design.has_motion)


def _sites(document: _Part, count: int) -> Sites | None:
    if document.parts.get("Sites") is None:
        return None
    part = document.part("Sites")
    names = part.words("Names")
    shape = (len(names), count)
    return Sites(
        names,
        part.numbers("People", (len(names),), least=1.0).astype(np.int64),
        part.numbers("Shift", shape),
        part.numbers("Variance", shape, above=0.0),
        part.numbers("Dof", shape, above=1.0),
    )


class _Part:
    """One object of the document; every getter gives a value of its type, or refuses."""

    def __init__(self, parts: dict[str, object], file: str) -> None:
        self.parts, self.file = parts, file

    def bad(self, key: str) -> InputError:
        return InputError(
            f"{self.file} has no sound {key!r}, so these norms cannot be used; fit them again "
            "(tmsguide norms fit)"
        )

    def part(self, key: str) -> _Part:
        value = self.parts.get(key)
        if not isinstance(value, dict):
            raise self.bad(key)
        return _Part(cast("dict[str, object]", value), self.file)

    def word(self, key: str) -> str:
        value = self.parts.get(key)
        if not isinstance(value, str):
            raise self.bad(key)
        return one_line(value)

    def words(self, key: str) -> tuple[str, ...]:
        value = self.parts.get(key)
        if not (isinstance(value, list) and value and all(isinstance(v, str) for v in value)):
            raise self.bad(key)
        if len(set(value)) < len(value):
            raise self.bad(key)
        return tuple(value)

    def number(self, key: str, *, above: float) -> float:
        return float(self.numbers(key, (), above=above))

    def count(self, key: str) -> int:
        value = self.parts.get(key)
        if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= 10**9:
            raise self.bad(key)
        return value

    def numbers(
        self,
        key: str,
        shape: tuple[int, ...],
        *,
        above: float = -np.inf,
        least: float = -1e12,
        most: float = 1e12,
    ) -> Floats:
        try:
            value = np.asarray(self.parts.get(key), dtype=np.float64)
        except (ValueError, TypeError, OverflowError) as error:
            raise self.bad(key) from error
        if value.size == 0 and 0 in shape:
            value = value.reshape(shape)
        sound = value.shape == shape and np.isfinite(value).all()
        if not sound or not ((value > above) & (value >= least) & (value <= most)).all():
            raise self.bad(key)
        return value

    def quantiles(self, key: str) -> Floats | None:
        if self.parts.get(key) is None:
            return None
        value = self.numbers(key, (5,), least=0.0)
        if np.any(np.diff(value) < 0):
            raise self.bad(key)
        return value
