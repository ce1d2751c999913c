"""Figures and tables: `registry` has a row for each, and a folder here its numbers, page, finding and caption."""
