"""Regret under bounds of the cost."""
