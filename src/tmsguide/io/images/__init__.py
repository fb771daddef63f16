"""NIfTI and MGH images in and out, with every check."""
