"""Measurements of the whole engine on a real machine; each module prints a table for `docs/benchmarks.md`."""
