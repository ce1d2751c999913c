"""Fig. 2 of the paper."""
