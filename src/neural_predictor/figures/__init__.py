"""Figures and tables: `registry` has a row for each, and a folder here its numbers, its page and its caption."""
