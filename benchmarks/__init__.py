"""Benchmarks: time and accuracy together, run by `make bench`; never part of the test suite."""
