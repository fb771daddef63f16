"""Transforms of other programs as maps of points."""
