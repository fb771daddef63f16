"""The preprocess room."""
