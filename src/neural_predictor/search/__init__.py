"""Searches on a table: which architectures a method would train, in which order."""
