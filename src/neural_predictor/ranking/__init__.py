"""Ranking the candidates of any search space by what some trained architectures of it teach."""
