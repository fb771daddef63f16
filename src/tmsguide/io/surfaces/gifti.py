"""Triangle surfaces in and out of GIFTI."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Any
from xml.parsers.expat import ExpatError

import numpy as np

from tmsguide.errors import InputError
from tmsguide.io.documents import one_line
from tmsguide.io.writing import write_bytes
from tmsguide.model import MNI, Points, Surface

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from tmsguide.model import Frame

__all__ = ["load_gifti", "read_scalars_gifti", "read_surface_gifti", "write_surface_gifti"]


def write_surface_gifti(
    surface: Surface,
    path: Path,
    scalars: Mapping[str, NDArray[np.floating[Any]]] | None = None,
) -> tuple[Path, ...]:
    """Write a surface as ``*.surf.gii`` and its values beside it as ``*.shape.gii``.

    Values go to a file of their own because viewers refuse a surface file that holds any.
    Positions and values are stored as float32, positions in millimetres RAS+.

    Returns
    -------
    tuple of Path
        The surface file and, if there are scalars, the file of values.

    Raises
    ------
    InputError
        The name does not end in .surf.gii, or a scalar has not one value per vertex.
    """
    from nibabel.gifti import GiftiDataArray, GiftiImage

    if not path.name.endswith(".surf.gii"):
        raise InputError(f"{one_line(path)} needs a name ending in .surf.gii")
    for name, values in (scalars or {}).items():
        if np.shape(values) != (len(surface.vertices),):
            raise InputError(
                f"scalar {name!r} has shape {np.shape(values)}; needed one value for each of "
                f"{len(surface.vertices)} vertices"
            )
    image = GiftiImage()
    image.add_gifti_data_array(
        GiftiDataArray(
            surface.vertices.xyz_mm.astype(np.float32),
            intent="NIFTI_INTENT_POINTSET",
            datatype="NIFTI_TYPE_FLOAT32",
            coordsys=_space(surface.vertices.frame),
        )
    )
    image.add_gifti_data_array(
        GiftiDataArray(
            surface.triangles.astype(np.int32),
            intent="NIFTI_INTENT_TRIANGLE",
            datatype="NIFTI_TYPE_INT32",
        )
    )
    written = [write_bytes(image.to_bytes(), path)]
    if scalars:
        values_path = path.with_name(path.name.removesuffix(".surf.gii") + ".shape.gii")
        written.append(write_bytes(_scalars(scalars), values_path))
    return tuple(written)


def _space(frame: Frame) -> Any:
    from nibabel.gifti import GiftiCoordSystem
    from nibabel.nifti1 import xform_codes

    code = xform_codes["mni" if frame == MNI else "scanner"]
    return GiftiCoordSystem(code, code, np.eye(4))


def _scalars(scalars: Mapping[str, NDArray[np.floating[Any]]]) -> bytes:
    from nibabel.gifti import GiftiDataArray, GiftiImage

    image = GiftiImage()
    for name, values in scalars.items():
        image.add_gifti_data_array(
            GiftiDataArray(
                np.asarray(values, dtype=np.float32),
                intent="NIFTI_INTENT_SHAPE",
                datatype="NIFTI_TYPE_FLOAT32",
                meta={"Name": name},
            )
        )
    data: bytes = image.to_bytes()
    return data


def read_surface_gifti(path: Path, *, frame: Frame) -> Surface:
    """Read a ``*.surf.gii`` in ``frame``.

    Raises
    ------
    InputError
        No GIFTI file, no points and triangles in it, or triangles that name absent points.
    """
    image = load_gifti(path)
    points = image.agg_data("NIFTI_INTENT_POINTSET")
    triangles = image.agg_data("NIFTI_INTENT_TRIANGLE")
    if not (isinstance(points, np.ndarray) and isinstance(triangles, np.ndarray)):
        raise InputError(f"{one_line(path)} holds no single surface; give a *.surf.gii file")
    if points.ndim != 2 or points.shape[1] != 3 or not np.isfinite(points).all():
        raise InputError(f"{one_line(path)} holds points {points.shape}; needed finite (N, 3)")
    good = triangles.ndim == 2 and triangles.shape[1] == 3
    if not good or triangles.min() < 0 or triangles.max() >= len(points):
        raise InputError(
            f"{one_line(path)} has triangles that name absent points; export it again"
        )
    return Surface(Points(points.astype(np.float64), frame), triangles.astype(np.int64))


def read_scalars_gifti(path: Path) -> dict[str, NDArray[np.float64]]:
    """Read a ``*.shape.gii`` as values per vertex by name (a number where there is no name)."""
    return {
        array.meta.get("Name", str(i)): np.asarray(array.data, dtype=np.float64)
        for i, array in enumerate(load_gifti(path).darrays)
    }


def load_gifti(path: Path) -> Any:
    """Give nibabel's image of a GIFTI file.

    Raises
    ------
    InputError
        Missing or damaged, or no GIFTI file.
    """
    import nibabel as nib
    from nibabel.filebasedimages import ImageFileError

    damaged = (EOFError, ValueError, LookupError, AttributeError, AssertionError, zlib.error)
    try:
        image = nib.load(path)  # type: ignore[attr-defined]
    except (OSError, ImageFileError, ExpatError, *damaged) as error:
        raise InputError(
            f"{one_line(path)} cannot be read as GIFTI ({one_line(error)}); check the file"
        ) from error
    if not hasattr(image, "darrays"):
        raise InputError(f"{one_line(path)} is no GIFTI file; give a *.surf.gii or *.shape.gii")
    return image
