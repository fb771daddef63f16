"""One function per stored step: what it reads, what it calls, what it leaves in the store."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tmsguide.pipeline.listener import Listener
    from tmsguide.pipeline.store import Result, Store

__all__ = ["Bench", "seconds_of"]


@dataclass(frozen=True, slots=True)
class Bench:
    """Where steps are done: the store that remembers them and the listener that hears them."""

    store: Store
    listener: Listener
    done: dict[str, Result]

    def step(
        self,
        name: str,
        work: Callable[[], Mapping[str, Any]],
        *,
        version: int,
        settings: object,
        inputs: Mapping[str, str],
    ) -> Result:
        """Do a step or find it, and tell the listener."""
        self.listener.started(name)
        result = self.store.run(name, work, version=version, settings=settings, inputs=inputs)
        self.listener.finished(name, result.seconds, reused=result.reused)
        self.done[name] = result
        return result


def seconds_of(bench: Bench) -> dict[str, float]:
    """Seconds that each step took when it was computed."""
    return {name: round(result.seconds, 2) for name, result in bench.done.items()}
