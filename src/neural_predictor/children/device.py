"""`<set>.device.json`: by which setting a set of children is trained on a GPU, and what was measured to choose it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from neural_predictor.children.plan import key_of, plan_of
from neural_predictor.children.settings import DEFAULT, SETTINGS, Setting, candidates
from neural_predictor.children.stack_layout import small_maps
from neural_predictor.errors import ChildError, FormatError
from neural_predictor.io.untrusted import parse_json, shown

if TYPE_CHECKING:
    from pathlib import Path

    from neural_predictor.config.sections import ChildSet
    from neural_predictor.config.study import Study

Amount = Annotated[float, Field(ge=0)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Measured(_Part):
    """A setting and what was measured of it, means of two architectures.

    Attributes:
        name: of the setting.
        status: `measured`; `failed`, for the reason in `fault`; or `not tried`, for want of time.
        first_step_s: seconds until the first steps on a full and on a last, smaller batch were done.
        images_per_s: in training, after that.
        memory_mib: most of the device's memory that was in use; None where TensorFlow does not count.
        difference: largest relative difference of the first losses to those of float32.
        trainings_s: seconds that all trainings of the set would take on one device.
        fault: why it failed.
    """

    name: str
    status: Literal["measured", "failed", "not tried"]
    first_step_s: Amount | None = None
    images_per_s: Amount | None = None
    memory_mib: Amount | None = None
    difference: Amount | None = None
    trainings_s: Amount | None = None
    fault: str | None = None


class DeviceFile(_Part):
    """The content of the file.

    Attributes:
        schema_version: of this format.
        accelerator: `cpu` or `gpu`.
        device: name of the GPU; `CPU`.
        driver: version of its driver; None on a CPU.
        libraries: package -> version, of TensorFlow and of NVIDIA's.
        setting: the one that all trainings of the set take.
        why: it does.
        settings: what was measured.
    """

    schema_version: Literal[1] = 1
    accelerator: Literal["cpu", "gpu"]
    device: str
    driver: str | None = None
    libraries: dict[str, str] = {}
    setting: str
    why: str
    settings: list[Measured] = []

    @model_validator(mode="after")
    def _known(self) -> DeviceFile:
        if self.setting not in SETTINGS:
            raise ValueError(f"no setting {self.setting!r}; known are {', '.join(SETTINGS)}")
        return self

    @property
    def chosen(self) -> Setting:
        """The setting."""
        return SETTINGS[self.setting]

    @property
    def note(self) -> str:
        """One sentence for protocols."""
        return (
            f"Children were trained on {self.device} by the setting {self.setting} ({self.chosen.about}): {self.why}."
        )


def trained_on(plan: ChildSet, accelerator: str) -> str:
    """`cpu` or `gpu`, on which a set is trained where predictors have that accelerator.

    Small maps are trained on a CPU, in stacks: 30 trainings of embedded-v2's digits took an H100 67 s and one core 34,
    since a step on them is thousands of kernels that each have next to nothing to do.

    Raises:
        ConfigError: if no setting has what the recipe fixes.
    """
    if accelerator == "cpu" or (small_maps(plan.network) and DEFAULT in candidates(plan.training)):
        return "cpu"
    return accelerator


def _again(path: Path) -> str:
    return f"delete {path} and run the same command again, which measures anew"


def read_device(path: Path) -> DeviceFile:
    """Read the file.

    Raises:
        FormatError: if it is none, naming key and value.
    """
    try:
        return DeviceFile.model_validate(parse_json(path.read_text(encoding="utf-8-sig")))
    except ValidationError as error:
        fault = error.errors()[0]
        where = ".".join(map(str, fault["loc"])) or "it"
        told = f"{where} is {shown(fault['input'])}: {fault['msg'].removeprefix('Value error, ')}"
        raise FormatError(f"{path}: not what probe-device writes: {told}; {_again(path)}") from error
    except (OSError, ValueError) as error:
        raise FormatError(f"{path}: not what probe-device writes ({error}); {_again(path)}") from error


def check_device(found: DeviceFile, path: Path, accelerator: str, device: str) -> None:
    """Refuse what was measured on another device.

    Raises:
        ChildError: naming both.
    """
    if (found.accelerator, found.device) != (accelerator, device):
        raise ChildError(
            f"{path} was measured on {found.device} ({found.accelerator}), and this is {device} ({accelerator}): all "
            f"children of a set train by one setting on devices of one kind: run on such a device, or {_again(path)}"
        )


def as_set(study: Study, children: str, found: DeviceFile) -> Study:
    """The study, with the recipe of a set of children as it is computed by the setting of its file."""
    plan = plan_of(study, children)
    plan = plan.model_copy(update={"training": found.chosen.applied(plan.training)})
    return study.model_copy(update={"children": {**study.children, key_of(children): plan}})


def measured_rows(found: DeviceFile) -> list[list[str]]:
    """The measurements as rows of a table, below `COLUMNS`."""

    def cell(value: Any, digits: int, form: str = "f") -> str:
        return "" if value is None else f"{value:,.{digits}{form}}"

    return [
        [
            one.name,
            cell(one.first_step_s, 1),
            cell(one.images_per_s, 0),
            cell(one.memory_mib, 0),
            cell(one.difference, 1, "e"),
            one.status if one.fault is None else f"{one.status}: {one.fault}",
        ]
        for one in found.settings
    ]


COLUMNS = ("setting", "first step (s)", "images/s", "memory (MiB)", "difference", "status")
