"""Fig. 8 of the paper."""
