"""Accuracy against closed forms: a five-shell sphere from voxels, and a manufactured solution."""

from __future__ import annotations

__all__ = ["rates", "sphere"]

ADULT_MM = (75.0, 78.0, 80.0, 86.0, 95.0)  # outer radii of WM, GM, CSF, bone, scalp


def sphere(*, edge_mm: float) -> dict[str, object]:
    """Give the error over the whole grey shell; coil 10 mm off, gauge 20 mm off the centre."""
    from tests.field.test_sphere import errors

    from tmsguide.field import figure8_70mm

    raw, recovered, nodes = errors(
        ADULT_MM, voxel_mm=1.0, edge_mm=edge_mm, coil=figure8_70mm(), height_mm=ADULT_MM[-1] + 10.0
    )
    return {
        "sphere_nodes": nodes,
        "sphere_gm_rel_l2_percent": round(100 * recovered, 3),
        "sphere_gm_raw_rel_l2_percent": round(100 * raw, 3),
    }


def rates() -> dict[str, object]:
    """Give the orders of convergence in a ball, potential (l2) and gradient (h1)."""
    from tests.num.manufactured import rates as measured

    return {key: round(float(value[-1]), 3) for key, value in measured().items()}
