"""What a generated head is made of, and how bright each material looks in T1w and in EPI."""

from __future__ import annotations

from enum import IntEnum

import numpy as np

from tmsguide.model import Tissue

__all__ = ["Material", "epi_of", "t1w_of", "tissue_of"]


class Material(IntEnum):
    """Finer than `Tissue`: what decides brightness."""

    AIR = 0
    WHITE = 1
    CORTEX = 2
    DEEP_GREY = 3
    CEREBELLAR_GREY = 4
    CSF = 5
    COMPACT_BONE = 6
    MARROW = 7
    SKIN = 8
    FAT = 9
    MUSCLE = 10
    VITREOUS = 11
    LENS = 12


# (tissue, T1w, EPI) in arbitrary units: MPRAGE and T2*-weighted fat-suppressed EPI at 3 T in
# rough proportion (white 1, cortex .68, CSF .2, fat 1.1; EPI: CSF brightest, fat suppressed).
_LOOKS = {
    Material.AIR: (Tissue.AIR, 0, 0),
    Material.WHITE: (Tissue.WM, 1000, 640),
    Material.CORTEX: (Tissue.GM, 675, 800),
    Material.DEEP_GREY: (Tissue.GM, 790, 700),
    Material.CEREBELLAR_GREY: (Tissue.GM, 700, 780),
    Material.CSF: (Tissue.CSF, 210, 1250),
    Material.COMPACT_BONE: (Tissue.BONE, 75, 15),
    Material.MARROW: (Tissue.BONE, 430, 60),
    Material.SKIN: (Tissue.SCALP, 520, 110),
    Material.FAT: (Tissue.SCALP, 1130, 90),
    Material.MUSCLE: (Tissue.SCALP, 450, 190),
    Material.VITREOUS: (Tissue.SCALP, 230, 1100),
    Material.LENS: (Tissue.SCALP, 480, 300),
}

tissue_of = np.array([_LOOKS[m][0] for m in Material], dtype=np.uint8)
t1w_of = np.array([_LOOKS[m][1] for m in Material], dtype=np.float32)
epi_of = np.array([_LOOKS[m][2] for m in Material], dtype=np.float32)
