"""Norms: what a reference cohort shows, and how far one person lies from it."""

__all__: list[str] = []
