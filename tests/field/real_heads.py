"""Heads that others meshed, beside the checkout: tests and benchmarks skip without them."""

import numpy as np

from tests.field.heads import SIGMA
from tests.shared_data import shared
from tmsguide.model import HeadModel, Points, Tissue, native_frame

# Nested from the outside in, told by which labels share faces: 2 scalp ... 6 white matter.
MMC_TISSUE = {2: Tissue.SCALP, 3: Tissue.BONE, 4: Tissue.CSF, 5: Tissue.GM, 6: Tissue.WM}


def mmc_head():
    """The upper half of a head, 59,225 nodes, as it lies in the file (unused nodes, islands)."""
    from scipy.io import loadmat

    mesh = loadmat(shared("heads/mmc/head_atlas.mat"))
    tissue = np.array([MMC_TISSUE.get(i, Tissue.AIR) for i in range(7)], np.uint8)
    return _head(
        "mmc", mesh["node"], mesh["elem"].astype(np.int64) - 1, tissue[mesh["prop"][:, 0]]
    )


def peer_head():
    """The average head at 19.5 years meshed by SimNIBS 4.5.0, 260,076 nodes."""
    mesh = np.load(shared("peer_fields/head195_mesh.npz"))
    return _head("head195", mesh["node_mm"], mesh["tet"], mesh["tag"].astype(np.uint8))


def _head(name, nodes, cells, tissue):
    sigma = np.array([0.0, *(SIGMA[t] for t in sorted(SIGMA))])[tissue]
    at = Points(nodes.astype(np.float64), native_frame(name))
    return HeadModel(at, np.ascontiguousarray(cells, np.int64), tissue, sigma)
