"""The placement room."""
