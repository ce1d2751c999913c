"""Ranking the candidates of any search space by what some trained networks of it teach."""
