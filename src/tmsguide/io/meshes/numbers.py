"""Numbers out of a mesh file's bytes, as text or binary, never past their end."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from tmsguide.errors import InputError
from tmsguide.io.documents import one_line

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

__all__ = ["BinaryNumbers", "Cursor", "Numbers", "TextNumbers", "damaged", "whole"]

_CHUNK_BYTES = 8_000_000  # text is split in pieces, so that its words never fill the memory
_LONGEST_LINE = 4096
_EXACT = 2.0**53  # whole numbers beyond this are not exact in double precision


def damaged(name: object, what: str) -> InputError:
    """Give the one refusal of a mesh file that is not as its format says."""
    return InputError(
        f"{one_line(name)} is no sound Gmsh mesh: {one_line(what)}; copy or export it again"
    )


@dataclass(slots=True)
class Cursor:
    """A place ``at`` in the bytes of a file that refuses to read past their end."""

    data: bytes
    name: str
    at: int = 0

    @property
    def left(self) -> int:
        """Bytes from here to the end."""
        return len(self.data) - self.at

    def line(self) -> bytes:
        """Give the next line without its end and outer blanks."""
        if self.at >= len(self.data):
            raise damaged(self.name, "it ends too early")
        end = self.data.find(b"\n", self.at, self.at + _LONGEST_LINE)
        if end < 0 and self.left > _LONGEST_LINE:
            raise damaged(self.name, f"no line end where one is due (byte {self.at})")
        end = len(self.data) if end < 0 else end
        text = self.data[self.at : end]
        self.at = min(end + 1, len(self.data))
        return text.strip()

    def whole(self) -> int:
        """Give a line that holds one whole number."""
        text = self.line()
        try:
            return int(text)
        except ValueError as error:
            raise damaged(self.name, f"{text[:40]!r} where a count is due") from error

    def skip_blanks(self) -> None:
        """Go past blanks and line ends."""
        while self.at < len(self.data) and self.data[self.at] in b" \t\r\n":
            self.at += 1

    def text_before(self, mark: bytes) -> bytes:
        """Give everything up to ``mark`` and stop in front of it."""
        end = self.data.find(mark, self.at)
        if end < 0:
            raise damaged(self.name, f"{mark.decode('ascii', 'replace')} is missing")
        text = self.data[self.at : end]
        self.at = end
        return text

    def array(self, dtype: np.dtype[Any], count: int) -> NDArray[Any]:
        """Give ``count`` items of binary ``dtype``."""
        if count < 0 or count > self.left // dtype.itemsize:
            raise damaged(
                self.name,
                f"{count} items of {dtype.itemsize} bytes announced and {self.left} bytes left",
            )
        values = np.frombuffer(self.data, dtype, count, self.at)
        self.at += count * dtype.itemsize
        return values


class Numbers(Protocol):
    """The numbers of one section in order, whatever their storage."""

    def ints(self, count: int) -> Ints:
        """Give (count,) numbers that the format calls int."""

    def sizes(self, count: int) -> Ints:
        """Give (count,) numbers that the format calls size_t."""

    def reals(self, count: int) -> Floats:
        """Give (count,) numbers that the format calls double."""


@dataclass(slots=True)
class BinaryNumbers:
    """Numbers stored as 4-byte int, 8-byte size_t and double in byte ``order`` ``<`` or ``>``."""

    cursor: Cursor
    order: str

    def ints(self, count: int) -> Ints:
        """Give (count,) ints."""
        return self.cursor.array(np.dtype(self.order + "i4"), count).astype(np.int64)

    def sizes(self, count: int) -> Ints:
        """Give (count,) sizes; one beyond 2^63 comes out negative and is refused as a count."""
        return self.cursor.array(np.dtype(self.order + "i8"), count).astype(np.int64)

    def reals(self, count: int) -> Floats:
        """Give (count,) doubles."""
        return self.cursor.array(np.dtype(self.order + "f8"), count).astype(np.float64)


@dataclass(slots=True)
class TextNumbers:
    """Numbers written as text between ``cursor`` and a mark, split once."""

    values: Floats
    name: str
    at: int = 0

    @classmethod
    def before(cls, cursor: Cursor, mark: bytes) -> TextNumbers:
        """Read all numbers up to ``mark`` and stop in front of it."""
        text = cursor.text_before(mark)
        pieces = []
        start = 0
        while start < len(text):
            end = min(start + _CHUNK_BYTES, len(text))
            while end < len(text) and text[end] not in b" \t\r\n":
                end += 1
            words = text[start:end].split()
            try:
                pieces.append(np.array(words, dtype=np.float64))
            except ValueError as error:
                raise damaged(cursor.name, f"{error} before {mark!r}") from error
            start = end
        return cls(np.concatenate([np.empty(0), *pieces]), cursor.name)

    def reals(self, count: int) -> Floats:
        """Give (count,) numbers."""
        if count < 0 or count > len(self.values) - self.at:
            raise damaged(
                self.name,
                f"{count} numbers announced and {len(self.values) - self.at} left in a section",
            )
        self.at += count
        return self.values[self.at - count : self.at]

    def ints(self, count: int) -> Ints:
        """Give (count,) whole numbers."""
        return whole(self.reals(count), self.name)

    sizes = ints


def whole(values: Floats, name: str) -> Ints:
    """Give values as integers, refusing fractions, NaN and what is too large to be exact."""
    if not (np.abs(values) < _EXACT).all() or (values != np.floor(values)).any():
        raise damaged(name, "a fraction, NaN or endless number where a whole one is due")
    return values.astype(np.int64)
