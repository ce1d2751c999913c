"""Methods that share weights: one supernet holds every architecture, and a search looks for the best path in it."""
