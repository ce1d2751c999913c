import subprocess
import sys
import time

import pandas as pd
import pyarrow.parquet as pq
import pytest

ENUMERATED = "2 nodes: 1\n3 nodes: 6\n4 nodes: 84\n5 nodes: 2,441\n6 nodes: 62,010\n7 nodes: 359,082\nall: 423,624\n"


def command(*arguments):
    process = [sys.executable, "-m", "neural_predictor", *map(str, arguments)]
    return subprocess.run(process, capture_output=True, text=True, check=False)


@pytest.mark.shared_data
def test_identify_prints_the_official_hash_of_every_row(shared_data, tmp_path):
    real = pd.read_csv(shared_data / "nasbench101_val_15k.csv.gz", dtype=str).head(2000)
    path = tmp_path / "cells.csv"
    real.drop(columns="module_hash").to_csv(path, index=False)
    done = command("identify", "--space", "nasbench101", path)
    assert done.returncode == 0, done.stderr
    (tmp_path / "out.csv").write_text(done.stdout)
    out = pd.read_csv(tmp_path / "out.csv", dtype=str)
    assert out["architecture"].tolist() == real["module_hash"].tolist()
    assert out["adjacency"].tolist() == real["adjacency"].tolist()


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("01000100,input,conv3x3-bn-relu,output", "line 2: "),
        ("010001100,input,conv3x3-bn-relu,output", "line 2: "),
        ("010001000,input,conv5x5,output", "line 2: "),
    ],
)
def test_identify_names_the_line_that_is_no_cell(tmp_path, row, said):
    adjacency, operations = row.split(",", 1)
    path = tmp_path / "cells.csv"
    path.write_text(f'adjacency,operations\n{adjacency},"{operations}"\n')
    done = command("identify", "--space", "nasbench101", path)
    assert done.returncode == 2
    assert done.stderr.startswith(f"neural-predictor: {path}, {said}")
    assert done.stdout == ""


def test_identify_names_what_the_file_lacks(tmp_path):
    path = tmp_path / "cells.csv"
    path.write_text("matrix,operations\n1,2\n")
    assert (
        "no column adjacency; the space nasbench101 reads adjacency, operations"
        in command("identify", "--space", "nasbench101", path).stderr
    )
    assert "no such file" in command("identify", "--space", "nasbench101", tmp_path / "absent.csv").stderr
    assert (
        "unknown space 'darts'; known are nasbench-graph, nasbench101"
        in command("identify", "--space", "darts", path).stderr
    )


def test_other_spaces_read_their_own_text(tmp_path):
    path = tmp_path / "networks.csv"
    path.write_text('text,mine\n"0,0,1,3 gcn,gat,fc,gin",7\n')
    done = command("identify", "--space", "nasbench-graph", path)
    assert done.stdout == 'text,mine,architecture\n"0,0,1,3 gcn,gat,fc,gin",7,41072\n'


def test_enumerate_counts_without_a_file():
    start = time.monotonic()
    assert command("enumerate", "--space", "nasbench101").stdout == ENUMERATED
    assert time.monotonic() - start < 60


def test_enumerate_writes_the_space(tmp_path):
    path = tmp_path / "space.parquet"
    done = command("enumerate", "--space", "nasbench-graph", "--output", path)
    assert done.stdout == "6 nodes: 26,206\nall: 26,206\n"
    table = pq.read_table(path)
    assert table.column_names == ["architecture", "text", "nodes"]
    assert table.num_rows == 26_206
