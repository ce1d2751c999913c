"""Reader of Accel-NASBench: chains of the MnasNet space, trained on ImageNet, measured on six accelerators.

Source: Ahmad et al., "Accel-NASBench: Sustainable Benchmarking for Accelerator-Aware NAS", DAC 2024; the archive
`anb_dataset_jsons.tar.gz` of afzalxo/Accel-NASBench (Apache-2.0), a JSON file `result_<number>.json` an architecture:

* `architecture`: `block0_e` to `block6_se`, the expansion e, kernel k, layers l and squeeze-and-excitation se of the
  seven stages;
* `metrics`: `val_top1` and `val_top5` in percent, `train_time` in seconds;
* `model_info`: `macs` and `params` in millions;
* `platform_perf`: `latency_<device>` in milliseconds and `throughput_<device>` in images per second, each with a mean
  and a standard deviation; null where it was not measured.

Accuracies are of one training by a recipe made cheap: 16 epochs, on images of 160 and then 192 pixels. Latencies are of
one image on ZCU102 and of a batch of six on VCK190, the smallest that it takes.
"""

from __future__ import annotations

import io
import re
import tarfile
from typing import TYPE_CHECKING, Any

import numpy as np

from neural_predictor.errors import ArchitectureError, FormatError
from neural_predictor.io.files import sha256
from neural_predictor.io.untrusted import parse_json, shown, unzip
from neural_predictor.spaces.mnasnet.space import MnasNetSpace, stage_codes
from neural_predictor.spaces.mnasnet.stages import STAGES
from neural_predictor.tables.table import BenchmarkTable

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

_NAME = re.compile(r"(?:.*/)?result_(\d{1,9})\.json", re.ASCII)
_UNPACKED, _MEMBER = 2**26, 2**16
"""Most bytes of the unpacked archive, and of one file in it: six times what the source's have, and fifty times."""
_NUMBERS = {
    "validation_accuracy": ("metrics.val_top1", 0.01),
    "validation_top5_accuracy": ("metrics.val_top5", 0.01),
    "training_time_s": ("metrics.train_time", 1),
    "multiply_adds": ("model_info.macs", 1e6),
    "trainable_parameters": ("model_info.params", 1e6),
}
"""Metric -> its place in a file, and the factor from its unit to ours. An accuracy is at most 100."""
_DEVICES = {
    **{f"latency_{name}_ms": f"platform_perf.latency_{name}.latency_mean" for name in ("zcu102", "vck190")},
    **{
        f"throughput_{name}_per_s": f"platform_perf.throughput_{name.removeprefix('rtx')}.throughput_mean"
        for name in ("zcu102", "vck190", "a100", "rtx3090", "tpuv2", "tpuv3")
    },
}
"""The same of what devices were measured for."""
_COUNTS = ("multiply_adds", "trainable_parameters")
_LARGEST = 1e12
_FIELDS = {"e": int, "k": int, "l": int, "se": bool}


def read(name: str, path: Path, *, progress: Callable[[int, int], None] | None = None) -> BenchmarkTable:
    """Read the archive as a table: a row for each architecture with both latencies, in the order of the numbers.

    An architecture that was trained again has the numbers of its first training. Throughputs are NaN where a device was
    not measured. There is no test accuracy: the validation accuracy is signal and target. The provenance holds how many
    files there are, how many are second trainings and how many lack a latency, and a `note` of it in a sentence.

    Args:
        name: name of the benchmark.
        path: the archive.
        progress: is called with (bytes done, bytes in all) when the file is read.

    Raises:
        FormatError: if it is no such archive, or a file in it does not follow the format: the file, the key and the
            value are named.
    """
    records = dict(sorted(_records(path).items()))
    if progress is not None:
        progress(path.stat().st_size, path.stat().st_size)
    parsed = [_parsed(f"{path}, result_{number}.json", record) for number, record in records.items()]
    codes = np.array([code for code, _ in parsed], np.uint8)
    values = {metric: np.array([numbers[metric] for _, numbers in parsed]) for metric in parsed[0][1]}
    _, first, architecture = np.unique(codes, axis=0, return_index=True, return_inverse=True)
    again = np.flatnonzero(first[architecture.ravel()] != np.arange(len(codes)))
    lacking = np.isnan([values[metric] for metric in values if metric.startswith("latency")]).any(axis=0)
    kept = np.setdiff1d(np.sort(first), np.flatnonzero(lacking))
    if not len(kept):
        raise FormatError(f"{path}: no architecture has both latencies; expected latency_zcu102 and latency_vck190")
    accuracy = values["validation_accuracy"]
    space, encoding = MnasNetSpace(), codes[kept]
    return BenchmarkTable(
        name=name,
        space=space.name,
        architecture=space.identify(encoding),
        encoding=encoding,
        metrics={metric: column[kept, None] for metric, column in values.items()},
        target="validation_accuracy",
        provenance={
            "source": path.name,
            "sha256": sha256(path),
            "files": len(codes),
            "trained_again": len(again),
            "without_latency": int(lacking.sum()),
            "note": _note(len(codes), accuracy[again] - accuracy[first[architecture.ravel()[again]]], lacking.sum()),
        },
    )


def _note(files: int, differences: NDArray[np.float64], lacking: int) -> str:
    """What was left out, in a sentence."""
    noise = (
        f" ({100 * np.sqrt(np.mean(differences**2)):.2f} points apart, root mean square)" if len(differences) else ""
    )
    return (
        f"Of {files:,} trainings, left out are {len(differences)} of an architecture that was trained before{noise} "
        f"and {lacking} without latency."
    )


def _records(path: Path) -> dict[int, Any]:
    """The JSON of each file of the archive, by the number in its name."""
    found: dict[int, Any] = {}
    try:
        data = unzip(path.read_bytes(), _UNPACKED)
        with tarfile.open(fileobj=io.BytesIO(data), mode="r:") as archive:
            for member in archive:
                if member.isdir():
                    continue
                number = _number(path, member)
                if number in found:
                    raise FormatError(f"{path}: result_{number}.json is there twice")
                file = archive.extractfile(member)
                found[number] = parse_json(file.read(_MEMBER) if file is not None else b"")
    except FormatError:
        raise
    except FileNotFoundError as error:
        raise FormatError(f"{path}: no such file") from error
    except Exception as error:  # a damaged archive may raise nearly anything
        at = f" after {len(found):,} files" if found else ""
        raise FormatError(
            f"{path}: not a whole .tar.gz archive of JSON files{at} ({type(error).__name__}: {shown(str(error))}): "
            "fetch it anew"
        ) from error
    if not found:
        raise FormatError(f"{path}: holds no files; expected result_0.json and others")
    return found


def _number(path: Path, member: tarfile.TarInfo) -> int:
    named = _NAME.fullmatch(member.name)
    if named is None or not member.isreg() or member.issparse() or member.size > _MEMBER:
        raise FormatError(
            f"{path}: holds {shown(member.name)} of {member.size:,} bytes; expected files result_<number>.json of "
            f"at most {_MEMBER:,} bytes alone"
        )
    return int(named[1])


def _parsed(where: str, record: Any) -> tuple[list[int], dict[str, float]]:
    """Codes and metrics of one file."""
    code: list[int] = []
    for stage in range(len(STAGES)):
        values = tuple(_value(where, record, f"architecture.block{stage}_{key}", kind) for key, kind in _FIELDS.items())
        try:
            code += stage_codes(stage, values)
        except ArchitectureError as error:
            raise FormatError(f"{where}: {error}") from error
    numbers = {metric: _positive(where, record, key, factor) for metric, (key, factor) in _NUMBERS.items()}
    numbers |= {metric: float(np.rint(numbers[metric])) for metric in _COUNTS}
    for metric, key in _DEVICES.items():
        measured = _value(where, record, key, int, float, type(None)) is not None
        numbers[metric] = _positive(where, record, key, 1) if measured else np.nan
    return code, numbers


def _positive(where: str, record: Any, key: str, factor: float) -> float:
    value = _value(where, record, key, int, float)
    most = 100 if factor == _NUMBERS["validation_accuracy"][1] else _LARGEST
    if not 0 < value <= most:
        raise FormatError(f"{where}: {key} is {shown(value)}; expected a number above 0 and up to {most:g}")
    return float(value * factor)


def _value(where: str, record: Any, key: str, *kinds: type) -> Any:
    """The value at a place such as `metrics.val_top1`, of one of these types exactly."""
    value = record
    for part in key.split("."):
        if not isinstance(value, dict) or part not in value:
            raise FormatError(f"{where}: has no {key}")
        value = value[part]
    if type(value) not in kinds:
        expected = " or ".join("null" if kind is type(None) else kind.__name__ for kind in kinds)
        raise FormatError(f"{where}: {key} is {shown(value)}; expected {expected}")
    return value
