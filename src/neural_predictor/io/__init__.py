"""Files: written whole or not at all, read with suspicion; progress of long work."""
