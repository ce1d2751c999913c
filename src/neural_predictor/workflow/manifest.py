"""What a finished study made, with which code on which machine, and whether its files are still what they were.

`write_manifest` lists every file of a study's folder; `verify` compares the folder with the list.
"""

from __future__ import annotations

import hashlib
import logging
import os
import platform
import shutil
import subprocess
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Annotated, Any, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import from_json

from neural_predictor import __version__
from neural_predictor.config.project import digest
from neural_predictor.errors import ConfigError, FormatError
from neural_predictor.io.files import sha256, write_text
from neural_predictor.workflow.code import PACKAGE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from neural_predictor.config.project import Config
    from neural_predictor.config.study import Study

logger = logging.getLogger(__name__)

FILE_NAME = "manifest.json"
MARKER = "all"
"""The file that Snakemake leaves when a study is finished; it is empty, and no output."""
SCHEMA_VERSION = 1
LIBRARIES = (
    *("tensorflow", "keras", "numpy", "scipy", "pandas", "pyarrow", "scikit-learn", "xgboost", "xgboost-cpu"),
    *("pydantic", "snakemake", "matplotlib", "seaborn", "pillow", "tensorflow-datasets", "nas-bench-graph"),
)
"""Distributions whose version can change a number or a page; those that are not installed are left out."""
SHA256_PATTERN = r"^[0-9a-f]{64}$"
_ANSWER_TIMEOUT_S = 20
"""How long git or nvidia-smi may take to answer; on a loaded machine they need a second or two."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Output(_Part):
    """One file: its size, and the SHA-256 of its bytes."""

    bytes: Annotated[int, Field(ge=0)]
    sha256: Annotated[str, Field(pattern=SHA256_PATTERN)]


class Code(_Part):
    """The code at the time when the manifest was written.

    Attributes:
        version: of the package.
        commit: of the git checkout that holds the package; None where it is none.
        dirty: whether that checkout has changes that are not committed.
        sources_sha256: digest of the names and contents of the package's modules.
    """

    version: str
    commit: str | None
    dirty: bool | None
    sources_sha256: Annotated[str, Field(pattern=SHA256_PATTERN)]


class Device(_Part):
    """The machine that wrote the manifest; a table of children's records names the device of each training.

    Attributes:
        accelerator: what the study was built with, `cpu` or `gpu`; children with small maps train on a CPU by both.
        cpu: the processor's name, or its architecture where the system does not tell.
        cores: how many of them the system has.
        gpus: names of the GPUs that the driver lists.
    """

    accelerator: str
    cpu: str
    cores: int
    gpus: list[str]


class Manifest(_Part):
    """The content of `results/<study>/manifest.json`.

    Attributes:
        schema_version: of this format.
        study: its name.
        study_sha256: digest of the study's values; the protocols of its experiments have it too.
        config_sha256: digest of the values of `config/config.yaml`, without the name of the default study.
        seed: the study's; all others follow from it by name.
        code: the version of the code.
        versions: of Python and the libraries that matter.
        device: the machine.
        seconds: wall time of each job of the study, by the name of its benchmark file. Of a job that was resumed or
            done again, the last time only.
        files: every file of the study's folder by its path in it, but for the manifest and Snakemake's marker `all`.
    """

    schema_version: Literal[1]
    study: str
    study_sha256: Annotated[str, Field(pattern=SHA256_PATTERN)]
    config_sha256: Annotated[str, Field(pattern=SHA256_PATTERN)]
    seed: int
    code: Code
    versions: dict[str, str]
    device: Device
    seconds: dict[str, Annotated[float, Field(ge=0)]]
    files: dict[str, Output]


class Verified(NamedTuple):
    """What `verify` found: files as they were, a line for each that is not, and files that are not listed."""

    good: int
    faults: list[str]
    unlisted: list[str]


def write_manifest(
    name: str, study: Study, folder: Path, *, config_sha256: str, accelerator: str, benchmarks: Path
) -> None:
    """Write the manifest of a study's folder into it.

    Args:
        name: the study's.
        study: its values.
        folder: its results.
        config_sha256: digest of the configuration that they were made with.
        accelerator: what they were made with, `cpu` or `gpu`.
        benchmarks: folder of Snakemake's benchmark files, `<rule>/<study>/....tsv`; it may be missing.

    Raises:
        ConfigError: if there is no such folder.
        FormatError: if a file in it cannot be read.
        UserError: when the disk is full or read-only.
    """
    if not folder.is_dir():
        raise ConfigError(f"{folder}: no such folder; build the study first: snakemake --cores all {folder}/{MARKER}")
    manifest = Manifest(
        schema_version=SCHEMA_VERSION,
        study=name,
        study_sha256=digest(study),
        config_sha256=config_sha256,
        seed=study.seed,
        code=code_version(),
        versions=_versions(),
        device=Device(accelerator=accelerator, cpu=_cpu(), cores=os.cpu_count() or 1, gpus=_gpus()),
        seconds=_seconds(name, benchmarks),
        files={path: _output(folder / path) for path in _files(folder)},
    )
    write_text(folder / FILE_NAME, manifest.model_dump_json(indent=2) + "\n")


def _output(path: Path) -> Output:
    try:
        return Output(bytes=path.stat().st_size, sha256=sha256(path))
    except OSError as error:
        raise FormatError(
            f"{path}: not readable ({error.strerror or error}); delete it, or make it readable"
        ) from error


def read_manifest(folder: Path) -> Manifest:
    """The manifest of a study's folder.

    Raises:
        FormatError: if it is missing, is no manifest, is of another version of the format, or lists a path that leads
            out of the folder.
    """
    path = folder / FILE_NAME
    again = f"write it anew: snakemake --cores all {folder}/{MARKER}"
    try:
        content: Any = from_json(path.read_bytes())
        found = content.get("schema_version") if isinstance(content, dict) else None
        if isinstance(found, int) and found != SCHEMA_VERSION:
            raise FormatError(
                f"{path}: schema_version is {found}; this version of neural-predictor ({__version__}) reads "
                f"{SCHEMA_VERSION}: verify with the version that wrote it, or {again}"
            )
        manifest = Manifest.model_validate(content)
    except FileNotFoundError as error:
        raise FormatError(f"{path}: no manifest there; a finished study has one: {again}") from error
    except OSError as error:
        raise FormatError(f"{path}: not readable ({error}); {again}") from error
    except ValidationError as error:
        fault = error.errors()[0]
        where = ".".join(map(str, fault["loc"])) or "the whole"
        raise FormatError(f"{path}: not a manifest ({where}: {fault['msg']}); {again}") from error
    except ValueError as error:
        raise FormatError(f"{path}: not JSON ({error}); {again}") from error
    root = folder.resolve()
    for name in manifest.files:
        _check_inside(path, root, name)
    return manifest


def _check_inside(manifest: Path, root: Path, name: str) -> None:
    """Refuse a name that is not the plain path of a file in the folder, or a link that leads out of it."""
    plain = PurePosixPath(name)
    if plain.is_absolute() or ".." in plain.parts or str(plain) != name or name == "." or "\0" in name:
        raise FormatError(
            f"{manifest}: lists {name!r}, which is no plain path in the study's folder; nothing was compared, for the "
            "manifest was altered"
        )
    target = Path(os.path.realpath(root / name))
    if not target.is_relative_to(root):
        raise FormatError(
            f"{manifest}: lists {name!r}, which is a link out of the study's folder, to {target}; nothing was "
            "compared: put the file itself there"
        )


def verify(folder: Path) -> Verified:
    """Compare a study's folder with its manifest.

    Raises:
        FormatError: as `read_manifest`.
    """
    manifest = read_manifest(folder)
    faults = []
    for name, output in manifest.files.items():
        fault = _fault(folder / name, output)
        if fault is not None:
            faults.append(f"{name}: {fault}")
    unlisted = [name for name in _files(folder) if name not in manifest.files]
    return Verified(len(manifest.files) - len(faults), faults, unlisted)


def _fault(path: Path, output: Output) -> str | None:
    """What is wrong with a file, if anything is."""
    try:
        if not path.exists():
            return "missing"
        if not path.is_file():  # a pipe would not end
            return "altered: it is no file any more"
        size = path.stat().st_size
        if size < output.bytes:
            return f"cut: {size:,} of {output.bytes:,} bytes"
        if size > output.bytes:
            return f"altered: {size:,} bytes in place of {output.bytes:,}"
        found = sha256(path)
    except OSError as error:
        return f"unreadable: {error.strerror or error}"
    return None if found == output.sha256 else f"altered: its sha256 is {found} in place of {output.sha256}"


def _files(folder: Path) -> Iterator[str]:
    """Paths of a study's outputs in its folder, in order.

    Links are left out, for they may lead anywhere, and names that cannot be printed, which no stage gives.
    """
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder)
        if any(part.startswith(".") for part in name.parts) or str(name) in (FILE_NAME, MARKER):
            continue
        if path.is_symlink() or not str(name).isprintable():
            logger.warning("%r: a link, or no plain name, so no output; a manifest does not list it", str(path))
        elif path.is_file():
            yield name.as_posix()


def config_digest(config: Config) -> str:
    """SHA-256 of the configuration's values; which study is the default one changes no result, and is left out."""
    return hashlib.sha256(config.model_dump_json(exclude={"study"}).encode()).hexdigest()


def code_version() -> Code:
    """The version of this package's code."""
    whole = hashlib.sha256()
    for path in sorted(PACKAGE.rglob("*.py")):
        whole.update(f"{path.relative_to(PACKAGE).as_posix()}\0{sha256(path)}\n".encode())
    commit, dirty = None, None
    git = ("git", "--no-optional-locks", "-C", str(PACKAGE))
    # A package that git does not track may lie in somebody else's repository.
    if _ask(*git, "ls-files", "--error-unmatch", "__init__.py") is not None:
        commit, changes = _ask(*git, "rev-parse", "HEAD"), _ask(*git, "status", "--porcelain")
        dirty = None if changes is None else bool(changes)
    return Code(version=__version__, commit=commit, dirty=dirty, sources_sha256=whole.hexdigest())


def _ask(*command: str) -> str | None:
    """What a program answers; None where it is not there or fails."""
    if shutil.which(command[0]) is None:
        return None
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=_ANSWER_TIMEOUT_S)
    except (OSError, UnicodeDecodeError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()


def _versions() -> dict[str, str]:
    found = {"python": platform.python_version()}
    for name in LIBRARIES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def _cpu() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


def _gpus() -> list[str]:
    return (_ask("nvidia-smi", "--query-gpu=name", "--format=csv,noheader") or "").splitlines()


def _seconds(study: str, benchmarks: Path) -> dict[str, float]:
    """Seconds of each job, of the column `s` of its benchmark file; a file that is not whole is left out."""
    found = {}
    for path in sorted(benchmarks.glob(f"*/{study}/**/*.tsv")):
        try:
            head, *rows = (line.split("\t") for line in path.read_text(encoding="utf-8").splitlines())
            found[path.relative_to(benchmarks).with_suffix("").as_posix()] = float(rows[-1][head.index("s")])
        except (OSError, ValueError, IndexError):
            continue
    return found
