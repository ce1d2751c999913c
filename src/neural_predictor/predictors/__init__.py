"""Predictors: from graphs and labels to scores of a whole space."""
