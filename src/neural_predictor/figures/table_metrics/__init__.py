"""Metrics of the sets of fig9."""
