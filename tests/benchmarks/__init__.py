"""Benchmarks, run by `make bench`: ratios within one run, for machines differ and are noisy."""
