"""What runs before each job's command."""

import os
import subprocess

import pytest

from neural_predictor.workflow.jobs import shell_prefix


@pytest.mark.parametrize(("users", "level"), [({}, "0"), ({"TF_CPP_MIN_LOG_LEVEL": "2"}, "2")])
def test_logs_of_rules_keep_what_tensorflow_writes_and_any_folder_will_do(users, level):
    root = """/srv/it's 100% "mine" $x {y}"""
    prefix = shell_prefix(root, []).format()  # as Snakemake fills it in
    plain = {name: value for name, value in os.environ.items() if not name.startswith("TF_")} | {"PYTHONPATH": "own"}
    script = prefix + 'printf "%s\\n" "$TF_CPP_MIN_LOG_LEVEL" "$NEURAL_PREDICTOR_ROOT" "$PYTHONPATH"'
    done = subprocess.run(["bash", "-c", script], env=plain | users, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == [level, root, f"{root}/src:own"]
