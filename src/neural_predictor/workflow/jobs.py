"""What all jobs have in common: what runs before their commands, and what they get when they are tried again."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable


def shell_prefix(root: str, deployment: Iterable[object]) -> str:
    """What runs before each job's command: strict mode, this package, and the interpreter that runs Snakemake.

    Where conda gives each rule an environment of its own, that one's interpreter stays in front.
    """
    root = shlex.quote(root)
    variables = [f"NEURAL_PREDICTOR_ROOT={root}", f"PYTHONPATH={root}/src${{PYTHONPATH:+:$PYTHONPATH}}"]
    variables.append("TF_CPP_MIN_LOG_LEVEL=${TF_CPP_MIN_LOG_LEVEL:-0}")  # a rule's log keeps what a terminal is spared
    if not list(deployment):
        variables.append(f"PATH={shlex.quote(str(Path(sys.executable).parent))}:$PATH")
    text = f"set -euo pipefail; export {' '.join(variables)}; "
    return text.replace("{", "{{").replace("}", "}}")


def growing(amount: int) -> Callable[[Any, int], int]:
    """A resource of a job: this much at first, twice as much at the second attempt, and so on.

    A job that was ended for want of memory or time would only fail again with as much.
    """

    def granted(wildcards: Any, attempt: int) -> int:
        return amount * attempt

    return granted
