"""Fields that SimNIBS 4.5.0 computed on its own mesh, and how ours differ on the same mesh."""

import numpy as np

from tests.field.real_heads import peer_head
from tests.shared_data import shared
from tmsguide.field import Gauge, prepare, solve
from tmsguide.io import read_coil
from tmsguide.model import Placement, Tissue

CASES = {
    "dlpfc": "coils/simnibs/legacy_and_other/Magstim_70mm_Fig8.ccd",
    "motor": "coils/simnibs/Drakaki_BrainStim_2022/MagVenture_MC-B70.ccd",
}


def peer_differences(cases=("dlpfc", "motor")):
    """Worst differences over the cases in the Coulomb and the radial gauge."""
    theirs = np.load(shared("peer_fields/head195_e_brain.npz"))
    prepared = prepare(peer_head())
    brain = np.isin(prepared.head.tissue, (Tissue.WM, Tissue.GM))
    found = [{}, {}]
    for case in cases:
        coil = read_coil(shared(CASES[case]))
        pose = Placement(theirs[f"matsimnibs_{case}"], prepared.head.nodes.frame, 1e6, 4.0)
        want = theirs[f"e_{case}"].astype(float)
        for gauge, out in zip((Gauge.COULOMB, Gauge.RADIAL), found, strict=True):
            field = solve(prepared, coil, pose, gauge=gauge)
            e = field.e_v_per_m[brain]
            smooth = prepared_recovery(prepared, brain, want)
            each = {
                "rdm": _rdm(e, want),
                "rdm_recovered": _rdm(field.recovered_v_per_m[brain], smooth),
                "max_of_peak": float(
                    np.linalg.norm(e - want, axis=1).max() / np.linalg.norm(want, axis=1).max()
                ),
                "rel_l2": float(np.linalg.norm(e - want) / np.linalg.norm(want)),
            }
            for key, value in each.items():
                out[key] = max(out.get(key, 0.0), value)
    return tuple(found)


def prepared_recovery(prepared, brain, want):
    """Their element field, recovered by our operator, in the brain."""
    whole = np.zeros((len(brain), 3))
    whole[brain] = want
    return prepared.recovery(whole)[brain]


def _rdm(a, b):
    return float(np.linalg.norm(a / np.linalg.norm(a) - b / np.linalg.norm(b)))
