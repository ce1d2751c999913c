"""NAS-Bench-NLP: recurrent cells as recipes of operations."""
