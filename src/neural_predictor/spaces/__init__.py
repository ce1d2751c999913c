"""Search spaces: what an architecture is, how it is drawn, changed, named and encoded.

`SPACES` names the spaces, `make_space` makes one.
"""

from neural_predictor.spaces.base import SearchSpace
from neural_predictor.spaces.graphs import GraphBatch
from neural_predictor.spaces.registry import SPACES, make_space

__all__ = ["SPACES", "GraphBatch", "SearchSpace", "make_space"]
