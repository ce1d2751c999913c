"""Searches for a front: architectures of which none is both more accurate and cheaper."""
