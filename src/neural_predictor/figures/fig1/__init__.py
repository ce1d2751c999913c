"""Fig. 1 of the paper."""
