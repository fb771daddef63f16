"""Connectivity: seed maps, connectomes and the networks of one person, each with its doubt."""

from tmsguide.connectivity.comparison import Fingerprint, fingerprint, recognised, similarities
from tmsguide.connectivity.connectomes import (
    ConnectomeKind,
    connectome,
    edges,
    series_connectome,
)
from tmsguide.connectivity.directed import Criterion, DirectedInfluence, directed_influence
from tmsguide.connectivity.dual_regression import PersonalMaps, dual_regression
from tmsguide.connectivity.dynamics import Dynamics, sliding_windows
from tmsguide.connectivity.graphs import GraphSummary, graph_summary, segregation
from tmsguide.connectivity.local_measures import (
    Homogeneity,
    alff,
    falff,
    lattice_reho,
    mesh_reho,
)
from tmsguide.connectivity.maps import effective_dof, seed_map, weighted_seed_map
from tmsguide.connectivity.network_means import network_means, series_network_means
from tmsguide.connectivity.parcels import (
    empty_parcels,
    labelled_parcels,
    parcel_series,
    sphere_parcels,
)
from tmsguide.connectivity.tangents import (
    TangentReference,
    tangent_connectome,
    tangent_reference,
)

__all__ = [
    "ConnectomeKind",
    "Criterion",
    "DirectedInfluence",
    "Dynamics",
    "Fingerprint",
    "GraphSummary",
    "Homogeneity",
    "PersonalMaps",
    "TangentReference",
    "alff",
    "connectome",
    "directed_influence",
    "dual_regression",
    "edges",
    "effective_dof",
    "empty_parcels",
    "falff",
    "fingerprint",
    "graph_summary",
    "labelled_parcels",
    "lattice_reho",
    "mesh_reho",
    "network_means",
    "parcel_series",
    "recognised",
    "seed_map",
    "segregation",
    "series_connectome",
    "series_network_means",
    "similarities",
    "sliding_windows",
    "sphere_parcels",
    "tangent_connectome",
    "tangent_reference",
    "weighted_seed_map",
]
