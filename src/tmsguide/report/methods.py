"""The methods paragraph in the order of the work, with the settings that were really used."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import TYPE_CHECKING, TypeVar

from tmsguide.model import (
    AnatomySettings,
    BoldSettings,
    HeadSettings,
    SearchSettings,
    TargetSettings,
)
from tmsguide.preprocess import described, preset_named

if TYPE_CHECKING:
    from tmsguide.report.dossier import Dossier

__all__ = ["entries", "methods"]

T = TypeVar("T")


def methods(dossier: Dossier) -> tuple[str, ...]:
    """Give the methods as sentences; a part whose settings are unknown is told without numbers."""
    sentences = [
        *_anatomy(dossier, _section(dossier, AnatomySettings)),
        *_bold(dossier, _section(dossier, BoldSettings)),
        *_target(dossier, _section(dossier, TargetSettings)),
        *_methods_compared(dossier),
        *_networks(dossier),
        *_field(dossier, _section(dossier, HeadSettings), _section(dossier, SearchSettings)),
    ]
    return tuple(sentences)


def entries(value: object) -> list[tuple[str, str]]:
    """Flatten settings or provenance into (name, text) rows; nested names are joined by a dot."""
    items = _items(value)
    if items is None:
        return [("", _text(value))]
    rows = []
    for name, inner in items.items():
        deeper = entries(inner) if _items(inner) is not None else [("", _text(inner))]
        rows += [(f"{name}.{key}" if key else str(name), text) for key, text in deeper]
    return rows


def _items(value: object) -> dict[str, object] | None:
    """Give the named parts of a settings dataclass or a mapping, None for anything else."""
    if is_dataclass(value) and not isinstance(value, type):
        return {f.name: getattr(value, f.name) for f in fields(value)}
    return {str(k): v for k, v in value.items()} if isinstance(value, Mapping) else None


def _text(value: object) -> str:
    if value is None or value == "":
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, (list, tuple, set, frozenset)):
        return ", ".join(_text(v) for v in value) or "none"
    return str(value)


def _section(dossier: Dossier, kind: type[T]) -> T | None:
    """Give the first settings that are, or as a mapping have all fields of, ``kind``."""
    names = [f.name for f in fields(kind)]  # type: ignore[arg-type]
    for given in dossier.settings.values():
        items = _items(given) or {}
        if all(name in items for name in names):
            return kind(**{name: items[name] for name in names})
    return None


def _anatomy(dossier: Dossier, given: AnatomySettings | None) -> list[str]:
    grid = f" on a {given.label_mm:g} mm grid" if given else ""
    space = f"MNI coordinates are those of {dossier.mni_space}"
    if dossier.anatomy.labelled_by != "tmsguide":
        return [f"The head was labelled by {dossier.anatomy.labelled_by}. {space}."]
    return [
        "The T1-weighted image was corrected for intensity bias and labelled as white matter, "
        f"grey matter, fluid, bone and scalp{grid} with tissue priors brought to the person by "
        f"deformable registration. {space} (templates: Fonov 2009)."
    ]


def _bold(dossier: Dossier, given: BoldSettings | None) -> list[str]:
    minutes = dossier.quality.total_s / 60
    out = [
        f"The resting scan ({minutes:.3g} min, one volume every {dossier.tr_s:g} s) was brought "
        "to the T1w, cleaned and sampled on a grid in the person's own space."
    ]
    if given:
        out.append(
            f"One regression removed {described(preset_named(given.denoising))}, and kept "
            f"{given.low_hz:g} to {given.high_hz:g} Hz. Frames with framewise displacement above "
            f"{dossier.fd_limit_mm:g} mm were left out. Smoothing was {given.fwhm_mm:g} mm (full "
            f"width at half maximum), the grid {given.grid_mm:g} mm."
        )
    return out


def _target(dossier: Dossier, given: TargetSettings | None) -> list[str]:
    out = [
        "Connectivity is Fisher z of the correlation with the mean signal of the subgenual seed, "
        f"a ball of {dossier.seed_radius_mm:g} mm (Fox 2012; Cash 2021), with about "
        f"{dossier.cmap.dof:.0f} effective degrees of freedom after autocorrelation. The target "
        f"was chosen by the method “{dossier.target.method}” ({dossier.target.source})."
    ]
    if given and dossier.target.samples is not None:
        out += _resampling(dossier, given)
    if dossier.target.region is not None:
        out.append(
            f"The {100 * dossier.target.region.confidence:.0f} % region is the smallest set of "
            "places of the search area that holds that share of the resampled targets, each "
            "spread by the blur of the images (highest density; Hyndman 1996); every source of "
            "doubt was also tried by itself."
        )
    if dossier.target.reliability is not None:
        out.append(
            "Reliability is one minus the mean distance between two resampled targets over that "
            "between two places drawn blindly from the same search area, since a small area makes "
            "any method look reliable."
        )
    if dossier.target.advice is not None:
        out.append(
            "The verdict on the individual target weighs its expected error, the width of its "
            "region, its reliability, its move with the global signal and the verdict on the "
            "scan; the time needed is extrapolated from resamples of shorter parts of the scan."
        )
    return out


def _resampling(dossier: Dossier, given: TargetSettings) -> list[str]:
    several = "separately within each run" if len(dossier.runs) > 1 else "within the run"
    return [
        f"The scan was resampled {given.resamples} times in blocks of {given.block_s:g} s, "
        f"{several} (circular block bootstrap; Politis and Romano 1992; Bellec 2010), and the "
        "target found again each time, with the seed shifted at random by "
        f"{given.seed_shift_mm:g} mm (standard deviation per axis) where the method has a seed. "
        f"The radius of the target's region joins the {100 * given.confidence:.0f} % scatter of "
        "the places found with the blur of the images. It covers the noise of this scan, not "
        "change from day to day nor the choice of method."
    ]


def _methods_compared(dossier: Dossier) -> list[str]:
    given = dossier.agreement
    if given is None:
        return []
    others = "; ".join(f"{t.method} ({t.source})" for t in dossier.alternatives)
    out = [f"Compared with it were: {others}."] if others else []
    if given.consensus is not None:
        out.append(
            "The consensus is the place that most methods' targets lie near, within "
            f"{given.consensus_radius_mm:.3g} mm."
        )
    return out


def _networks(dossier: Dossier) -> list[str]:
    given = dossier.connectome
    if given is None:
        return []
    return [
        f"Networks: the {given.kind} of {len(given.names)} parcels ({given.parcellation}) was "
        f"taken to Fisher z and averaged within and between {len(given.means.names)} networks; "
        "95 % intervals come from circular block resamples of time within runs."
    ]


def _field(
    dossier: Dossier, head: HeadSettings | None, search: SearchSettings | None
) -> list[str]:
    edge = f" (lattice step {head.edge_mm:g} mm)" if head else ""
    out = [
        "The electric field was computed with first-order finite elements on a tetrahedral model "
        f"of the head{edge} with one isotropic conductivity per tissue, for the coil "
        f"“{dossier.coil.name}” ({dossier.coil.source}), and is shown after patch recovery."
    ]
    if search:
        out.append(
            f"Coil poses were searched within {search.radius_mm:g} mm of the scalp over the "
            f"target in steps of {search.step_mm:g} mm and {search.angle_deg:g}°, with "
            f"{search.standoff_mm:g} mm between scalp and casing, for the strongest mean field in "
            f"grey matter within {search.roi_radius_mm:g} mm of the target. Poses follow the "
            "SimNIBS convention (Thielscher 2015)."
        )
    return out
