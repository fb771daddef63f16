"""Coil files: .ccd and .tcd."""
