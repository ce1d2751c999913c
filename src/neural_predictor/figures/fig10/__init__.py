"""A search for a front in one picture: predicted accuracy against cost."""
