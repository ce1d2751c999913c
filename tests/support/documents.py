"""The pages of the documentation, and the code blocks in them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGES = (ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "SECURITY.md", *sorted((ROOT / "docs").rglob("*.md")))
_FENCE = re.compile(r"^```(\w*)(?: title=\"([^\"]+)\")?\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Block:
    """A fenced block: its page relative to the project, language, title ("" without one) and text."""

    page: str
    language: str
    title: str
    code: str


def name_of(page: Path) -> str:
    """Such as `docs/rank.md`."""
    return page.relative_to(ROOT).as_posix()


def blocks(*languages: str) -> list[Block]:
    """All fenced blocks of these languages, or of all, in the order of the pages."""
    found = [Block(name_of(page), *match) for page in PAGES for match in _FENCE.findall(page.read_text())]
    return [block for block in found if not languages or block.language in languages]


def without_blocks(page: Path) -> str:
    """The text of a page less its fenced blocks."""
    return _FENCE.sub("", page.read_text())


def commands(block: Block) -> list[str]:
    """The command lines of a block of shell code, without comments."""
    joined = block.code.replace("\\\n", " ")
    lines = (re.sub(r"(^|\s+)#.*$", "", line).strip() for line in joined.splitlines())
    return [line for line in lines if line]
