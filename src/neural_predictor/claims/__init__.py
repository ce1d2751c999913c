"""Every claim of the paper, its slides and its replication, tested against what a study measured."""
