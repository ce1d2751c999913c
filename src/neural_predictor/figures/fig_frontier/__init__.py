"""Total samples that pay off for every N."""
