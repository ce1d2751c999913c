"""Appendix Fig. 1 of the paper: predictors side by side."""
