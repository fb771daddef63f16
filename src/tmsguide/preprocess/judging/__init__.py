"""What a scan can carry: figures, limits, verdict and advice."""
