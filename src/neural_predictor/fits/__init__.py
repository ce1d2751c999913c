"""Fits: which predictor is fitted to which rows of a table; the only writer and reader of their scores."""
