"""The command `neural-predictor`: one file a group of commands."""
