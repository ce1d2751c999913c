"""A hook of MkDocs: the pages of the command line and of the configuration, made from the code at build time."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import typer
from typer.cli import get_docs_for_click

from neural_predictor.cli.app import app
from neural_predictor.config.project import schema

if TYPE_CHECKING:
    from collections.abc import Iterator

COMMANDS, MODELS = "<!-- commands -->", "<!-- models -->"
"""What stands in a page where the hook writes."""


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Fill in the two lists, in the pages that have a place for them."""
    if COMMANDS in markdown:
        markdown = markdown.replace(COMMANDS, commands())
    if MODELS in markdown:
        markdown = markdown.replace(MODELS, "\n".join(models()))
    return markdown


def commands() -> str:
    """Every command with its arguments and options, as typer documents it."""
    command = typer.main.get_command(app)
    context = typer.Context(command, info_name="neural-predictor")
    text: str = get_docs_for_click(obj=command, ctx=context, name="neural-predictor")
    text = text.replace("# `neural-predictor`", "## `neural-predictor`", 1)  # the page has its own title
    text = re.sub(r"^\*\*(\w+)\*\*:", r"**\1**", text, flags=re.MULTILINE)
    for name, each in command.commands.items():  # typer cuts these summaries
        about = (each.help or "").partition("\n\n")[0].replace("\n", " ")
        listed = rf"^\* `{name}`: .*$"
        text = re.sub(listed, f"* [`{name}`](#neural-predictor-{name}): {about}", text, count=1, flags=re.MULTILINE)
    return text


FILES = {
    "config": "config/config.yaml",
    "study": "config/studies/<study>.yaml",
    "sources": "config/sources.yaml",
    "claims": "config/claims.yaml",
}
"""Part of the schema -> the files that it is for."""


def models() -> Iterator[str]:
    """A table of keys for each file and each section of the configuration files."""
    for part, whole in schema().items():
        yield f"## `{FILES[part]}` {{ #{part} }}\n"
        yield from _table(part, whole)
        for name, model in whole.get("$defs", {}).items():
            if "properties" in model:
                yield f"### {name} {{ #{part}-{name.lower()} }}\n"
                yield f"{_paragraphs(model.get('description', ''))}\n"
                yield from _table(part, model)


def _table(part: str, model: dict[str, Any]) -> Iterator[str]:
    """A row a key."""
    required = model.get("required", [])
    yield "| key | value | default | what |\n|---|---|---|---|"
    for key, field in model["properties"].items():
        default = field.get("default", "")
        written = default if isinstance(default, str) else json.dumps(default)
        shown = "required" if key in required else f"`{written}`" if default not in ("", {}) else ""
        shown = "those of the model" if isinstance(default, dict) and default else shown
        yield f"| `{key}` | {_value(part, field)} | {_cell(shown)} | {_cell(field.get('description', ''))} |"
    yield ""


def _value(part: str, field: dict[str, Any]) -> str:
    """The type of a key, in words; a model's name is a link to its table."""
    if "$ref" in field:
        name = field["$ref"].rpartition("/")[2]
        return f"[{name}](#{part}-{name.lower()})"
    if "const" in field or "enum" in field:
        return ", ".join(f"`{one}`" for one in field.get("enum", [field.get("const")]))
    for word in ("anyOf", "oneOf", "allOf"):
        if word in field:
            return " or ".join(dict.fromkeys(_value(part, one) for one in field[word]))
    if field.get("type") == "array":
        return f"list of {_value(part, field.get('items', {}))}"
    inner = field.get("additionalProperties") or next(iter(field.get("patternProperties", {}).values()), None)
    if field.get("type") == "object" and isinstance(inner, dict):
        return f"map of names to {_value(part, inner)}"
    kind = str(field.get("type", "any"))
    return " ".join(
        ["none" if kind == "null" else kind, *(f"{sign} {field[k]}" for k, sign in LIMITS.items() if k in field)]
    )


LIMITS = {"minimum": "≥", "exclusiveMinimum": ">", "maximum": "≤", "exclusiveMaximum": "<"}
"""Keyword of JSON Schema -> how it is shown."""


def _paragraphs(text: str) -> str:
    """A docstring without its list of attributes, which is the table."""
    return re.split(r"\n\n(?:Attributes|Raises):", text)[0].replace("\n", " ")


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
