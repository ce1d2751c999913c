"""The records of trained children: one a training, as lines of JSON in shards and as rows of a CSV file.

Accuracies are fractions; missing where a training diverged or nobody measured, never 0.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from neural_predictor.errors import FormatError
from neural_predictor.io.untrusted import parse_json, shown

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

Number = Annotated[int, Field(ge=0, lt=2**31)]
Fraction = Annotated[float, Field(ge=0, le=1)]
COLUMNS = {
    "architecture": "str",
    "network": "int64",
    "training": "int64",
    "status": "str",
    "validation_accuracy": "float64",
    "test_accuracy": "float64",
    "epochs": "Int64",
    "trainable_parameters": "int64",
    "multiply_adds": "int64",
    "training_time_s": "float64",
    "seed": "Int64",
    "recipe": "str",
    "variant": "str",
    "images": "str",
    "predicted": "float64",
}
"""Column of the CSV file -> its type. architecture: as `ProxylessNasSpace.format` writes it. network: place in the
sample, and training: 0, 1, .. of that one. status: `ok` or `diverged`. validation_accuracy, test_accuracy: after the
last epoch. epochs: that were done. multiply_adds: of one image. seed: of the training. recipe: digest of recipes and
images, or nothing. variant: whose strides. images: name of the set. predicted: accuracy by the predictor that chose the
architecture, if one did."""


class ChildRecord(BaseModel):
    """One training, as a shard holds it.

    Attributes:
        network: place of the architecture in its set of children.
        training: number of the training of this architecture.
        architecture: as `ProxylessNasSpace.format` writes it.
        seed: of the training.
        status: `ok`, or `diverged` for a loss or weight that is no finite number.
        validation_accuracy: after the last epoch; None where diverged.
        test_accuracy: likewise.
        epochs: that were done.
        training_time_s: seconds (`trainer.core_seconds`) of all epochs; its share, where trainings ran together.
    """

    model_config = ConfigDict(strict=True, allow_inf_nan=False)  # history and device are for readers of the shard

    network: Number
    training: Number
    architecture: str
    seed: Annotated[int, Field(ge=0, lt=2**63)]
    status: Literal["ok", "diverged"]
    validation_accuracy: Fraction | None
    test_accuracy: Fraction | None
    epochs: Number
    training_time_s: Annotated[float, Field(ge=0)]

    @model_validator(mode="after")
    def _accuracies_of_what_ended(self) -> ChildRecord:
        if self.status == "ok" and self.validation_accuracy is None:
            raise ValueError("the status is ok, but there is no validation_accuracy")
        if self.status == "diverged" and (self.validation_accuracy, self.test_accuracy) != (None, None):
            raise ValueError("the training diverged, but has an accuracy")
        return self


def read_shard(path: Path) -> list[ChildRecord]:
    """The records of a finished shard.

    Raises:
        FormatError: naming the line that is no record, the key, the value and what is allowed.
    """
    again = "run train-children again"
    try:
        lines = [parse_json(line) for line in path.read_text(encoding="utf-8-sig").splitlines()]
    except (OSError, ValueError) as error:
        raise FormatError(f"{path}: not the records of a shard ({error}); {again}") from error
    records = []
    for number, line in enumerate(lines, 1):
        if isinstance(line, dict) and "architecture" not in line:
            raise FormatError(
                f"{path}: line {number} does not say which architecture was trained, as records of an earlier version "
                f"did not; {again}"
            )
        try:
            records.append(ChildRecord.model_validate(line))
        except ValidationError as error:
            fault = error.errors()[0]
            where = ".".join(map(str, fault["loc"])) or "the record"
            told = f"{where} is {shown(fault['input'])}: {fault['msg'].removeprefix('Value error, ')}"
            raise FormatError(f"{path}: line {number} is no child's record: {told}; {again}") from error
    return records


def typed(frame: pd.DataFrame) -> pd.DataFrame:
    """A table of trainings with the columns of `COLUMNS`, in their order and types."""
    return frame[list(COLUMNS)].astype({name: dtype for name, dtype in COLUMNS.items() if dtype != "str"})


def as_csv(frame: pd.DataFrame) -> Any:
    """The text of the CSV file; equal tables give equal bytes."""
    return frame.to_csv(index=False, lineterminator="\n")
