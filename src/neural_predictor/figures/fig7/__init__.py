"""Fig. 7 of the paper."""
