"""Landmarks, the 10-20 system, a tape's way, and whether left is left."""
