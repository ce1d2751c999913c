"""Figures: pure functions from tidy numbers to a matplotlib Figure. Nothing is computed here that a reader may want."""
