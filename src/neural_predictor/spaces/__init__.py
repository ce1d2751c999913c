"""Search spaces: what an architecture is, how it is drawn, changed, named and encoded."""

from neural_predictor.spaces.base import SearchSpace
from neural_predictor.spaces.graphs import GraphBatch
from neural_predictor.spaces.nasbench101.space import NasBench101Space
from neural_predictor.spaces.nasbench_graph import NasBenchGraphSpace
from neural_predictor.spaces.nasbench_nlp.space import NasBenchNlpSpace
from neural_predictor.spaces.proxylessnas.space import ProxylessNasSpace

SPACES: dict[str, type[SearchSpace]] = {
    space.name: space for space in (NasBenchGraphSpace, NasBench101Space, ProxylessNasSpace, NasBenchNlpSpace)
}

__all__ = [
    "SPACES",
    "GraphBatch",
    "NasBench101Space",
    "NasBenchGraphSpace",
    "NasBenchNlpSpace",
    "ProxylessNasSpace",
    "SearchSpace",
]
