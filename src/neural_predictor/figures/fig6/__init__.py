"""Fig. 6 of the paper."""
