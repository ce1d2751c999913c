"""Files of numbers and protocols, and the small print."""

import pandas as pd
import pytest

from neural_predictor.errors import FormatError
from neural_predictor.figures.results import caption, read_result, write_result
from neural_predictor.spaces.nasbench_graph import NasBenchGraphSpace
from neural_predictor.tables.benchmarks import BENCHMARKS
from support.figures import numbers_of
from support.searches import NAME, cascade, noisy, synthetic


@pytest.fixture(scope="module")
def table():
    """Synthetic metrics on a real space, two runs an architecture."""
    space = NasBenchGraphSpace(**BENCHMARKS[NAME].options)
    return synthetic(NAME, space, space.enumerate())


def test_results_come_back_and_equal_results_are_equal_files(tmp_path, study, make_table):
    frame, protocol = numbers_of("fig3", study, make_table())
    for name in ("a", "b"):
        write_result(frame, protocol, tmp_path / f"{name}.csv", tmp_path / f"{name}.json")
    assert (tmp_path / "a.csv").read_bytes() == (tmp_path / "b.csv").read_bytes()
    back, said = read_result(tmp_path / "a.csv", tmp_path / "a.json", ["kind", "signal"])
    assert said == protocol
    pd.testing.assert_frame_equal(back, frame, check_exact=False, rtol=1e-6, check_dtype=False)
    for name in ("a.csv", "a.json"):  # as an editor may save them
        (tmp_path / name).write_bytes(b"\xef\xbb\xbf" + (tmp_path / name).read_bytes())
    assert read_result(tmp_path / "a.csv", tmp_path / "a.json", ["kind", "signal"])[1] == protocol
    with pytest.raises(FormatError, match=r"a\.csv: no column median"):
        read_result(tmp_path / "a.csv", tmp_path / "a.json", ["median"])
    (tmp_path / "a.json").write_text("{}")
    with pytest.raises(FormatError, match=r"a\.json: not a result"):
        read_result(tmp_path / "a.csv", tmp_path / "a.json", ["kind"])


def test_the_caption_says_the_protocol(study, make_table):
    text = caption(numbers_of("fig3", study, make_table())[1])
    for part in (
        BENCHMARKS[NAME].title,
        "300 architectures",
        "one of 3 runs",
        "95% percentile bootstrap",
        "recorded no training time",
    ):
        assert part in text


@pytest.mark.parametrize("figure", ["fig1", "fig2", "fig5"])
def test_the_numbers_come_back_from_their_files(tmp_path, study, table, write_scores, figure):
    paths = write_scores(tmp_path, table, noisy(table)) + cascade(table, tmp_path, write_scores, noisy(table) > 0.7)
    frame, protocol = numbers_of(figure, study, table, scores=paths)
    write_result(frame, protocol, tmp_path / "a.csv", tmp_path / "a.json")
    back, said = read_result(tmp_path / "a.csv", tmp_path / "a.json", frame.columns)
    assert said == protocol
    pd.testing.assert_frame_equal(back.astype(frame.dtypes), frame, check_exact=False, rtol=1e-6)
