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

__all__ = ["REFERENCES", "entries", "methods"]

T = TypeVar("T")

REFERENCES: tuple[str, ...] = (
    "Cash RFH et al. 2021. Personalized connectivity-guided DLPFC-TMS for depression: advancing "
    "computational feasibility, precision and reproducibility. Hum Brain Mapp 42:4155. "
    "doi:10.1002/hbm.25330",
    "Fox MD et al. 2012. Efficacy of TMS targets for depression is related to intrinsic "
    "functional connectivity with the subgenual cingulate. Biol Psychiatry 72:595. "
    "doi:10.1016/j.biopsych.2012.04.028",
    "Weigand A et al. 2018. Prospective validation that subgenual connectivity predicts "
    "antidepressant efficacy of TMS sites. Biol Psychiatry 84:28. "
    "doi:10.1016/j.biopsych.2017.10.028",
    "Thielscher A, Antunes A, Saturnino GB 2015. Field modeling for TMS: a useful tool to "
    "understand the physiological effects of TMS? IEEE EMBC. doi:10.1109/EMBC.2015.7318340",
    "Fonov V et al. 2009. Unbiased nonlinear average age-appropriate brain templates from birth "
    "to adulthood. NeuroImage 47:S102. doi:10.1016/S1053-8119(09)70884-5",
    "Okabe M, Ito K 2008. Color universal design (figure colours).",
)


def methods(dossier: Dossier) -> tuple[str, ...]:
    """Give the methods as sentences; a part whose settings are unknown is told without numbers."""
    sentences = [
        *_anatomy(dossier, _section(dossier, AnatomySettings)),
        *_bold(dossier, _section(dossier, BoldSettings)),
        *_target(dossier, _section(dossier, TargetSettings)),
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
        out.append(
            f"The scan was resampled {given.resamples} times in blocks of {given.block_s:g} s "
            "(circular block bootstrap) and the target found again each time; the radius of its "
            f"region joins the {100 * given.confidence:.0f} % scatter of the places found with "
            "the blur of the images. It covers the noise of this scan, not change from day to "
            "day nor the choice of method."
        )
    return out


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
