"""Fig. 3 of the paper."""
