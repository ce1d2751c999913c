"""Fig. 5 of the paper."""
