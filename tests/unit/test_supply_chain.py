"""What the project is made of: pinned and hashed, under licences that let it be given away, and nothing else packed."""

import re
import subprocess
import sys
import tomllib
import zipfile
from datetime import date
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from shutil import copytree, ignore_patterns

import jsonschema
import pytest
import yaml
from packaging.markers import Marker
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
LOCKS = ("requirements.lock", *(f"requirements-{name}.lock" for name in ("gpu", "cluster", "docs", "uv")))

ALLOWED = {
    *(
        "0BSD",
        "Apache-2.0",
        "BSD",
        "BSD-2-Clause",
        "BSD-3-Clause",
        "CC0-1.0",
        "ISC",
        "MIT",
        "MIT-CMU",
        "PSF-2.0",
        "Zlib",
    ),
    "MPL-2.0",  # binds changes to its own files alone; none of them are ours
}
"""Licences under which a dependency does not bind a work that uses it; SPDX, or BSD where nobody says which."""

SPELLINGS = {
    "Apache 2.0": "Apache-2.0",
    "Apache License 2.0": "Apache-2.0",
    "Apache License, Version 2.0": "Apache-2.0",
    "Apache Software License": "Apache-2.0",
    "BSD License": "BSD",
    "BSD 3-Clause": "BSD-3-Clause",
    "BSD 3-Clause License": "BSD-3-Clause",
    "3-Clause BSD License": "BSD-3-Clause",
    "ISC License (ISCL)": "ISC",
    "MIT License": "MIT",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "Python Software Foundation License": "PSF-2.0",
    "Public Domain": "CC0-1.0",
}
"""What metadata say for an SPDX identifier."""

BY_FILE = {
    "conda-inject": ("MIT", "MIT License"),
    "namex": ("Apache-2.0", "Apache License, Version 2.0"),
    "snakemake-interface-common": ("MIT", "MIT License"),
    "snakemake-interface-logger-plugins": ("MIT", "MIT License"),
    "snakemake-interface-report-plugins": ("MIT", "MIT License"),
    "snakemake-interface-scheduler-plugins": ("MIT", "MIT License"),
    "snakemake-interface-storage-plugins": ("MIT", "MIT License"),
}
"""Packages whose metadata name no licence: what it is, and words of the licence file beside them that say so."""

ELSEWHERE = {
    "colorama": "BSD-3-Clause",  # Windows
    "pyreadline3": "BSD-3-Clause",  # Windows
    "xgboost": "Apache-2.0",  # instead of xgboost-cpu, which is the same library
}
"""Packages of other systems than the one that tests run on, by their own metadata when they were locked."""

EXCEPTIONS = {
    "docutils": "in the public domain or under BSD licences, but for an Emacs mode that its wheel does not hold",
    "numpy": "its wheel holds the run-time library of GCC, whose exception lets any work be linked with it",
    "scipy": "as numpy",
    "setuptools": "holds autocommand, under LGPL-3.0, for its own use; TensorFlow asks for it, we import neither",
    "nvidia-nccl-cu12": "NVIDIA's own licence; xgboost asks for it on Linux for ARM alone, where it serves GPUs",
    "nvidia-nccl-cu13": "as nvidia-nccl-cu12",
}
"""Packages that name another licence, or hold files under one, and why that does not bind this project's code."""

CARRIED = {
    "pulp": ("solverdir/cbc", "the solver CBC, under EPL-2.0, a program of its own that Snakemake may call"),
}
"""Packages that carry along what neither metadata nor licence files name: where, and what it is."""

COPYLEFT = re.compile(r"GNU (LESSER |AFFERO )?GENERAL PUBLIC LICENSE")


def locked(lock="requirements.lock"):
    """(name, version, marker) of each requirement, and its whole entry."""
    for entry in re.split(r"\n(?=[A-Za-z0-9])", (ROOT / lock).read_text()):
        head = re.match(r"([A-Za-z0-9._-]+)==(\S+)(?: ; (.*?))?(?: \\)?$", entry.splitlines()[0])
        yield head.groups() if head else None, entry


ROWS = [row for row, _ in locked() if row is not None]
HERE = [name for name, _, marker in ROWS if marker is None or Marker(marker).evaluate()]


def named(name):
    """What metadata say of a package's licence, as SPDX identifiers where the spelling is known."""
    metadata = distribution(name).metadata
    if metadata["License-Expression"]:
        return set(re.split(r" AND | OR |[()]", metadata["License-Expression"])) - {""}
    classifiers = [
        text.rpartition(":: ")[2] for text in metadata.get_all("Classifier", []) if text.startswith("License")
    ]
    text = next(iter((metadata["License"] or "").splitlines()), "")
    if not classifiers and text:  # a field with a whole licence in it comes with a classifier
        return {SPELLINGS.get(part, part) for part in text.split(" AND ")}
    return {SPELLINGS.get(part, part) for part in classifiers}


def texts(name):
    """Licences beside a package's metadata, those of what it carries along too."""
    for file in distribution(name).files or []:
        folder = next((part for part in file.parts if part.endswith(".dist-info")), None)
        if folder and re.search("licen[cs]e|copying|notice|gpl", str(file), re.IGNORECASE):
            yield file.locate().read_text(encoding="utf-8", errors="replace")


@pytest.mark.parametrize("lock", LOCKS)
def test_every_requirement_is_pinned_and_has_hashes(lock):
    assert len(ROWS) > 100
    for row, entry in locked(lock):
        assert row is not None, f"{lock}: {entry.splitlines()[0]!r} is no pin such as numpy==2.4.6; run make lock"
        hashes = re.findall(r"--hash=(\S+)", entry)
        assert hashes, f"{lock}: {row[0]} has no hash; run make lock"
        assert all(re.fullmatch("sha256:[0-9a-f]{64}", one) for one in hashes), row[0]


def test_setup_and_ci_install_by_hash_alone():
    """uv checks the hashes that a lock gives, and all have them (above); pip is told to."""
    makefile = (ROOT / "Makefile").read_text()
    assert re.search(r"^PIP := .* --require-hashes --no-deps -r$", makefile, re.MULTILINE)
    for line in re.findall(r".*pip install.*", makefile + (ROOT / ".ci/run").read_text()):
        assert line.startswith(("PIP := ", "install = ")) or "--no-build-isolation --no-deps --editable ." in line, line
    used = re.findall(r"(?:\$\(PIP\) |call install,)(requirements\S*?\.lock)", makefile)
    assert sorted(used) == sorted(LOCKS)


@pytest.mark.parametrize("lock", LOCKS[1:])
def test_what_two_locks_hold_has_one_version(lock):
    """What is installed on top of requirements.lock changes nothing of it."""
    versions = {row[:2] for row in ROWS}
    shared = {name for name, _ in versions}
    for (name, version, _), _ in locked(lock):
        assert name not in shared or (name, version) in versions, f"{lock} has {name} {version}: run make lock"


def test_the_lock_for_gpus_has_every_library_of_cuda():
    locks = {name for (name, _, _), _ in locked("requirements-gpu.lock")}
    extra = [Requirement(line) for line in distribution("tensorflow").requires or [] if "and-cuda" in line]
    needed = {need.name.lower() for need in extra if need.marker.evaluate({"extra": "and-cuda"})}
    assert len(needed) > 8
    assert needed <= locks


@pytest.mark.network
@pytest.mark.slow
def test_the_lock_for_gpus_resolves(request):
    """By its hashes, from the registry that pip is set up with; nothing is installed."""
    if "network" not in request.config.getoption("-m"):
        pytest.skip("takes minutes: pytest -m network runs it")
    if sys.platform != "linux":
        pytest.skip("CUDA's libraries are for Linux")
    command = [sys.executable, "-m", "pip", "install", "--dry-run", "--ignore-installed", "--require-hashes"]
    command += ["--no-deps", "--only-binary", ":all:", "--no-user", "--quiet", "-r", f"{ROOT}/requirements-gpu.lock"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=600)
    if re.search("name resolution|Connection refused|Network is unreachable|timed out", done.stderr):
        pytest.skip(f"the registry is not reachable: {done.stderr.splitlines()[-1][:200]}")
    assert done.returncode == 0, done.stderr


def test_every_need_of_a_locked_package_is_locked():
    """--no-deps installs what the lock names and nothing else."""
    names = {name for name, _, _ in ROWS}
    for name in HERE:
        for line in distribution(name).requires or []:
            need = Requirement(line)
            if need.marker is None or need.marker.evaluate({"extra": ""}):
                assert need.name.lower().replace("_", "-").replace(".", "-") in names, f"{name} needs {line}"


@pytest.mark.parametrize("name", sorted(set(HERE)))
def test_licences_do_not_bind_this_project(name):
    try:
        found = named(name)
    except PackageNotFoundError:
        pytest.fail(f"{name} is not installed: install requirements.lock")
    words = list(texts(name))
    if name in BY_FILE:
        licence, says = BY_FILE[name]
        assert not found, f"{name} names its licence now: {found}; take it out of BY_FILE"
        assert any(says in text for text in words), f"{name}: no licence file says {says!r}"
        found = {licence}
    unknown = sorted(found - ALLOWED) if found else ["no licence"]
    if any(COPYLEFT.search(text) for text in words):
        unknown.append("a file under the GPL or LGPL")
    if name in EXCEPTIONS:
        assert unknown, f"{name} needs no exception any more"
    else:
        assert not unknown, (
            f"{name}: {', '.join(unknown)}; where its licence lets Apache-2.0 code use it, name it in ALLOWED, "
            "SPELLINGS, BY_FILE or EXCEPTIONS with the reason; otherwise use another package"
        )


def test_packages_of_other_systems_have_a_known_licence_too():
    others = {name for name, _, _ in ROWS} - set(HERE)
    assert others <= {*ELSEWHERE, *EXCEPTIONS, *BY_FILE}, "name the licence in ELSEWHERE"
    assert set(ELSEWHERE.values()) <= ALLOWED
    assert {*BY_FILE, *EXCEPTIONS, *ELSEWHERE} <= {name for name, _, _ in ROWS}, "an entry of a package that is gone"


@pytest.mark.parametrize("name", CARRIED)
def test_what_packages_carry_along_is_still_there(name):
    place, _ = CARRIED[name]
    assert any(place in str(file) for file in distribution(name).files or []), f"{name}: take it out of CARRIED"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """The wheel, built without a network from a copy, with files in it that must not be packed."""
    folder = tmp_path_factory.mktemp("wheel")
    skipped = ignore_patterns(
        ".git", ".venv", "results", "resources", "work", ".snakemake", "*cache*", "tests", "shared"
    )
    source = copytree(ROOT, folder / "source", ignore=skipped)
    (source / "tests").mkdir()
    (source / "tests/test_x.py").touch()
    (source / "results").mkdir()
    (source / "results/secret.csv").touch()
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    done = subprocess.run(command, cwd=source, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    (path,) = folder.glob("*.whl")
    return path


def test_the_wheel_holds_the_package_alone(wheel):
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        metadata = next(archive.read(name).decode() for name in names if name.endswith("METADATA"))
    info = f"neural_predictor-{PROJECT['version']}.dist-info/"
    assert not [name for name in names if not name.startswith(("neural_predictor/", info))]
    files = {path.relative_to(ROOT / "src") for path in (ROOT / "src/neural_predictor").rglob("*") if path.is_file()}
    packed = {name for name in names if name.startswith("neural_predictor/")}
    assert packed == {str(path) for path in files if "__pycache__" not in path.parts}
    assert "neural_predictor/py.typed" in packed
    assert {Path(name).suffix for name in packed} <= {".py", ".typed", ".rst", ".csv", ".j2"}, (
        "studies and sources lie in config/"
    )
    assert {name.removeprefix(info) for name in names - packed} == {
        *("METADATA", "WHEEL", "RECORD", "entry_points.txt", "licenses/LICENSE")
    }
    assert "License-Expression: Apache-2.0" in metadata


def test_the_wheel_works_alone(wheel, tmp_path):
    """Its command starts where no file of the project is in reach."""
    code = (
        f"import sys; sys.path.insert(0, {str(wheel)!r}); sys.argv[1:] = ['--help']\n"
        "import neural_predictor.cli.app as cli; assert '.whl' in cli.__file__; cli.main()"
    )
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, env={}, check=False)
    assert done.returncode == 0, done.stderr
    assert "rank" in done.stdout


NAME = {"type": "string", "minLength": 1}
AUTHORS = {
    "type": "array",
    "minItems": 1,
    "items": {
        "anyOf": [
            {
                "type": "object",
                "properties": dict.fromkeys(
                    ("given-names", "family-names", "name-particle", "orcid", "affiliation"), NAME
                ),
                "additionalProperties": False,
                "minProperties": 1,
            },
            {
                "type": "object",
                "properties": dict.fromkeys(("name", "website"), NAME),
                "required": ["name"],
                "additionalProperties": False,
            },
        ]
    },
}
DATE = {"type": "string", "pattern": r"^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$"}
REFERENCE = {
    "type": "object",
    "required": ["authors", "title", "type"],
    "additionalProperties": False,
    "properties": {
        **dict.fromkeys(("title", "collection-title", "journal", "doi", "url", "notes"), NAME),
        "authors": AUTHORS,
        "type": {"enum": ["article", "conference-paper", "data", "report", "software"]},
        **{key: {"type": ["integer", "string"]} for key in ("year", "start", "end", "volume")},
        "date-published": DATE,
    },
}
CFF = {
    "type": "object",
    "required": ["authors", "cff-version", "message", "title"],
    "additionalProperties": False,
    "properties": {
        **dict.fromkeys(("message", "title", "version", "abstract", "license", "repository-code", "url", "doi"), NAME),
        "cff-version": {"const": "1.2.0"},
        "type": {"enum": ["software", "dataset"]},
        "authors": AUTHORS,
        "keywords": {"type": "array", "items": NAME, "minItems": 1, "uniqueItems": True},
        "date-released": DATE,
        "preferred-citation": REFERENCE,
        "references": {"type": "array", "items": REFERENCE, "minItems": 1, "uniqueItems": True},
    },
}
"""The part of the Citation File Format's schema 1.2.0 for the keys that this project's file may have."""


def test_the_citation_file_is_valid():
    citation = yaml.load((ROOT / "CITATION.cff").read_text(), yaml.BaseLoader)
    typed = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    typed |= {key: value.isoformat() for key, value in typed.items() if isinstance(value, date)}
    jsonschema.Draft7Validator(CFF).validate(typed)
    assert citation["version"] == PROJECT["version"]
    assert citation["license"] == PROJECT["license"]
    paper = citation["references"][0]
    assert paper["title"] in PROJECT["description"]
    assert paper["authors"][0]["family-names"] == "Wen"
