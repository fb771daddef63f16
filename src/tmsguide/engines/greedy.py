"""Calls of the PICSL greedy registration program, with images kept in memory.

Source: Yushkevich 2016, Fast automatic segmentation of hippocampal subfields, DOI
10.1016/j.jalz.2016.06.1435; https://greedy.readthedocs.io.
"""

from __future__ import annotations

import io
import os
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from tmsguide.errors import EngineError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

__all__ = ["affine_search", "greedy", "warp_search"]

# two threads add up in a different order each time: the same scan gave warps .9 mm apart at worst
THREADS = 1


def greedy(command: str, inputs: Mapping[str, Any], outputs: Sequence[str]) -> Mapping[str, Any]:
    """Run one greedy command and give its named outputs.

    Raises
    ------
    EngineError
        Greedy is missing or failed; its own last words are in the message.
    """
    try:
        from picsl_greedy import Greedy3D
    except ImportError as err:
        raise EngineError("picsl-greedy is not installed: pip install picsl-greedy") from err
    said = io.StringIO()
    program = Greedy3D()
    try:
        with _hushed():
            program.execute(
                f"-d 3 {command} -threads {THREADS} -V 0",
                out=said,
                err=said,
                **inputs,
                **dict.fromkeys(outputs),
            )
        return {name: program[name] for name in outputs}
    except (RuntimeError, TypeError, ValueError) as err:
        last = said.getvalue().strip()[-300:]
        raise EngineError(f"greedy stopped: {err} {last}".rstrip()) from err


@contextmanager
def _hushed() -> Iterator[None]:
    """Keep what greedy's C++ optimiser prints past ``out`` off the terminal.

    It reports a line search that can go no lower as failed, on every good registration.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    kept = {number: os.dup(number) for number in (1, 2)}
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        for number in kept:
            os.dup2(nowhere, number)
        yield
    finally:
        for number, copy in kept.items():
            os.dup2(copy, number)
            os.close(copy)
        os.close(nowhere)


def affine_search(
    images: Mapping[str, Any],
    start: NDArray[np.float64],
    *,
    dof: int,
    iterations: Sequence[int],
    masked: bool,
) -> NDArray[np.float64]:
    """Give the (4, 4) moving_from_fixed matrix (RAS mm) of greatest mutual information.

    ``images`` holds ``fixed``, ``moving`` and, when ``masked``, ``mask``. ``iterations`` go from
    coarse to fine, all above zero. Samples are not jittered: that halved the error on planted
    moves.
    """
    with tempfile.TemporaryDirectory() as folder:
        # the in-memory door of greedy takes images only, its matrices come from text files
        path = Path(folder) / "start.mat"
        np.savetxt(path, start)
        command = (
            f"-a -dof {dof} -m NMI -i fixed moving -ia {path} -o matrix -seed 1 -jitter 0 "
            f"-n {'x'.join(map(str, iterations))}{' -gm mask' if masked else ''}"
        )
        return np.asarray(greedy(command, images, ["matrix"])["matrix"], dtype=np.float64)


def warp_search(
    images: Mapping[str, Any],
    start: NDArray[np.float64],
    *,
    iterations: Sequence[int],
    radius: int,
    smoothing_vox: tuple[float, float],
    masked: bool,
) -> tuple[Any, Any]:
    """Give the ITK displacement images (forward, inverse) on the fixed grid.

    A stationary velocity field is sought that raises local correlation, so that both directions
    are smooth and undo each other. Forward u: moving = start(x + u(x)); inverse v: x = z + v(z).
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "start.mat"
        np.savetxt(path, start)
        command = (
            f"-m NCC {radius}x{radius}x{radius} -i fixed moving -it {path} -o warp -oinv inverse "
            f"-sv -wp 0 -seed 1 -n {'x'.join(map(str, iterations))} "
            f"-s {smoothing_vox[0]}vox {smoothing_vox[1]}vox{' -gm mask' if masked else ''}"
        )
        found = greedy(command, images, ["warp", "inverse"])
    return found["warp"], found["inverse"]
