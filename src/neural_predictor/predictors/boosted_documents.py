"""Documents of XGBoost from files: what its own reader, in C++, gets to see is written here anew.

XGBoost trusts its documents: of altered ones a part ends the process, or keeps it for ever. So a document is taken
apart, the trees are checked, and one is made of these alone. Predictions stay the same to the last bit.
"""

from __future__ import annotations

import json
import math
from typing import Any

from neural_predictor.io.untrusted import parse_json

_OBJECTIVE = "reg:squarederror"
_INT32 = 2**31


def checked_document(text: bytes) -> bytes:
    """A document of regression trees that is safe to read, from one that XGBoost wrote as JSON.

    Raises:
        ValueError: if it is something else, or in a tree not every way from the root ends at a leaf.
    """
    try:
        learner = parse_json(text)["learner"]
        about, booster = learner["learner_model_param"], learner["gradient_booster"]
        features = int(about["num_feature"])
        trees = [_tree(tree, k, features) for k, tree in enumerate(booster["model"]["trees"])]
        parts = json.loads(about["base_score"])  # a number, or since XGBoost 3.1 a list of one
        base = float(parts[0] if isinstance(parts, list) else parts)
        name, objective = booster["name"], learner["objective"]["name"]
    except (KeyError, TypeError, IndexError, RecursionError, OverflowError) as error:
        raise ValueError(f"no document of boosted trees ({type(error).__name__}: {error})") from error
    if name != "gbtree" or objective != _OBJECTIVE or not 0 < features < _INT32 or not math.isfinite(base):
        raise ValueError("no document of boosted regression trees")
    return json.dumps(
        _document(trees, about["base_score"] if isinstance(parts, list) else repr(base), features)
    ).encode()


def _document(trees: list[dict[str, Any]], base: str, features: int) -> dict[str, Any]:
    count = len(trees)
    learner = {
        "attributes": {},
        "feature_names": [],
        "feature_types": [],
        "gradient_booster": {
            "name": "gbtree",
            "model": {
                "gbtree_model_param": {"num_parallel_tree": "1", "num_trees": str(count)},
                "iteration_indptr": list(range(count + 1)),
                "tree_info": [0] * count,
                "trees": trees,
            },
        },
        "learner_model_param": {
            "base_score": base,
            "boost_from_average": "1",
            "num_class": "0",
            "num_feature": str(features),
            "num_target": "1",
        },
        "objective": {"name": _OBJECTIVE, "reg_loss_param": {"scale_pos_weight": "1"}},
    }
    return {"learner": learner, "version": [3, 1, 0]}


def _tree(tree: dict[str, Any], number: int, features: int) -> dict[str, Any]:
    left, right = _integers(tree["left_children"]), _integers(tree["right_children"])
    split, default = _integers(tree["split_indices"]), _integers(tree["default_left"])
    values, n = tree["split_conditions"], len(left)
    if n == 0 or any(len(column) != n for column in (right, split, default, values)):
        raise ValueError(f"the columns of tree {number} are not of one length")
    if tree.get("categories") or any(tree.get("split_type", ())):
        raise ValueError(f"tree {number} splits by categories")
    if not all(isinstance(value, float | int) and math.isfinite(value) for value in values):
        raise ValueError(f"tree {number} has a number that is not finite")
    parents = [_INT32 - 1] * n
    for node in range(n):
        if left[node] == right[node] == -1:
            continue
        for child in (left[node], right[node]):
            if not node < child < n or parents[child] != _INT32 - 1:
                raise ValueError(f"node {node} of tree {number} leads to {child}, back or out of it")
            parents[child] = node
        if not 0 <= split[node] < features:
            raise ValueError(f"node {node} of tree {number} asks for feature {split[node]} of {features}")
    zeros = [0.0] * n
    empty: list[int] = []
    return {
        "id": number,
        "left_children": left,
        "right_children": right,
        "parents": parents,
        "split_indices": [max(index, 0) if left[node] >= 0 else 0 for node, index in enumerate(split)],
        "split_conditions": [float(value) for value in values],
        "split_type": [0] * n,
        "default_left": [int(bool(value)) for value in default],
        "base_weights": zeros,
        "loss_changes": zeros,
        "sum_hessian": zeros,
        "categories": empty,
        "categories_nodes": empty,
        "categories_segments": empty,
        "categories_sizes": empty,
        "tree_param": {
            "num_deleted": "0",
            "num_feature": str(features),
            "num_nodes": str(n),
            "size_leaf_vector": "1",
        },
    }


def _integers(values: list[Any]) -> list[int]:
    if not isinstance(values, list) or not all(isinstance(value, int) and abs(value) < _INT32 for value in values):
        raise ValueError("a column of a tree holds something else than whole numbers")
    return values
