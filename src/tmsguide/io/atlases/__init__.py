"""Atlases in: coordinate sets, label images and labels on surfaces, with names and networks."""
