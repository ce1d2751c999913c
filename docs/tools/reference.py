"""A hook of MkDocs: the pages of the command line and of the configuration, made from the code at build time."""

from __future__ import annotations

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
    return re.sub(r"^\*\*(\w+)\*\*:", r"**\1**", text, flags=re.MULTILINE)


def models() -> Iterator[str]:
    """A table of keys for each file and each section of the configuration files."""
    for file, whole in schema().items():
        yield f"## `{file}`\n"
        yield from _table(whole)
        for name, model in whole.get("$defs", {}).items():
            yield f"### {name} {{ #{file}-{name.lower()} }}\n"
            yield from _table(model, file)


def _table(model: dict[str, Any], file: str = "") -> Iterator[str]:
    """What a model is for, and a row a key."""
    yield _paragraphs(model.get("description", "")) + "\n"
    if "properties" not in model:
        return
    required = model.get("required", [])
    yield "| key | value | default | what |\n|---|---|---|---|"
    for key, field in model["properties"].items():
        default = "required" if key in required else f"`{field['default']}`" if "default" in field else ""
        yield f"| `{key}` | {_value(field)} | {_cell(default)} | {_cell(field.get('description', ''))} |"
    yield ""


def _paragraphs(text: str) -> str:
    """A docstring without its list of attributes, which is the table."""
    return re.split(r"\n\n(?:Attributes|Raises):", text)[0].replace("\n", " ")


def _value(field: dict[str, Any]) -> str:
    """The type of a key, in words."""
    if "$ref" in field:
        return str(field["$ref"].rpartition("/")[2])
    if "const" in field or "enum" in field:
        return ", ".join(f"`{one}`" for one in field.get("enum", [field.get("const")]))
    for word in ("anyOf", "oneOf", "allOf"):
        if word in field:
            return " or ".join(dict.fromkeys(_value(one) for one in field[word]))
    if field.get("type") == "array":
        return f"list of {_value(field.get('items', {}))}"
    if field.get("type") == "object" and isinstance(field.get("additionalProperties"), dict):
        return f"map of names to {_value(field['additionalProperties'])}"
    limits = [f"{sign} {field[name]}" for name, sign in LIMITS.items() if name in field]
    return " ".join([{"null": "none"}.get(str(field.get("type", "any")), str(field.get("type", "any"))), *limits])


LIMITS = {"minimum": "≥", "exclusiveMinimum": ">", "maximum": "≤", "exclusiveMaximum": "<"}


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
