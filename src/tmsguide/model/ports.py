"""Doors for third-party engines: the rooms ask for these, `engines` fits them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from tmsguide.model.images import Volume
    from tmsguide.model.spaces import Affine, Warp

__all__ = ["BiasCorrector", "DeformableRegistrar", "LinearRegistrar"]


class BiasCorrector(Protocol):
    """Remove the smooth intensity bias of an MRI volume."""

    def __call__(self, image: Volume, mask: Volume) -> Volume: ...


class LinearRegistrar(Protocol):
    """Find the affine ``fixed_from_moving`` (rigid when ``dof`` is 6, affine when 12)."""

    def __call__(
        self, fixed: Volume, moving: Volume, *, initial: Affine | None, dof: int
    ) -> Affine: ...


class DeformableRegistrar(Protocol):
    """Find a smooth invertible map: (fixed_from_moving, moving_from_fixed)."""

    def __call__(self, fixed: Volume, moving: Volume, *, initial: Affine) -> tuple[Warp, Warp]: ...
