"""The slides' table of methods, with numbers."""
