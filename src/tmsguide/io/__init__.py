"""Files in and out: BIDS and fMRIPrep datasets, images, surfaces, tables, navigator formats."""

from tmsguide.io.bids import BoldRun, SubjectInputs, is_derivative, select_inputs
from tmsguide.io.coils import read_coil
from tmsguide.io.derivatives import (
    bids_uri,
    derivative_path,
    write_dataset_description,
    write_sidecar,
)
from tmsguide.io.documents import read_bytes, read_json, read_toml_resource, read_tsv
from tmsguide.io.fmriprep import (
    FmriprepInputs,
    FmriprepRun,
    FmriprepScan,
    read_confounds,
    read_fmriprep_run,
    select_fmriprep,
)
from tmsguide.io.folders import check_output_dir
from tmsguide.io.image_writing import write_nifti
from tmsguide.io.mesh_msh import GmshMesh
from tmsguide.io.mesh_values import field_values
from tmsguide.io.mesh_writing import MshVersion
from tmsguide.io.meshes import read_head_msh, read_msh, write_head_msh, write_head_vtu
from tmsguide.io.nifti import (
    check_bold,
    check_contents,
    check_t1w,
    read_bold,
    read_mask,
    read_t1w,
    read_volume,
)
from tmsguide.io.nifti_header import NiftiHeader
from tmsguide.io.participants import find_participants, participant
from tmsguide.io.surfaces import read_scalars_gifti, read_surface_gifti, write_surface_gifti
from tmsguide.io.tables import Conductivity, conductivities
from tmsguide.io.templates import TemplateSurface, mni_maps, mni_surfaces, read_prior
from tmsguide.io.writing import write_bytes, write_json, write_text, write_tsv

__all__ = [
    "BoldRun",
    "Conductivity",
    "FmriprepInputs",
    "FmriprepRun",
    "FmriprepScan",
    "GmshMesh",
    "MshVersion",
    "NiftiHeader",
    "SubjectInputs",
    "TemplateSurface",
    "bids_uri",
    "check_bold",
    "check_contents",
    "check_output_dir",
    "check_t1w",
    "conductivities",
    "derivative_path",
    "field_values",
    "find_participants",
    "is_derivative",
    "mni_maps",
    "mni_surfaces",
    "participant",
    "read_bold",
    "read_bytes",
    "read_coil",
    "read_confounds",
    "read_fmriprep_run",
    "read_head_msh",
    "read_json",
    "read_mask",
    "read_msh",
    "read_prior",
    "read_scalars_gifti",
    "read_surface_gifti",
    "read_t1w",
    "read_toml_resource",
    "read_tsv",
    "read_volume",
    "select_fmriprep",
    "select_inputs",
    "write_bytes",
    "write_dataset_description",
    "write_head_msh",
    "write_head_vtu",
    "write_json",
    "write_nifti",
    "write_sidecar",
    "write_surface_gifti",
    "write_text",
    "write_tsv",
]
