"""Versions of the costly stages, whose code is no input of their jobs. Raise one with a line in CHANGELOG.md.

Each search has a version of its own, in `search/registry.py`.
"""

FIT_STAGE_VERSION = 3
"""Raise to refit every predictor: after a change of a sampler, a label, a recipe's meaning or the files of scores."""

CHILD_STAGE_VERSION = 3
"""Raise to train every child anew: after a change of a sampler, of training, or of a child's record."""

SHARING_STAGE_VERSION = 2
"""Raise to train every supernet anew: after a change of a method, of its draws, or of its file."""
