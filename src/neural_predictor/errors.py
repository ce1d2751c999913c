"""Errors that speak to a user: what is wrong, where, what is allowed, and what to do.

Commands print them on one screen, without a traceback, and end with exit status 2. Anything else that is
raised is a defect of this package and keeps its traceback.
"""


class UserError(Exception):
    """Base of every error that the user, not the package, can mend."""


class ConfigError(UserError):
    """A configuration file or a value in it is not usable."""


class SourceError(UserError):
    """A raw file is missing, cannot be fetched, or is not the file that its registry row describes."""


class FormatError(UserError):
    """A file does not follow its format: truncated, altered, or something else under that name."""


class ArchitectureError(UserError, ValueError):
    """An architecture does not belong to its search space."""


class TableError(UserError):
    """A benchmark table breaks its contract: a missing column, a duplicate, a value out of range."""


class PredictorError(UserError):
    """A predictor cannot be fitted, loaded or applied as asked."""


class ChildError(UserError):
    """A child network cannot be trained as asked."""


class LatencyError(UserError):
    """A latency cannot be measured or looked up as asked."""


class RankingError(UserError):
    """Candidates cannot be ranked as asked: too few labels, or an option out of range."""


class SearchError(UserError):
    """A search is asked or told something that it cannot take, or cannot work on these architectures."""
