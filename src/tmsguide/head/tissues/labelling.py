"""The whole way from one T1w image to tissue labels."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

from tmsguide.head.grid import fine_grid, regridded, sampled, warped_voxels
from tmsguide.head.tissues.foreground import brightest_brain, crop_to_head
from tmsguide.head.tissues.mixture import BINS, TissueGreys, fit_greys, tissue_chances
from tmsguide.head.tissues.nesting import Nested, inside_skull, nested_labels, shrunk, swollen
from tmsguide.head.tissues.prior import HeadPrior, below_face_line
from tmsguide.head.tissues.problems import (
    age_problems,
    bone_problems,
    contrast_problems,
    coverage_problems,
    face_problems,
    volume_problems,
)
from tmsguide.head.tissues.skull import skull_of, with_eyes_and_air
from tmsguide.model import Anatomy, AnatomySettings, Points, Tissue, Volume, silent

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from tmsguide.model import BiasCorrector, DeformableRegistrar, LinearRegistrar, Warp

__all__ = ["segment"]

BLUR_MM = 0.8  # what the registration leaves uncertain, above the blur of the template itself
BRAIN_FLOOR = 0.03  # any brain tissue may turn up anywhere inside the skull
FLOOR = (1e-4, 1e-4, 2e-3, 4e-3, 4e-3, 4e-3)
COUPLING = 0.3
ROUNDS = 4
MISSING_MM = 2.0  # thinner gaps between the expected and the seen scalp are mere misfit


def segment(
    t1w: Volume,
    prior: HeadPrior,
    *,
    bias: BiasCorrector,
    linear: LinearRegistrar,
    deformable: DeformableRegistrar,
    age_years: float | None = None,
    settings: AnatomySettings = AnatomySettings(),  # noqa: B008
    progress: Callable[[str], None] = silent,
) -> Anatomy:
    """Give the tissues of a head from its T1w image alone.

    Parameters
    ----------
    t1w
        3-D T1w in the person's own frame; any orientation and voxel size, neck and face allowed.
    prior
        `head_prior` or `prior_from_maps`.
    bias, linear, deformable
        Engines (`tmsguide.engines`).
    age_years
        Age at the scan; an adult prior on a minor is named in the problems.

    Returns
    -------
    Anatomy
        On cubic voxels of ``settings.label_mm`` along the axes of the T1w, cut below the skull
        base, in the same world as the T1w.

    Raises
    ------
    QualityError
        No head, no T1w contrast, or the brain is cut off.
    EngineError
        The registration failed.

    References
    ----------
    Ashburner 2005, DOI 10.1016/j.neuroimage.2005.02.018.
    """
    progress("finding the head")
    image, head, vault_cut = crop_to_head(t1w, settings.label_mm)
    progress("removing intensity bias")
    image = bias(image, Volume(head, image.frame_from_voxel, image.frame))
    progress("registering the head prior")
    prior_from_t1w, t1w_from_prior = _register(
        image, head, prior, linear=linear, deformable=deformable, voxel_mm=settings.registration_mm
    )
    problems = age_problems(age_years, adult_prior=prior.adult)
    problems += coverage_problems(_brain_outside(t1w, prior, t1w_from_prior), vault_cut=vault_cut)
    chances, mni = _expected(image, prior, prior_from_t1w)
    missing = _missing(chances, head, mni, settings.label_mm)
    progress("finding tissue borders")
    found, greys, top = _posterior(image, chances, head, missing=missing)
    problems += contrast_problems(greys.contrast_to_noise)
    problems += face_problems(head, mni, missing, voxel_mm=settings.label_mm)
    head = head | missing
    inside = inside_skull(found, chances[..., :2].sum(-1), voxel_mm=settings.label_mm)
    del chances
    inside, bone, bone_grey = skull_of(
        image,
        inside,
        head,
        found=found,
        missing=missing,
        mni=mni,
        fluid_grey=(float(greys.mean[2]) * top, float(greys.sd[2]) * top),
    )
    nested = nested_labels(inside, bone, head, voxel_mm=settings.label_mm)
    nested = with_eyes_and_air(
        image, nested, inside.inner, missing=missing, mni=mni, bone_grey=bone_grey
    )
    del mni
    problems += volume_problems(nested.labels, settings.label_mm)
    problems += bone_problems(image.data, nested.labels)
    return _anatomy(image, nested, _split(found, bone), problems)


def _register(
    image: Volume,
    head: NDArray[np.bool_],
    prior: HeadPrior,
    *,
    linear: LinearRegistrar,
    deformable: DeformableRegistrar,
    voxel_mm: float,
) -> tuple[Warp, Warp]:
    """Give (prior_from_t1w, t1w_from_prior)."""
    small = regridded(image, *fine_grid(image, voxel_mm))
    bright = 1.2 * brightest_brain(image, head)  # fat may be several times brighter
    data = np.minimum(small.data / bright, 1).astype(np.float32)
    small = Volume(data, small.frame_from_voxel, small.frame)
    expected = prior.pseudo_t1
    prior_from_t1w = linear(expected, small, initial=None, dof=12)
    return deformable(expected, small, initial=prior_from_t1w)


def _brain_outside(t1w: Volume, prior: HeadPrior, t1w_from_prior: Warp) -> float:
    """Give the fraction of the expected brain that the T1w image does not hold."""
    where = np.argwhere(prior.probability.data[::2, ::2, ::2, :2].sum(-1) > 0.5) * 2
    m = prior.probability.frame_from_voxel
    points = Points(where @ m[:3, :3].T + m[:3, 3], prior.probability.frame)
    world = t1w_from_prior(points).xyz_mm
    voxel_from_world = np.linalg.inv(t1w.frame_from_voxel)
    at = world @ voxel_from_world[:3, :3].T + voxel_from_world[:3, 3]
    inside = (at > -0.5).all(1) & (at < np.asarray(t1w.data.shape) - 0.5).all(1)
    return float(1 - inside.mean())


def _expected(
    image: Volume, prior: HeadPrior, prior_from_t1w: Warp
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Give the prior chances (X, Y, Z, 6) on the image's grid and its template positions (mm)."""
    shape = (image.data.shape[0], image.data.shape[1], image.data.shape[2])
    mni = warped_voxels(prior_from_t1w, image.frame_from_voxel, shape, np.eye(4))
    voxel_from_prior = np.linalg.inv(prior.probability.frame_from_voxel)
    at = np.tensordot(voxel_from_prior[:3, :3].astype(np.float32), mni, axes=1)
    at += voxel_from_prior[:3, 3, None, None, None].astype(np.float32)
    sigma = BLUR_MM / float(prior.probability.voxel_mm.mean())
    out = np.empty((*shape, 6), dtype=np.float32)
    edge = np.asarray(prior.probability.data.shape[:3])[:, None, None, None] - 1
    np.clip(at, 0, edge, out=at)  # beyond the template its border holds: air above, flesh below
    for k in range(6):
        blurred = ndimage.gaussian_filter(prior.probability.data[..., k], sigma)
        out[..., k] = sampled(blurred, at)
    inside = BRAIN_FLOOR * out[..., :3].sum(-1)
    for k in range(6):
        out[..., k] += FLOOR[k] + (inside if k < 3 else 0)
    out /= out.sum(-1, keepdims=True)
    return out, mni


def _missing(
    chances: NDArray[np.float32],
    head: NDArray[np.bool_],
    mni: NDArray[np.float32],
    voxel_mm: float,
) -> NDArray[np.bool_]:
    """Tell where scalp and skull are expected over the vault but nothing is seen."""
    vault = ~below_face_line(np.moveaxis(mni, 0, -1))
    empty = ~head & vault & (chances[..., 5] < 0.4)
    core = shrunk(empty, MISSING_MM / voxel_mm)
    return swollen(core, MISSING_MM / voxel_mm) & empty


def _posterior(
    image: Volume,
    chances: NDArray[np.float32],
    head: NDArray[np.bool_],
    *,
    missing: NDArray[np.bool_],
) -> tuple[NDArray[np.float32], TissueGreys, float]:
    """Give (X, Y, Z, 6) chances after the image was seen, the tissues' greys and their unit."""
    core = chances[..., :2].sum(-1) > 0.5
    top = 1.1 * float(np.percentile(image.data[core], 99.5))
    grey = np.clip(image.data * (BINS / top), 0, BINS - 1).astype(np.uint16)
    some = (slice(None, None, 2),) * 3
    greys = fit_greys(grey[some][head[some]], chances[some][head[some]])
    found = tissue_chances(grey, chances, greys, head=head, coupling=COUPLING, rounds=ROUNDS)
    found[missing] = chances[missing]
    return found, greys, top


def _split(found: NDArray[np.float32], bone: NDArray[np.float32]) -> NDArray[np.float32]:
    """Give the chances with bone and scalp shared out anew."""
    out = found.copy()
    both = found[..., 3:].sum(-1)
    out[..., 3] = both * bone
    out[..., 4] = both * (1 - bone)
    out[..., 5] = 0
    return out


def _anatomy(
    image: Volume, nested: Nested, found: NDArray[np.float32], problems: tuple[str, ...]
) -> Anatomy:
    """Give the bundle; where anatomy overruled the chances, the label's chance is 1."""
    chance = np.ascontiguousarray(found[..., :5])
    chance[nested.labels == 0] = 0
    total = chance.sum(-1)
    chance /= np.maximum(total, 1e-6)[..., None]
    five = np.minimum(nested.labels, Tissue.SCALP)  # eyes count as soft tissue
    overruled = (five > 0) & (chance.argmax(-1) + 1 != five)
    chance[overruled] = np.eye(6, 5, -1, dtype=np.float32)[five[overruled]]

    def placed(data: NDArray[np.generic]) -> Volume:
        return Volume(data, image.frame_from_voxel, image.frame)

    return Anatomy(
        t1w=image,
        labels=placed(nested.labels),
        probability=placed(chance),
        brain_mask=placed(nested.brain),
        problems=problems,
    )
