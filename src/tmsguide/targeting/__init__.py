"""The targeting room."""
