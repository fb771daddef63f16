"""A whole generated person: T1w, resting BOLD and everything that was planted in them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tmsguide.errors import FrameError
from tmsguide.model import MNI, Affine, Frame, Points, Scan, Volume, Warp, native_frame
from tmsguide.phantom.anatomy import build_body, mni_of_grid
from tmsguide.phantom.bold import acquire_bold, draw_signals
from tmsguide.phantom.materials import Material, tissue_of
from tmsguide.phantom.motion import draw_motion
from tmsguide.phantom.pose import draw_head, invert, oblique_grid
from tmsguide.phantom.scanner import draw_session, still_brain
from tmsguide.phantom.settings import PhantomSettings
from tmsguide.phantom.site import draw_site
from tmsguide.phantom.t1w import acquire_t1w

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Phantom", "person"]

_EXTENT_MM = np.array([188.0, 248.0, 217.0])  # field of view of the T1w
_CENTRE_MNI = np.array([0.0, -9.0, -6.0])


@dataclass(frozen=True, slots=True, eq=False)
class Phantom:
    """A generated person, with the truth that was planted. No part of it is a real person's scan.

    ``labels`` (truth `Tissue`) lie on the T1w grid. ``target`` (1, 3) is the centre of the planted
    patch and ``patch`` the cortex where it has at least half its strength, both in the T1w frame.
    ``motion_params`` (T, 6) are the head's moves in the BOLD frame: x, y, z in mm, then rotations
    about x, y, z in radians (R = Rx Ry Rz about the centre of the BOLD grid); each column has zero
    mean, and ``bold_from_t1w`` holds for the mean head position.
    """

    t1w: Volume
    bold: Scan
    labels: Volume
    target: Points
    patch: Points
    motion_params: NDArray[np.float64]
    native_from_mni: Warp
    mni_from_native: Warp
    bold_from_t1w: Affine
    age_years: float


def person(
    t1: Volume,
    gm: Volume,
    wm: Volume,
    *,
    label: str,
    rng: np.random.Generator,
    settings: PhantomSettings | None = None,
) -> Phantom:
    """Give a generated person, drawn from an average brain template.

    Parameters
    ----------
    t1, gm, wm
        Brain-only T1 and grey and white matter probability in `MNI`, any scale.
    label
        BIDS label without ``sub-``; names the frames.
    rng
        Same state, same person, bit for bit.
    settings
        Defaults to a 1 mm T1w and 15 minutes of rest.

    Raises
    ------
    FrameError
        When a map is not in `MNI`.
    InputError
        When the run is shorter than about two minutes.
    """
    maps = (t1, gm, wm)
    for volume in maps:
        if volume.frame != MNI:
            raise FrameError(
                f"the template map lies in {volume.frame.name}, needed {MNI.name}; "
                "use nilearn's ICBM 2009a maps"
            )
    settings = settings or PhantomSettings()
    shape_rng, body_rng, t1w_rng, site_rng, bold_rng, noise_rng = rng.spawn(6)
    native, bold_frame = native_frame(label), Frame(f"sub-{label}/bold")

    age_years = float(np.round(shape_rng.uniform(19, 60), 1))
    head = draw_head(shape_rng, native, warp_mm=settings.warp_mm)
    centre = head.linear[:3, :3] @ _CENTRE_MNI + head.linear[:3, 3]
    matrix, shape = oblique_grid(
        shape_rng, _EXTENT_MM * max(head.scale, 0.97), settings.t1w_mm, centre_mm=centre
    )
    mni_from_native = invert(head, matrix, shape)
    at_mni = mni_of_grid(mni_from_native, matrix, shape)
    body = build_body(body_rng, at_mni, maps, voxel_mm=settings.t1w_mm, age_years=age_years)
    del at_mni
    t1w = Volume(acquire_t1w(t1w_rng, body, settings), matrix, native)
    site = draw_site(
        site_rng,
        body.material == Material.CORTEX,
        body.depth_mm,
        grid=Volume(body.material, matrix, native),
        native_from_mni=head.native_from_mni,
        half_width_mm=settings.patch_half_width_mm,
    )

    session = draw_session(bold_rng, native, bold_frame, linear=head.linear, settings=settings)
    motion = draw_motion(bold_rng, settings)
    still = still_brain(
        bold_rng, body.material, matrix, session=session, mni_from_native=mni_from_native
    )
    signals = draw_signals(bold_rng, still, site.centre, settings)
    data = acquire_bold(
        noise_rng, still, signals, session=session, motion=motion, settings=settings
    )
    return Phantom(
        t1w=t1w,
        bold=Scan(
            Volume(data, session.bold_from_voxel, bold_frame), settings.tr_s, _sidecar(settings)
        ),
        labels=Volume(tissue_of[body.material], matrix, native),
        target=site.target,
        patch=site.patch,
        motion_params=motion,
        native_from_mni=head.native_from_mni,
        mni_from_native=mni_from_native,
        bold_from_t1w=session.bold_from_t1w,
        age_years=age_years,
    )


def _sidecar(settings: PhantomSettings) -> dict[str, object]:
    """Give what the BIDS sidecar of the scan would say."""
    return {
        "RepetitionTime": settings.tr_s,
        "EchoTime": 0.03,
        "FlipAngle": 80,
        "MagneticFieldStrength": 3,
        "TaskName": "rest",
        "Manufacturer": "tmsguide phantom",
        "ImageComments": "generated data: no person was scanned",
    }
