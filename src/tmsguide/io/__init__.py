"""Files in and out: BIDS and fMRIPrep datasets, images, surfaces, tables, navigator formats."""

from tmsguide.io.atlases.coordinate_sets import COORDINATE_SETS, CoordinateSet, coordinate_set
from tmsguide.io.atlases.fetching import fetched
from tmsguide.io.atlases.label_images import LabelImage, read_label_image
from tmsguide.io.atlases.network_names import UNASSIGNED
from tmsguide.io.atlases.vertex_labels import read_dlabel, read_hemisphere_labels
from tmsguide.io.bids.choosing import BoldRun, SubjectInputs, is_derivative, select_inputs
from tmsguide.io.bids.fieldmaps import FieldmapFiles, find_fieldmaps, read_fieldmap
from tmsguide.io.bids.identifying import allowed
from tmsguide.io.bids.participants import find_participants, participant
from tmsguide.io.bids.readouts import readout_time_s
from tmsguide.io.bids.series_names import (
    ConvertedSeries,
    NamedSeries,
    SeriesKind,
    named_series,
)
from tmsguide.io.coils.ccd import read_coil
from tmsguide.io.derivatives import (
    bids_uri,
    derivative_path,
    write_dataset_description,
    write_sidecar,
)
from tmsguide.io.documents import read_bytes, read_json, read_toml_resource, read_tsv
from tmsguide.io.folders import check_output_dir
from tmsguide.io.grounds import (
    SurfaceGround,
    fsaverage5,
    ground_of_series,
    kept_ground,
    surface_ground,
)
from tmsguide.io.heads.charm import CharmHead, is_charm, read_charm
from tmsguide.io.heads.freesurfer import FreesurferAnatomy, is_freesurfer, read_freesurfer
from tmsguide.io.images.image_writing import write_nifti
from tmsguide.io.images.nifti import (
    check_bold,
    check_contents,
    check_t1w,
    read_bold,
    read_mask,
    read_t1w,
    read_volume,
)
from tmsguide.io.images.nifti_header import NiftiHeader, read_header
from tmsguide.io.images.nifti_text import copy_without_text
from tmsguide.io.meshes.msh import GmshMesh
from tmsguide.io.meshes.reading import read_head_msh, read_msh, write_head_msh, write_head_vtu
from tmsguide.io.meshes.values import field_values
from tmsguide.io.meshes.writing import MshVersion
from tmsguide.io.norms import read_norms, write_norms
from tmsguide.io.prepared.derivative_files import derivative_home
from tmsguide.io.prepared.fmriprep import (
    FmriprepInputs,
    FmriprepRun,
    SurfaceRun,
    read_confounds,
    select_fmriprep,
    select_fmriprep_surfaces,
)
from tmsguide.io.prepared.fmriprep_anatomy import (
    FmriprepAnatomy,
    mni_transforms,
    read_fmriprep_tissue,
    read_template_maps,
)
from tmsguide.io.prepared.hcp import HcpInputs, HcpRun, is_hcp, select_hcp
from tmsguide.io.prepared.hcp_reading import (
    HCP_MNI,
    read_hcp_anatomy,
    read_hcp_cortex,
    read_hcp_surface_run,
    read_hcp_volume_run,
    read_hcp_warps,
)
from tmsguide.io.prepared.person_surfaces import own_fslr_files, read_own_fslr
from tmsguide.io.prepared.prepared_volumes import read_prepared, scan_from_t1w
from tmsguide.io.prepared.surface_runs import read_surface_run, surface_files
from tmsguide.io.prepared.xcpd import XcpdInputs, is_xcpd, select_xcpd
from tmsguide.io.prepared.xcpd_reading import XcpdRun, read_censoring
from tmsguide.io.surfaces.cifti import read_dense_series
from tmsguide.io.surfaces.dense_series import DenseSeries, placed
from tmsguide.io.surfaces.gifti import read_scalars_gifti, read_surface_gifti, write_surface_gifti
from tmsguide.io.surfaces.mgh_series import read_mgh_series
from tmsguide.io.tables import Conductivity, conductivities
from tmsguide.io.target_definitions import map_space, read_definition, read_weight_map
from tmsguide.io.templateflow import templateflow_t1
from tmsguide.io.templates import TemplateSurface, mni_maps, mni_surfaces, read_prior
from tmsguide.io.writing import write_bytes, write_json, write_text, write_tsv

__all__ = [
    "COORDINATE_SETS",
    "HCP_MNI",
    "UNASSIGNED",
    "BoldRun",
    "CharmHead",
    "Conductivity",
    "ConvertedSeries",
    "CoordinateSet",
    "DenseSeries",
    "FieldmapFiles",
    "FmriprepAnatomy",
    "FmriprepInputs",
    "FmriprepRun",
    "FreesurferAnatomy",
    "GmshMesh",
    "HcpInputs",
    "HcpRun",
    "LabelImage",
    "MshVersion",
    "NamedSeries",
    "NiftiHeader",
    "SeriesKind",
    "SubjectInputs",
    "SurfaceGround",
    "SurfaceRun",
    "TemplateSurface",
    "XcpdInputs",
    "XcpdRun",
    "allowed",
    "bids_uri",
    "check_bold",
    "check_contents",
    "check_output_dir",
    "check_t1w",
    "conductivities",
    "coordinate_set",
    "copy_without_text",
    "derivative_home",
    "derivative_path",
    "fetched",
    "field_values",
    "find_fieldmaps",
    "find_participants",
    "fsaverage5",
    "ground_of_series",
    "is_charm",
    "is_derivative",
    "is_freesurfer",
    "is_hcp",
    "is_xcpd",
    "kept_ground",
    "map_space",
    "mni_maps",
    "mni_surfaces",
    "mni_transforms",
    "named_series",
    "own_fslr_files",
    "participant",
    "placed",
    "read_bold",
    "read_bytes",
    "read_censoring",
    "read_charm",
    "read_coil",
    "read_confounds",
    "read_definition",
    "read_dense_series",
    "read_dlabel",
    "read_fieldmap",
    "read_fmriprep_tissue",
    "read_freesurfer",
    "read_hcp_anatomy",
    "read_hcp_cortex",
    "read_hcp_surface_run",
    "read_hcp_volume_run",
    "read_hcp_warps",
    "read_head_msh",
    "read_header",
    "read_hemisphere_labels",
    "read_json",
    "read_label_image",
    "read_mask",
    "read_mgh_series",
    "read_msh",
    "read_norms",
    "read_own_fslr",
    "read_prepared",
    "read_prior",
    "read_scalars_gifti",
    "read_surface_gifti",
    "read_surface_run",
    "read_t1w",
    "read_template_maps",
    "read_toml_resource",
    "read_tsv",
    "read_volume",
    "read_weight_map",
    "readout_time_s",
    "scan_from_t1w",
    "select_fmriprep",
    "select_fmriprep_surfaces",
    "select_hcp",
    "select_inputs",
    "select_xcpd",
    "surface_files",
    "surface_ground",
    "templateflow_t1",
    "write_bytes",
    "write_dataset_description",
    "write_head_msh",
    "write_head_vtu",
    "write_json",
    "write_nifti",
    "write_norms",
    "write_sidecar",
    "write_surface_gifti",
    "write_text",
    "write_tsv",
]
