"""docs/extending.md: each example is one file and one row, and works."""

import os
import re
import subprocess
import sys

from neural_predictor.workflow.code import PACKAGE

ROOT = PACKAGE.parents[1]
DOCUMENT = ROOT / "docs/extending.md"
BLOCKS = re.findall(r"^```python title=\"([^\"]+)\"\n(.*?)^```$", DOCUMENT.read_text(), re.MULTILINE | re.DOTALL)


def add_row(path, registry, row):
    """Put a row first into a registry: a tuple of this name, or what `by_name` makes of its list."""
    lines = path.read_text().splitlines(keepends=True)
    (place,) = (k for k, line in enumerate(lines) if re.match(rf"{registry}\b.* = \w*\($", line))
    place += 3 if lines[place + 2].strip() == "[" else 1
    path.write_text("".join([*lines[:place], row, *lines[place:]]))


def test_every_example_takes_one_file_and_one_row(checkout):
    tried = []
    for title, code in BLOCKS:
        if title.startswith("src/"):
            assert not checkout.path(title).exists()
            checkout.path(title).write_text(code)
        elif title.startswith("row in "):
            path, registry = re.fullmatch(r"row in (\S+), in (\w+)", title).groups()
            add_row(checkout.path(path), registry, code)
        else:
            assert title == "try it"
            tried.append(code)
    assert len(tried) == 4
    environment = {**os.environ, "PYTHONPATH": str(checkout.path("src"))}
    command = [sys.executable, "-c", "\n".join(tried)]
    done = subprocess.run(command, cwd=checkout.folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_the_counts_of_lines_are_those_of_the_examples():
    """Files and rows, without blank lines."""
    groups = re.split(r"^## ", DOCUMENT.read_text(), flags=re.MULTILINE)
    said = dict(re.findall(r"^\| ((?:a|an) [\w ]+?) \|[^|]*\| (\d+) \|", groups[0], re.MULTILINE))
    for name, heading in (
        ("a predictor", "A predictor"),
        ("a search", "A search\n"),
        ("a search space", "A search space"),
        ("an image set", "An image set"),
    ):
        (section,) = (group for group in groups if group.startswith(heading))
        blocks = re.findall(r"^```python title=\"(src|row)[^\n]*\n(.*?)^```$", section, re.MULTILINE | re.DOTALL)
        lines = [line for _, code in blocks for line in code.splitlines() if line.strip()]
        assert int(said[name]) == len(lines), name
