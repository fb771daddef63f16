"""Every choice of the generated person, with its reason beside it."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["PhantomSettings"]


@dataclass(frozen=True, slots=True)
class PhantomSettings:
    """Settings of a generated person; the defaults give a 15-minute resting scan.

    Examples
    --------
    >>> PhantomSettings().n_volumes * PhantomSettings().tr_s / 60
    15.0
    >>> PhantomSettings.small().t1w_mm
    2.0
    """

    t1w_mm: float = 1.0  # usual clinical MPRAGE
    bold_mm: float = 3.3  # plain single-band EPI
    n_volumes: int = 360
    tr_s: float = 2.5
    warp_mm: float = 8.0  # largest non-linear displacement from the template
    bias_fraction: float = 0.25  # receive-coil shading of the T1w, about +-25 %
    t1w_snr: float = 28.0  # white matter mean over noise
    thermal_tsnr: float = 110.0  # grey matter mean over thermal noise alone; all noise gave 56-71
    patch_coupling: float = 0.6  # planted |r| of the latent patch series with the subgenual one
    patch_half_width_mm: float = 8.0  # distance at which the patch has half its strength
    jerks: int = 6  # sudden head movements of 0.3 to 1 mm
    drift_mm: float = 0.35  # slow head movement over the run

    @classmethod
    def small(cls) -> PhantomSettings:
        """Give a coarse person for tests: 5 minutes, and a stronger patch to make up for it."""
        return cls(
            t1w_mm=2.0,
            bold_mm=4.5,
            n_volumes=120,
            thermal_tsnr=140.0,
            patch_coupling=0.8,
            jerks=3,
        )
