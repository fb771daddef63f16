"""Benchmarks: each prints one JSON object as its last line (docs/benchmarks.md keeps the table)."""
