"""Benchmarks as columns: readers of the raw files, and the one table format that everything later works on."""
