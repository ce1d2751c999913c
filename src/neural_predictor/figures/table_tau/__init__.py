"""Metrics over the rest of the space."""
