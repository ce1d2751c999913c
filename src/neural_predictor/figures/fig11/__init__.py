"""Searches for a front, by trainings."""
