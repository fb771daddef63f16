"""Named tolerances; a further one needs a measured reason beside it."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Tol:
    rtol: float
    why: str

    def __post_init__(self):
        if not 0 <= self.rtol < 1:
            raise ValueError("a tolerance that cannot fail is not a test")


EXACT = Tol(1e-12, "same arithmetic, other order: a few ulp")
SOLVER = Tol(1e-6, "iterative solve stopped at 1e-8 relative residual")
STORED = Tol(1e-5, "float32 file round trip")


def assert_close(actual, expected, tol: Tol, *, scale=None):
    """|a-e| <= rtol * scale, where scale defaults to the largest |expected|."""
    a, e = np.asarray(actual, float), np.asarray(expected, float)
    assert a.shape == e.shape, f"shape {a.shape} is not {e.shape}"
    assert np.isfinite(a).all(), "not finite"
    s = np.abs(e).max() if scale is None else scale
    assert s > 0, "expected is all zero: give scale="
    worst = np.abs(a - e).max() / s
    assert worst <= tol.rtol, f"worst {worst:.2e} > {tol.rtol:.0e} ({tol.why})"
