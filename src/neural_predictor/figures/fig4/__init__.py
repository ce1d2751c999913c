"""Fig. 4 of the paper: searches side by side."""
