"""Pages are pure: the same numbers give the same bytes."""

from pathlib import Path

import pytest

from neural_predictor.errors import ConfigError
from neural_predictor.figures.entry_points import load
from neural_predictor.figures.registry import PAGES
from neural_predictor.figures.render import render
from neural_predictor.figures.results import write_result
from neural_predictor.figures.wanted import find
from support.frames import accepted, curves, frontier, observed, points

CURVES = ("fig4", "fig4-nlp", "fig7", "figA1")
MAKERS = dict.fromkeys(CURVES, curves) | {
    "fig3": points,
    "fig6": accepted,
    "fig-frontier": frontier,
    "fig9-nasbench-one": observed,
    "fig9-nlp": observed,
}


def drawn(name, frame, protocol, folder):
    """Bytes of the pages of an artefact, through the files of its numbers."""
    folder.mkdir(exist_ok=True)
    write_result(frame, protocol, folder / "a.csv", folder / "a.json")
    pages = {kind: folder / f"a.{kind}" for kind in PAGES[find(name).kind]}
    render(name, folder / "a.csv", folder / "a.json", pages)
    return {kind: path.read_bytes() for kind, path in pages.items()}


@pytest.mark.parametrize("figure", MAKERS)
def test_same_numbers_same_bytes_with_embedded_fonts(tmp_path, protocol, figure):
    panels = ("signal_by_samples", "target_by_samples") if figure in CURVES else ()
    frame = MAKERS[figure](*panels).reindex(columns=list(load(find(figure).page, "COLUMNS")))
    first, second = (drawn(figure, frame, protocol, tmp_path / name) for name in ("a", "b"))
    assert first == second
    assert b"/FontFile2" in first["pdf"]
    assert b"CreationDate" not in first["pdf"]


def test_an_unknown_figure_is_named():
    with pytest.raises(ConfigError, match="no figure or table 'fig99'; there are fig1, fig2, fig3"):
        render("fig99", Path("x"), Path("x"), {})


def test_a_page_of_another_kind_is_refused():
    with pytest.raises(ConfigError, match="fig3 is a figure: give --pdf and --png; given: --md"):
        render("fig3", Path("x"), Path("x"), {"md": Path("x")})
    with pytest.raises(ConfigError, match="table-mse is a table: give --md; given: nothing"):
        render("table-mse", Path("x"), Path("x"), {})
