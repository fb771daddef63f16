"""The head room."""
