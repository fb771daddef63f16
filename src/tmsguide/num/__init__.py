"""The num room."""
