"""Susceptibility distortion: fieldmaps of every kind to one shift."""
