"""Reading NAS-Bench-NLP: archives of logs."""
