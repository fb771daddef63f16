"""Heads that FreeSurfer, FastSurfer and SimNIBS drew."""
