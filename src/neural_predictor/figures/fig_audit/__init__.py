"""Defects of earlier code beside the honest numbers."""
