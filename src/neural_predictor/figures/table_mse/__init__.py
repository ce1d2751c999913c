"""Errors of one stage and of two."""
