"""The electric field in a five-shell sphere meshed from 1 mm labels, against the closed form."""

from __future__ import annotations

import resource
import time

__all__ = ["run"]

ADULT_MM = (75.0, 78.0, 80.0, 86.0, 95.0)  # outer radii of WM, GM, CSF, bone, scalp


def run(*, quick: bool) -> dict[str, object]:
    """Mesh, solve and compare; the coil's face is 4 mm off the scalp."""
    from tests.field.test_sphere import errors

    from tmsguide.field import figure8_70mm

    start = time.perf_counter()
    raw, recovered, nodes = errors(
        ADULT_MM, voxel_mm=1.0, edge_mm=4.0 if quick else 3.0, coil=figure8_70mm()
    )
    return {
        "nodes": nodes,
        "sphere_gm_rel_l2_percent": round(100 * recovered, 2),
        "sphere_gm_raw_rel_l2_percent": round(100 * raw, 2),
        "wall_s": round(time.perf_counter() - start, 1),
        "peak_rss_gb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9, 2),
    }
