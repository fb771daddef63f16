"""A content-addressed store: a step's result is found again by what it was made from."""

from __future__ import annotations

import hashlib
import json
import shutil
import time
from dataclasses import asdict, dataclass, is_dataclass
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from tmsguide.io.bundles import read_bundle, write_bundle

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from tmsguide.io.bundles import Types

__all__ = ["Result", "Store", "file_digest", "step_key"]


@dataclass(frozen=True, slots=True)
class Result:
    """What a step gave: ``content`` by name, its ``key``, the seconds it took when it was made."""

    content: Mapping[str, Any]
    key: str
    seconds: float
    reused: bool


def file_digest(path: Path) -> str:
    """SHA-256 of a file's bytes, hexadecimal."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def step_key(name: str, version: int, settings: object, inputs: Mapping[str, str]) -> str:
    """Hash of step name, step version, the settings it reads and the digests of its inputs."""
    plain = (
        asdict(settings) if is_dataclass(settings) and not isinstance(settings, type) else settings
    )
    text = json.dumps([name, version, plain, dict(inputs)], sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:20]


class Store:
    """Results of steps in ``root/<step>-<key>/``; each is complete or absent."""

    def __init__(self, root: Path, types: Types) -> None:
        self.root = root
        self._types = types

    def run(
        self,
        name: str,
        work: Callable[[], Mapping[str, Any]],
        *,
        version: int,
        settings: object,
        inputs: Mapping[str, str],
    ) -> Result:
        """Give the stored result of this step, or do the work and store it."""
        key = step_key(name, version, settings, inputs)
        folder = self.root / f"{name}-{key}"
        if (folder / "done.json").exists():
            seconds = json.loads((folder / "done.json").read_text())["seconds"]
            return Result(read_bundle(folder, self._types), key, seconds, reused=True)
        start = time.perf_counter()
        content = work()
        seconds = time.perf_counter() - start
        self._keep(folder, content, {"seconds": seconds, "step": name, "version": version})
        return Result(content, key, seconds, reused=False)

    def sweep(self) -> None:
        """Remove what killed runs left half-written."""
        for leftover in self.root.glob(".partial-*"):
            shutil.rmtree(leftover, ignore_errors=True)

    def _keep(self, folder: Path, content: Mapping[str, Any], done: Mapping[str, Any]) -> None:
        partial = self.root / f".partial-{uuid4().hex}"
        partial.mkdir(parents=True)
        try:
            write_bundle(partial, content, self._types)
            (partial / "done.json").write_text(json.dumps(done))
            if folder.exists():
                shutil.rmtree(folder)
            partial.rename(folder)
        except BaseException:
            shutil.rmtree(partial, ignore_errors=True)
            raise
