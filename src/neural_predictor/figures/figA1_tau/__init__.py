"""Kendall tau against N."""
