"""Every error that tmsguide raises on purpose.

TmsguideError
├── InputError      what the user gave cannot be used (files, labels, settings); exit code 2
├── FrameError      coordinates of one space were handed to another
├── QualityError    the data are read but too poor to carry an answer; exit code 1
├── GeometryError   a head, mesh or coil pose that cannot exist
├── SolverError     an iteration that did not converge
└── EngineError     a third-party engine failed

Each message says what was given, what was needed and how to mend it.
"""

__all__ = [
    "EngineError",
    "FrameError",
    "GeometryError",
    "InputError",
    "QualityError",
    "SolverError",
    "TmsguideError",
]


class TmsguideError(Exception):
    """Base of every deliberate error of tmsguide."""


class InputError(TmsguideError):
    """What the user gave cannot be used; the message names the cure."""


class FrameError(TmsguideError):
    """Coordinates of one frame met a transform or a point of another."""


class QualityError(TmsguideError):
    """The data can be read but cannot carry the answer that was asked for."""


class GeometryError(TmsguideError):
    """A head, mesh or coil pose that cannot exist."""


class SolverError(TmsguideError):
    """An iteration stopped before it reached its tolerance."""


class EngineError(TmsguideError):
    """A third-party engine failed; its own words are in the message."""
