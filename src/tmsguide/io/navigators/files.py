"""All navigator files of one plan at once, by file name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tmsguide.io.navigators import brainsight, localite, simnibs, table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tmsguide.io.navigators.markers import NavigatorMarker

__all__ = ["encode_all"]


def encode_all(
    markers: Sequence[NavigatorMarker], *, form: str, code: int, brainsight_version: int = 14
) -> dict[str, bytes]:
    """Give the content of every navigator file, by name.

    ``form`` and ``code`` are those of the T1w's `NiftiHeader`, for Brainsight. The bare
    ``simnibs_matsimnibs.txt`` holds the first marker.
    """
    rows, described = table.encode(markers)
    return {
        "brainsight.txt": brainsight.encode(
            markers, version=brainsight_version, form=form, code=code
        ),
        "localite_instrument.xml": localite.encode(markers),
        "localite_gum.xml": localite.encode_gum(markers),
        "simnibs.json": simnibs.encode(markers),
        "simnibs_matsimnibs.txt": simnibs.encode_text(markers[0]),
        "poses.tsv": rows,
        "poses.json": described,
    }
