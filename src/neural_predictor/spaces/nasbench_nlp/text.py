"""Recipes of recurrent cells as the release writes them: JSON, node -> {"op": operation, "input": [node, ..]}.

A node named `h_new_<i>` makes hidden state i anew; `x` and `h_prev_<i>` are what the cell reads. Other names, and the
order in which a recipe lists its nodes, mean nothing.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import numpy as np

from neural_predictor.errors import ArchitectureError
from neural_predictor.spaces.nasbench_nlp.cells import (
    BLEND,
    FIRST,
    H_PREV,
    MAX_INPUTS,
    MIN_INPUTS,
    NONE,
    OPERATIONS,
    PLACES,
    STATES,
    Cells,
    X,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

_MAX_SHOWN = 120
SOURCE_NAMES = {"x": X} | {f"h_prev_{state}": H_PREV + state for state in range(STATES)}
"""What a cell reads -> its number in the codes."""
STATE_NAMES = tuple(f"h_new_{state}" for state in range(STATES))
EXAMPLE = (
    '{"node_0": {"op": "linear", "input": ["x", "h_prev_0"]}, '
    '"h_new_0": {"op": "activation_tanh", "input": ["node_0"]}}'
)


def shortened(text: str) -> str:
    """A text for messages, cut where it is long."""
    return text if len(text) <= _MAX_SHOWN else f"{text[:_MAX_SHOWN]}.."


def parse_recipe(text: str) -> NDArray[np.uint8]:
    """The row of codes of a recipe in JSON.

    Raises:
        ArchitectureError: naming the node, what was found, and what is allowed.
    """
    try:
        recipe = json.loads(text, object_pairs_hook=_without_repeated_keys)
    except (ValueError, RecursionError) as error:
        if isinstance(error, ArchitectureError):
            raise
        raise ArchitectureError(
            f"{shortened(text)!r} is no recipe: not JSON ({error}); expected one such as {EXAMPLE}"
        ) from error
    return recipe_codes(recipe)


def _without_repeated_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        repeated = next(name for name in names if names.count(name) > 1)
        raise ArchitectureError(f"the recipe names {repeated!r} twice; expected each node once")
    return found


def recipe_codes(recipe: Any) -> NDArray[np.uint8]:
    """The row of codes of a recipe, node -> {"op": operation, "input": [node, ..]}.

    Raises:
        ArchitectureError: naming the node, what was found, and what is allowed.
    """
    if not isinstance(recipe, dict) or not recipe:
        raise ArchitectureError(f"the recipe is {shortened(json.dumps(recipe))}; expected nodes, such as {EXAMPLE}")
    if len(recipe) > PLACES:
        raise ArchitectureError(f"the recipe has {len(recipe)} nodes; expected {PLACES} at most")
    for name, node in recipe.items():
        _check_node(name, node, recipe)
    states = _states(recipe)
    order = _in_data_order(recipe)
    _check_use(recipe, states)
    number = SOURCE_NAMES | {name: FIRST + place for place, name in enumerate(order)}
    cells = Cells.from_codes(np.zeros((1, PLACES * 4 + STATES), np.uint8))
    for place, name in enumerate(order):
        op = OPERATIONS.index(recipe[name]["op"]) + 1
        inputs = [number[source] for source in recipe[name]["input"]]
        cells.ops[0, place] = op
        cells.inputs[0, place, : len(inputs)] = inputs if op == BLEND else sorted(inputs)
    cells.outputs[0, :states] = [number[name] for name in STATE_NAMES[:states]]
    return np.asarray(cells.codes()[0])


def _check_node(name: str, node: Any, recipe: Mapping[str, Any]) -> None:
    """Raise ArchitectureError unless a node has a name, an operation and inputs of the grammar."""
    if name in SOURCE_NAMES or (re.fullmatch(r"h_(new|prev)_\d+", name) and name not in STATE_NAMES):
        raise ArchitectureError(
            f"the recipe has a node {name!r}; nodes that make a state anew are {', '.join(STATE_NAMES)}, and "
            f"{', '.join(SOURCE_NAMES)} are what the cell reads"
        )
    if not (isinstance(node, dict) and node.keys() == {"op", "input"} and isinstance(node["input"], list)):
        raise ArchitectureError(
            f'node {name!r} is {shortened(json.dumps(node))}; expected {{"op": operation, "input": [node, ..]}}'
        )
    op, inputs = node["op"], node["input"]
    if op not in OPERATIONS:
        raise ArchitectureError(
            f"node {name!r} has the operation {shortened(json.dumps(op))}; known are {', '.join(OPERATIONS)}"
        )
    for source in inputs:
        if not isinstance(source, str) or (source not in recipe and source not in SOURCE_NAMES):
            raise ArchitectureError(
                f"node {name!r} reads {shortened(json.dumps(source))}, which is missing; expected a node of the "
                f"recipe, or {', '.join(SOURCE_NAMES)}"
            )
    fewest, most = (int(bound[OPERATIONS.index(op) + 1]) for bound in (MIN_INPUTS, MAX_INPUTS))
    if not fewest <= len(inputs) <= most or len(set(inputs)) < len(inputs):
        count = f"{fewest}" if fewest == most else f"{fewest} to {most}"
        raise ArchitectureError(
            f"node {name!r} ({op}) reads {shortened(json.dumps(inputs))}; expected {count} different inputs"
        )


def _states(recipe: Mapping[str, Any]) -> int:
    """How many hidden states the recipe makes anew."""
    made = [name in recipe for name in STATE_NAMES]
    count = sum(made)
    if not count or not all(made[:count]):
        found = ", ".join(name for name in STATE_NAMES if name in recipe) or "none"
        raise ArchitectureError(
            f"the recipe makes {found}; expected {STATE_NAMES[0]}, or also {STATE_NAMES[1]}, or all three"
        )
    return count


def _in_data_order(recipe: Mapping[str, Any]) -> list[str]:
    """The nodes, each after all that it reads, else in the recipe's order."""
    order: list[str] = []
    left = dict.fromkeys(recipe)
    while left:
        ready = next((name for name in left if not any(source in left for source in recipe[name]["input"])), None)
        if ready is None:
            raise ArchitectureError(f"the recipe has a cycle: {' reads '.join(_cycle(recipe, left))}")
        order.append(ready)
        del left[ready]
    return order


def _cycle(recipe: Mapping[str, Any], left: Mapping[str, None]) -> list[str]:
    """Nodes each of which reads the next, the last being the first again; all in `left` read one in `left`."""
    walk = [next(iter(left))]
    while walk.count(walk[-1]) < 2:
        walk.append(next(source for source in recipe[walk[-1]]["input"] if source in left))
    return walk[walk.index(walk[-1]) :]


def _check_use(recipe: Mapping[str, Any], states: int) -> None:
    """Raise ArchitectureError unless all is of use: each node, x, and each hidden state that is made anew."""
    used = set(STATE_NAMES[:states])
    pending = list(used)
    while pending:
        for source in recipe[pending.pop()]["input"]:
            if source not in used:
                used.add(source)
                if source in recipe:
                    pending.append(source)
    idle = [name for name in recipe if name not in used]
    if idle:
        raise ArchitectureError(f"no new hidden state follows from node {idle[0]!r}; expected one for every node")
    for name, number in SOURCE_NAMES.items():
        needed = number == X or number - H_PREV < states
        if needed != (name in used):
            rule = "x and each hidden state that it makes anew, and no other"
            raise ArchitectureError(
                f"the recipe {'does not read' if needed else 'reads'} {name}; expected it to read {rule}"
            )


def recipe_of(code: NDArray[np.uint8]) -> dict[str, dict[str, Any]]:
    """The recipe of a row of codes that describes a cell; nodes are named by their places and by the states."""
    cells = Cells.from_codes(code[None])
    size = int(cells.sizes[0])
    name = dict(enumerate(["", *SOURCE_NAMES, *(f"node_{place}" for place in range(size))]))
    name |= dict(zip(cells.outputs[0].tolist(), STATE_NAMES, strict=True))
    return {
        name[FIRST + place]: {
            "op": OPERATIONS[cells.ops[0, place] - 1],
            "input": [name[source] for source in cells.inputs[0, place].tolist() if source != NONE],
        }
        for place in range(size)
    }
