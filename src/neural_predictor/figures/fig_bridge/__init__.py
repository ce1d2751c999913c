"""Scores by shared weights as a feature of a predictor of architectures that are trained alone."""
