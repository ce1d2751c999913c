"""The latency models. A model is one row here, and a module beside this one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from neural_predictor.errors import LatencyError
from neural_predictor.records import by_name, load_entry

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

_FILE = "latency/registry.py"


class LatencyModel(Protocol):
    """What every model can do.

    Attributes:
        name: of the model or the device.
        space: name of the search space whose codes it takes.
    """

    name: str
    space: str

    def latency_ms(self, codes: NDArray[np.uint8]) -> NDArray[np.float64]:
        """Latency of each row of codes in milliseconds: (n,).

        Raises:
            ArchitectureError: for a row outside the space.
            LatencyError: for an architecture that the model has no number for.
        """


@dataclass(frozen=True)
class LatencyRow:
    """A latency model.

    Attributes:
        name: what commands call it.
        about: what it is, in half a sentence.
        load: entry point of the function that reads it, `module:name` below `neural_predictor.latency`.
        file: what the file is that it reads; empty if it needs none.
    """

    name: str
    about: str
    load: str
    file: str = ""


LATENCY_MODELS = by_name(
    _FILE,
    [
        LatencyRow("pixel1", "TuNAS's linear model of the Pixel 1, of the ProxylessNAS space", "pixel1:load"),
        LatencyRow(
            "pixel1-lut",
            "ProxylessNAS's look-up table of the Pixel 1, with 24 channels in the first stage of four layers",
            "pixel1_lut:load",
            file="pixel_trim.yaml of mit-han-lab/proxylessnas",
        ),
        LatencyRow(
            "device-table", "milliseconds of each layer and block on a device", "device_table:load", file="a CSV file"
        ),
        LatencyRow("here", "what was measured on this machine", "here:load", file="a folder of measure-latency"),
        LatencyRow(
            "column", "a column of a table or of a CSV file", "column:load", file="a Parquet table or a CSV file"
        ),
    ],
)
"""Name -> row."""


def load_latency(name: str, path: Path | None = None, **options: Any) -> LatencyModel:
    """A latency model by its name.

    Args:
        name: one of `LATENCY_MODELS`.
        path: the file or folder that it reads; None for a model that needs none.
        options: what its function takes besides, such as `column`.

    Raises:
        LatencyError: for an unknown name, and a file too few or too many.
        FormatError: if the file does not follow its format.
    """
    if name not in LATENCY_MODELS:
        raise LatencyError(f"unknown latency model {name!r}; known are {', '.join(LATENCY_MODELS)}")
    row = LATENCY_MODELS[name]
    if bool(row.file) != (path is not None):
        needs = f"reads {row.file}: name it" if row.file else f"needs no file, but is given {path}: leave it out"
        raise LatencyError(f"the latency model {name} {needs}")
    arguments = (path,) if path is not None else ()
    model: LatencyModel = load_entry(_FILE, name, "neural_predictor.latency", row.load)(*arguments, **options)
    return model
