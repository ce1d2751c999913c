"""Experiments: what one figure or table of numbers needs, as tidy tables with intervals and a protocol."""
