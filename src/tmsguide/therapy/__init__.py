"""The therapy room."""
