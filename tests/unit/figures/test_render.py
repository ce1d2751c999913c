"""Pages are pure: the same numbers give the same bytes."""

from pathlib import Path

import matplotlib as mpl
import pytest

from neural_predictor.errors import ConfigError
from neural_predictor.figures.artefact import PAGES
from neural_predictor.figures.entry_points import load
from neural_predictor.figures.render import render
from neural_predictor.figures.results import write_result
from neural_predictor.figures.wanted import find
from support.frames import accepted, curves, defects, frontier, observed, points

CURVES = ("fig4", "fig4-nlp", "fig7", "figA1")
MAKERS = dict.fromkeys(CURVES, curves) | {
    "fig3": points,
    "fig6": accepted,
    "fig-frontier": frontier,
    "fig-audit": defects,
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


@pytest.mark.parametrize("figure", ["fig3", "fig7", "fig-frontier"])
def test_no_matplotlibrc_has_a_say(tmp_path, protocol, figure):
    panels = ("signal_by_samples", "target_by_samples") if figure in CURVES else ()
    frame = MAKERS[figure](*panels).reindex(columns=list(load(find(figure).page, "COLUMNS")))
    plain = drawn(figure, frame, protocol, tmp_path / "plain")
    users = {"text.usetex": True, "font.family": "serif", "axes.prop_cycle": mpl.cycler(color="rgb"), "figure.dpi": 37}
    users |= {"savefig.bbox": "tight", "savefig.transparent": True, "axes.facecolor": "black", "text.color": "red"}
    users |= {"pdf.compression": 0, "axes.formatter.use_locale": True, "lines.linestyle": ":", "path.simplify": False}
    with mpl.rc_context(users):
        assert drawn(figure, frame, protocol, tmp_path / "users") == plain


@pytest.mark.parametrize(("name", "meant"), [("fig77", "fig7"), ("FIG7", "fig7"), ("table-taus", "table-tau")])
def test_an_unknown_figure_is_named_with_the_nearest(name, meant):
    said = rf"no figure or table '{name}' \(did you mean {meant}\?\); there are fig1, fig2, fig3"
    with pytest.raises(ConfigError, match=said):
        render(name, Path("x"), Path("x"), {})


def test_a_page_of_another_kind_is_refused():
    with pytest.raises(ConfigError, match="fig3 is a figure: give --pdf and --png; given: --md"):
        render("fig3", Path("x"), Path("x"), {"md": Path("x")})
    with pytest.raises(ConfigError, match="table-mse is a table: give --md; given: nothing"):
        render("table-mse", Path("x"), Path("x"), {})
