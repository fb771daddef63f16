"""The same mesh, coil, poses and conductivities solved by SimNIBS 4.5.0, element by element."""

from __future__ import annotations

__all__ = ["figures"]


def figures() -> dict[str, object]:
    """Compare in the gauge that SimNIBS uses, and say how far our own gauge lies from it."""
    import pytest
    from tests.field.peer import peer_differences

    try:
        coulomb, radial = peer_differences()
    except pytest.skip.Exception:
        return {"peer_rdm": None, "peer_max_diff_percent_of_peak": None}
    return {
        "peer_rdm": float(f"{coulomb['rdm']:.2g}"),
        "peer_max_diff_percent_of_peak": round(100 * coulomb["max_of_peak"], 3),
        "peer_rdm_radial_gauge_recovered": float(f"{radial['rdm_recovered']:.2g}"),
        "peer_rdm_radial_gauge_elements": float(f"{radial['rdm']:.2g}"),
    }
