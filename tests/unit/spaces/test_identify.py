"""`identify` on CSV files from practice: nothing of the user's is lost, lines are named rightly."""

import gzip
import io

import pandas as pd
import pytest

from neural_predictor.errors import UserError
from neural_predictor.spaces.files import enumerate_to, identify_csv

IDENTITY = "b49ac8c578b4561d79ac7087988f1c61"
CELL = '010001000,"input,conv3x3-bn-relu,output"'


@pytest.fixture
def identify(tmp_path):
    """Identifies the rows of a CSV of this text or these bytes."""

    def identified(content, space="nasbench101"):
        path = tmp_path / "a.csv"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        out = io.BytesIO()
        identify_csv(path, space, out)
        return out.getvalue().decode()

    return identified


def test_a_column_of_the_same_name_is_kept(identify, caplog):
    found = identify(f"architecture,adjacency,operations\nmy-net-1,{CELL}\n")
    assert found == f"architecture,adjacency,operations,identity\nmy-net-1,{CELL},{IDENTITY}\n"
    found = identify(f"Architecture ,adjacency,operations\nmy-net-1,{CELL}\n")
    assert found.splitlines()[0] == "Architecture ,adjacency,operations,identity"
    with pytest.raises(UserError, match="has the columns architecture and identity; rename or drop one"):
        identify(f"architecture,identity,adjacency,operations\n1,2,{CELL}\n")


@pytest.mark.parametrize("note", ["größer", "a\rb", "a\r\nb", '"', ",", "", " x ", "\u2028"])
def test_every_text_of_another_column_is_read_back(identify, note):
    quoted = note.replace('"', '""')
    found = identify(f'adjacency,operations,note\n{CELL},"{quoted}"\n')
    table = pd.read_csv(io.StringIO(found, newline=""), dtype=str, keep_default_na=False)
    assert table.to_dict("records") == [
        {"adjacency": "010001000", "operations": "input,conv3x3-bn-relu,output", "note": note, "architecture": IDENTITY}
    ]


@pytest.mark.parametrize(
    ("before", "line"), [("", 3), ("\n", 4), ("\r\n\r\n", 5), (",,\n", 4), ('0100,"input,output","a\nb\rc"\n', 6)]
)
def test_the_line_of_a_fault_is_right_after_others(identify, before, line):
    with pytest.raises(UserError, match=rf"a\.csv, line {line}: unknown operation 'gelu'"):
        identify(f'adjacency,operations,note\n{CELL},x\n{before}010001000,"input,gelu,output",y\n')


def test_columns_that_are_ambiguous_are_refused(identify):
    with pytest.raises(UserError, match="more than one column adjacency; allowed is one of each name"):
        identify(f"adjacency,operations,adjacency\n{CELL},0100\n")
    with pytest.raises(UserError, match="'adjacency', 'Adjacency ' are all the same name; keep one"):
        identify(f"adjacency,operations,Adjacency \n{CELL},0100\n")


@pytest.mark.parametrize(
    "content",
    [
        f"\ufeff adjacency, Operations\r\n{CELL}\r\n".encode(),
        b"adjacency;operations\n010001000;input,conv3x3-bn-relu,output\n",
        "sep=\t\nadjacency\toperations\n010001000\tinput,conv3x3-bn-relu,output\n".encode("utf-16"),
        gzip.compress(f"adjacency,operations\n{CELL}\n".encode(), mtime=0),
        b"adjacency,operations\n\"[[0, 1, 0], [0, 0, 1], [0, 0, 0]]\",\"['input', 'conv3x3-bn-relu', 'output']\"\n",
        b"adjacency,operations\n010001000,['input' 'conv3x3-bn-relu' 'output']\n",
    ],
    ids=["blanks and capitals", "semicolons", "UTF-16", "gzip", "Python lists", "NumPy text"],
)
def test_forms_of_csv_are_read_as_a_ranking_reads_them(identify, content):
    header, row = identify(content).splitlines()
    assert header.endswith(",architecture")
    assert row.endswith(f",{IDENTITY}")


def test_columns_without_a_name_are_carried(identify):
    assert identify(f",adjacency,operations,\n0,{CELL},x\n") == (
        f"column_1,adjacency,operations,column_4,architecture\n0,{CELL},x,{IDENTITY}\n"
    )


def test_a_wide_value_is_carried(identify):
    assert "1" * 200_000 in identify(f"adjacency,operations,log\n{CELL},{'1' * 200_000}\n")


def test_a_header_without_rows_is_carried(identify):
    assert identify("adjacency,operations\n") == "adjacency,operations,architecture\n"


def test_a_file_that_cannot_be_written_is_told_before_a_space_is_enumerated(tmp_path, monkeypatch):
    from neural_predictor.spaces import files

    monkeypatch.setattr(files, "make_space", None)
    with pytest.raises(UserError, match="a folder stands at this place"):
        enumerate_to("nasbench101", tmp_path)
