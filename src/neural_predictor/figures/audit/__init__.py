"""Defects of earlier code as experiments: nothing but fig-audit imports this."""
