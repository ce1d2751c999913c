"""Fig. 4 for trained children."""
