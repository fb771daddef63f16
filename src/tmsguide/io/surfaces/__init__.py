"""Surfaces and series on them: GIFTI and CIFTI."""
