"""Files: written whole or not at all, read with suspicion; the log, and progress of long work."""
