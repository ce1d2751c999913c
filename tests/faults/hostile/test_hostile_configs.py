"""Altered configuration files."""

from pathlib import Path

import pytest
import yaml
from hostile_guard import Format, check, formats, refusal
from hostile_mutations import JSON_VALUES, altered_bytes, altered_text
from hypothesis import strategies as st

from neural_predictor.config.project import Config, Sources
from neural_predictor.config.study import Study
from neural_predictor.config.yaml_files import load

ROOT = Path(__file__).parents[3]
LAUGHS = "[&a [x,x,x,x,x,x,x,x,x], " + ", ".join(
    f"&{chr(98 + k)} [{','.join([f'*{chr(97 + k)}'] * 9)}]" for k in range(9)
)
YAML_VALUES = (
    *JSON_VALUES,
    *('!!python/object/apply:os.system ["touch ran"]', '!!python/object/new:os.system ["touch ran"]'),
    *("!!python/name:os.system", "!!python/module:os", "!!python/object/apply:eval [\"open('ran','w')\"]"),
    *('!!int ""', '!!float ""', "!!timestamp x", "!!bool x", "!!null x", "!!binary é", "!!set {a}", "!!omap [a]"),
    *("!!pairs [a]", "!unknown x", "*nowhere", "&a [*a]", "{? {a: b} : c}", "{? [a] : c}", "{<<: 1}", "{<<: [1]}"),
    *(
        "0x" + "f" * 5000,
        ":".join(["59"] * 3000),
        "9999-99-99",
        "2001-01-01 99:99:99",
        "0b",
        "0x",
        "1_",
        ".inf",
        ".nan",
    ),
    *(
        "2001-01-01",
        "2001-01-01T00:00:00+99:99",
        LAUGHS + "]",
        "0o9",
        "~",
        "[a: b, c]",
        "{a, b}",
        "{" + "a: 1, " * 9 + "}",
    ),
    *(
        "\ufffe",
        "\x85",
        "%YAML 9.9",
        "--- \n---",
        "'",
        "|",
        ">",
        "@",
        "`",
        "\t- x",
        "{" + ",".join(f"k{k}: 1" for k in range(2000)) + "}",
    ),
)


def form(name, file, model, lines=None):
    text = "".join((ROOT / "config" / file).read_text().splitlines(keepends=True)[:lines])
    altered = altered_text(yaml.safe_load(text), YAML_VALUES).map(lambda text: text.encode("utf-8", "surrogatepass"))
    return Format(
        name,
        Path(file).name,
        text.encode(),
        lambda path: load(model, path),
        st.one_of(altered, altered, altered_bytes(text.encode())),
    )


@formats(
    form("YAML, config", "config.yaml", Config),
    form("YAML, study", "studies/smoke-v1.yaml", Study),
    form("YAML, sources", "sources.yaml", Sources, 17),
)
def test_altered(form, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    check(form, tmp_path)


@pytest.mark.parametrize(
    "text",
    [
        "study: !!python/object/apply:os.system ['touch ran']",
        f"study: {LAUGHS}]",
        "a: &a {b: *a}",
        "study: " + "[" * 500_000,
        "".join(f"key{k}: 1\n" for k in range(300_000)),
        "study: 0x" + "f" * 9000,
        "study: " + ":".join(["59"] * 9000),
    ],
    ids=["code", "laughs", "circle", "deep", "long", "hexadecimal", "sexagesimal"],
)
def test_refused_at_once_and_nothing_is_run(text, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "config.yaml"
    path.write_text(text)
    assert refusal(lambda path: load(Config, path), path)
    assert not (tmp_path / "ran").exists()
