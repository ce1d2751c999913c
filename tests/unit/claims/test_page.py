"""The page of claims: readable, whole, and on one file."""

import re

import pandas as pd
import pytest

from neural_predictor.claims.judge import VERDICTS
from neural_predictor.claims.page import render
from neural_predictor.errors import FormatError
from support.verdicts import verdicts


def test_one_study(tmp_path):
    path = verdicts(tmp_path / "mine-v1", "mine-v1")
    html, md = path.with_suffix(".html"), path.with_suffix(".md")
    render([path], html, md)
    page = html.read_text()
    assert [page.index(text) for text in ("What holds", "What does not", "What cannot be told")] < [
        page.index("<article")
    ] * 3
    assert "Claim &lt;0&gt;" in page
    assert "<script" not in page
    assert not re.search(r"https?://", page)
    assert page.count('src="fig4.png" alt="fig4: ') == 3
    assert {'href="fig4.csv"', 'href="fig4.png"', 'href="#claim-0"'} <= set(re.findall(r'href="[^"]*"', page))
    assert "None" not in page
    text = md.read_text()
    assert "| Claim <0> | Wen et al., ECCV 2020, Fig. 4 | over 20 | not given | **holds**: 0.95 [0.93, 0.96]" in text
    assert len([line for line in text.splitlines() if line.startswith("| Claim")]) == len(VERDICTS)


def test_several_studies_side_by_side(tmp_path):
    paths = [verdicts(tmp_path / name, name) for name in ("a-v1", "b-v1")]
    render(paths, tmp_path / "claims.html", tmp_path / "claims.md")
    page = (tmp_path / "claims.html").read_text()
    assert {'href="a-v1/fig4.csv"', 'href="b-v1/fig4.csv"'} <= set(re.findall(r'href="[^"]*"', page))
    assert page.count("<article") == len(VERDICTS)
    assert "| a-v1 | b-v1 |" in (tmp_path / "claims.md").read_text()


def test_what_is_measured_is_said_by_study_where_it_differs(tmp_path):
    paths = [verdicts(tmp_path / name, name) for name in ("a-v1", "b-v1", "c-v1")]
    frame = pd.read_csv(paths[1])
    frame.loc[0, "measured"] = "more, N = 43"
    frame.to_csv(paths[1], index=False)
    render(paths, tmp_path / "claims.html", tmp_path / "claims.md")
    said = re.findall(r"<dt>Measured</dt><dd>(.*?)</dd>", (tmp_path / "claims.html").read_text())
    assert sum("more, N = 43 (b-v1)" in text and "(a-v1, c-v1)" in text for text in said) == 1
    assert sum("(b-v1)" in text for text in said) == 1


def test_the_report_is_linked_where_it_is(tmp_path):
    path = verdicts(tmp_path / "a-v1", "a-v1")
    for there in (False, True):
        render([path], tmp_path / "claims.html", tmp_path / "claims.md")
        assert ('<a href="report.html">the report</a>' in (tmp_path / "claims.html").read_text()) == there
        (tmp_path / "report.html").touch()


def test_a_file_of_something_else_is_refused(tmp_path):
    path = tmp_path / "claims.csv"
    path.write_text("a,b\n1,2\n")
    with pytest.raises(FormatError, match=r"claims\.csv: not a file of verdicts .*run its rule again"):
        render([path], tmp_path / "claims.html", tmp_path / "claims.md")
