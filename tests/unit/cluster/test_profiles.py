"""Profiles hold keys that Snakemake has, name rules that there are, and every job asks for more when it is retried."""

import re
from pathlib import Path

import pytest
import yaml
from snakemake.cli import get_argument_parser

ROOT = Path(__file__).parents[3]
RULES = {path.stem: path.read_text() for path in (ROOT / "workflow/rules").glob("*.smk")}


def rules():
    """Name -> text of every rule."""
    found = {}
    for text in RULES.values():
        for part in re.split(r"(?m)^(?=(?:    )?rule\b)", text)[1:]:
            found[re.match(r"\s*rule ?(\w*)", part)[1]] = part
    return found


@pytest.mark.parametrize("name", ["default", "slurm", "generic"])
def test_snakemake_takes_every_key(name, tmp_path):
    settings = yaml.safe_load((ROOT / f"profiles/{name}/config.yaml").read_text())
    # The executor's own keys are known where it is installed alone; tests/workflow/test_cluster.py has them there.
    executor = settings.pop("executor", "local")
    general = {key: value for key, value in settings.items() if not key.startswith(f"{executor}-")}
    path = tmp_path / "config.yaml"
    path.write_text(yaml.safe_dump(general))
    taken = get_argument_parser(profiles=[tmp_path]).parse_args([])
    assert [key for key in general if not getattr(taken, key.replace("-", "_"))] == []
    path.write_text(yaml.safe_dump(general | {"retriez": 2}))
    with pytest.raises(SystemExit):
        get_argument_parser(profiles=[tmp_path]).parse_args([])


@pytest.mark.parametrize("name", ["slurm", "generic"])
def test_profiles_name_the_rules_that_need_a_gpu(name):
    need = [rule for rule, text in rules().items() if re.search(r"^\s+gpu=", text, re.MULTILINE)]
    text = (ROOT / f"profiles/{name}/config.yaml").read_text()
    assert set(need) == {"fit_predictor", "probe_device", "train_children", "train_supernet", "choose_children"}
    assert [rule for rule in need if not re.search(rf"\b{rule}\b", text)] == []
    known = rules()
    assert [rule for rule in re.findall(r"^#   (\w+):$", text, re.MULTILINE) if rule not in known] == []


def test_every_job_of_a_cluster_asks_for_more_when_it_is_retried():
    submitted = {rule: text for rule, text in rules().items() if "localrule: True" not in text}
    assert len(submitted) > 6
    for resource in ("mem_mb", "runtime"):
        assert [rule for rule, text in submitted.items() if f"{resource}=growing(" not in text] == []
