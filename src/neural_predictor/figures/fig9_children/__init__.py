"""Fig. 9 for trained children."""
