"""Choices of methods that share weights, of a predictor and of random search at equal compute."""
