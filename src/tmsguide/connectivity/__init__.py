"""Connectivity: how every place moves with a seed, and how many samples that rests on."""

from tmsguide.connectivity.maps import effective_dof, seed_map, weighted_seed_map

__all__ = ["effective_dof", "seed_map", "weighted_seed_map"]
