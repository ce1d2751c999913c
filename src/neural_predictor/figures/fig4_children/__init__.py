"""Fig. 4 for trained children: what a predictor chose."""
