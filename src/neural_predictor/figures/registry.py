"""Every figure and table of the project: one row each, and nothing else lists them.

Rules, commands, a study's fits, the report's captions, `make help`, and the gallery in docs/figures.md are made from
these rows. Entry points are strings, `<module of figures>:<function>`, so that whoever asks what there is
imports neither TensorFlow nor pandas; this module imports the standard library alone.

To add one: a folder `figures/<name>` (hyphens as underscores) with `numbers.py`, `page.py` and `caption.rst`, a row
here, and `neural-predictor write-lists`. `python -m neural_predictor.figures.registry` prints the targets.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from neural_predictor.figures import needs

if TYPE_CHECKING:
    from collections.abc import Callable

    from neural_predictor.config.study import Study
    from neural_predictor.fits.key import FitKey, SearchKey

PAGES = {"figure": ("pdf", "png"), "table": ("md",)}
"""Kind of an artefact -> the files that its page is written to, the first of them its target."""

BESIDE = ("csv", "protocol.json", "finding.rst")
"""Files of every artefact beside its page: its numbers, their protocol, and what is seen in them."""


@dataclass(frozen=True)
class Artefact:
    """One figure or table.

    Attributes:
        name: of its files, such as `fig7`. `fig9-{children}` stands for one figure for each of the study's `children`.
        kind: figure or table.
        about: what it shows, in half a sentence.
        numbers: entry point `(request.Request) -> (DataFrame, ProtocolRecord)`.
        page: entry point of a figure `(DataFrame, ProtocolRecord) -> Figure`, of a table `... -> str`, Markdown. Its
            module names the columns that it takes, `COLUMNS`, and says in plain sentences what is seen:
            `finding(DataFrame, ProtocolRecord) -> str`.
        section: key of the study that it needs; a study without this section does not make it. None: every study does.
        tables: names of the benchmarks whose tables it reads, by study and section, its own first.
        fits: the fits that it reads, with their number of repeats, by study and section.
        all_fits: whether it reads the fits of all others of the study too.
        times: whether it reads the seconds of its fits.
        searches: the runs of searches that it reads, with their number of repeats, by study and section.
        reads: other artefacts whose numbers it reads.
        choices: names of the sets of children whose choice by a predictor it reads, by section.
        also: those whose numbers it reads too, where the study makes them.
        shared: names of the supernets, of methods and drawn settings, whose files it reads, by study and section.
        made: whether a study makes it, by its section.
    """

    name: str
    kind: Literal["figure", "table"]
    about: str
    numbers: str
    page: str
    section: str | None = None
    tables: Callable[[Study, Any], list[str]] = needs.own
    fits: Callable[[Study, Any], dict[FitKey, int]] = needs.no_fits
    all_fits: bool = False
    times: bool = False
    searches: Callable[[Study, Any], dict[SearchKey, int]] = needs.no_searches
    reads: tuple[str, ...] = ()
    choices: Callable[[Any], list[str]] = needs.no_choices
    also: tuple[str, ...] = ()
    shared: Callable[[Study, Any], list[str]] = needs.no_supernets
    made: Callable[[Any], bool] = needs.always

    @property
    def each(self) -> bool:
        """Whether the row stands for a figure of each set of children."""
        return "{children}" in self.name

    @property
    def folder(self) -> str:
        """Folder in `figures` that holds its caption."""
        return self.name.replace("{", "").replace("}", "").replace("-", "_")

    @property
    def target(self) -> str:
        """Its file in `results/<study>/`."""
        return f"{self.name}.{PAGES[self.kind][0]}"


ARTEFACTS = (
    Artefact(
        "fig1",
        "figure",
        "building and applying the predictor, with the numbers of a real search",
        section="fig4",
        fits=needs.first_of_one_stage,
        numbers="fig1.numbers:run",
        page="fig1.page:draw",
    ),
    Artefact(
        "fig2",
        "figure",
        "how one architecture is encoded and predicted",
        section="fig4",
        fits=needs.first_of_one_stage,
        numbers="fig2.numbers:run",
        page="fig2.page:draw",
    ),
    Artefact(
        "fig3",
        "figure",
        "validation against test accuracy of every architecture, and the oracle",
        numbers="fig3.numbers:run",
        page="fig3.page:draw",
    ),
    Artefact(
        "fig4",
        "figure",
        "the predictor with one and two stages, regularized evolution, random search, oracle",
        section="fig4",
        fits=needs.compared,
        searches=needs.asked,
        numbers="fig4.numbers:run",
        page="fig4.page:draw",
    ),
    Artefact(
        "fig4-nlp",
        "figure",
        "the searches of fig4 among recurrent cells of NAS-Bench-NLP, whose loss is minimised",
        section="fig4_nlp",
        fits=needs.compared,
        searches=needs.asked,
        numbers="fig4.numbers:run",
        page="fig4.page:draw",
    ),
    Artefact(
        "fig4-{children}",
        "figure",
        "trained ProxylessNAS architectures: what the predictor chose of them against random ones",
        section="children",
        made=needs.has_choice,
        tables=needs.sample_and_chosen,
        numbers="fig4_children.numbers:run",
        page="fig4_children.page:draw",
    ),
    Artefact(
        "fig4-sharing",
        "figure",
        "choices of methods that share weights, of the predictor and of random search at equal compute",
        section="sharing",
        made=needs.has_against,
        tables=needs.sharing_sample_and_choices,
        fits=needs.against_sharing,
        times=True,
        shared=needs.every_method,
        numbers="fig4_sharing.numbers:run",
        page="fig4_sharing.page:draw",
    ),
    Artefact(
        "fig5",
        "figure",
        "the cascade of classifier and regressor, with the numbers of a real search",
        section="fig4",
        fits=needs.first_of_two_stages,
        numbers="fig5.numbers:run",
        page="fig5.page:draw",
    ),
    Artefact(
        "fig6",
        "figure",
        "the cascade's training architectures, and what its classifier accepts and rejects of all others",
        section="fig4",
        fits=needs.two_stages,
        numbers="fig6.numbers:run",
        page="fig6.page:draw",
    ),
    Artefact(
        "fig7",
        "figure",
        "N training architectures against K validated candidates, random search, oracle",
        section="fig7",
        fits=needs.every_size,
        numbers="fig7.numbers:run",
        page="fig7.page:draw",
    ),
    Artefact(
        "fig8",
        "figure",
        "the ProxylessNAS search space, and what its architectures cost",
        tables=needs.no_tables,
        numbers="fig8.numbers:run",
        page="fig8.page:draw",
    ),
    Artefact(
        "fig9-nasbench-one",
        "figure",
        "predicted against observed, one stage: training, validation, all unseen architectures",
        section="fig9",
        fits=needs.observed,
        numbers="fig9.numbers:run",
        page="fig9.page:draw",
    ),
    Artefact(
        "fig9-nasbench-two",
        "figure",
        "predicted against observed, two stages, likewise",
        section="fig9",
        made=needs.has_both_stages,
        fits=needs.observed_two_stages,
        numbers="fig9.numbers:run",
        page="fig9.page:draw",
    ),
    Artefact(
        "fig9-nlp",
        "figure",
        "predicted against observed loss of recurrent cells",
        section="fig9_nlp",
        fits=needs.observed,
        numbers="fig9.numbers:run",
        page="fig9.page:draw",
    ),
    Artefact(
        "fig9-{children}",
        "figure",
        "trained ProxylessNAS architectures: predicted against observed, how far labels agree",
        section="children",
        tables=needs.sample,
        fits=needs.folds,
        numbers="fig9_children.numbers:run",
        page="fig9_children.page:draw",
    ),
    Artefact(
        "fig10",
        "figure",
        "predicted accuracy against cost of all candidates, the predicted front, what was trained, the true front",
        section="frontier",
        tables=needs.of_front,
        choices=needs.front_choices,
        numbers="fig10.numbers:run",
        page="fig10.page:draw",
    ),
    Artefact(
        "fig11",
        "figure",
        "how much of the true front each search finds, by the number of trainings",
        section="frontier",
        made=needs.has_true_front,
        numbers="fig11.numbers:run",
        page="fig11.page:draw",
    ),
    Artefact(
        "figA1",
        "figure",
        "the graph convolutional predictor against other predictors of the same architectures",
        section="figa1",
        fits=needs.compared,
        searches=needs.asked,
        numbers="fig4.numbers:run",
        page="fig4.page:draw",
    ),
    Artefact(
        "figA1-tau",
        "figure",
        "Kendall tau of all predictors against N, and the seconds that they take",
        section="figa1_tau",
        tables=needs.listed,
        fits=needs.learning_curves,
        times=True,
        numbers="figA1_tau.numbers:run",
        page="figA1_tau.page:draw",
    ),
    Artefact(
        "fig-frontier",
        "figure",
        "for every N, the total N + K that passes random search's whole budget",
        section="fig7",
        reads=("fig7",),
        numbers="fig_frontier.numbers:run",
        page="fig_frontier.page:draw",
    ),
    Artefact(
        "fig-audit",
        "figure",
        "what defects of earlier code do to a figure's main number, each alone and all together",
        section="audit",
        fits=needs.audited,
        numbers="fig_audit.numbers:run",
        page="fig_audit.page:draw",
    ),
    Artefact(
        "fig-rounds",
        "figure",
        "trainings and questions that searches need for a level, by how many they train side by side",
        section="fig_rounds",
        searches=needs.every_batch,
        numbers="fig_rounds.numbers:run",
        page="fig_rounds.page:draw",
    ),
    Artefact(
        "fig-tuning",
        "figure",
        "what searches find with hyper-parameters drawn from ranges: the price of not tuning",
        section="fig_tuning",
        searches=needs.every_setting,
        numbers="fig_tuning.numbers:run",
        page="fig_tuning.page:draw",
    ),
    Artefact(
        "fig-sharing",
        "figure",
        "how methods that share weights rank architectures that were trained alone",
        section="sharing",
        tables=needs.sharing_sample,
        shared=needs.every_method,
        numbers="fig_sharing.numbers:run",
        page="fig_sharing.page:draw",
    ),
    Artefact(
        "fig-sharing-tuning",
        "figure",
        "what methods that share weights find with hyper-parameters drawn from ranges",
        section="sharing",
        made=needs.has_tuning,
        tables=needs.sharing_sample,
        shared=needs.every_supernet,
        numbers="fig_sharing_tuning.numbers:run",
        page="fig_sharing_tuning.page:draw",
    ),
    Artefact(
        "fig-bridge",
        "figure",
        "whether scores by shared weights help a predictor as one more feature, by N",
        section="sharing",
        made=needs.has_bridge,
        tables=needs.sharing_sample,
        shared=needs.every_method,
        numbers="fig_bridge.numbers:run",
        page="fig_bridge.page:draw",
    ),
    Artefact(
        "table-efficiency",
        "table",
        "samples that each search needs for what evolution ends with, by validation and by test",
        section="fig4",
        fits=needs.compared,
        numbers="table_efficiency.numbers:run",
        page="table_efficiency.page:markdown",
    ),
    Artefact(
        "table-methods",
        "table",
        "the slides' table of methods with numbers: efficiency, friendliness to tuning, parallelism",
        section="table_methods",
        searches=needs.of_methods,
        also=("fig-sharing",),
        numbers="table_methods.numbers:run",
        page="table_methods.page:markdown",
    ),
    Artefact(
        "table-metrics",
        "table",
        "MSE, Kendall tau and R2 of each set of fig9, beside the replication's",
        section="fig9",
        tables=needs.of_kind,
        fits=needs.observed_of_kind,
        numbers="table_metrics.numbers:run",
        page="table_metrics.page:markdown",
    ),
    Artefact(
        "table-frontier",
        "table",
        "regret of every search under bounds of the cost, beside random search within each bound",
        section="frontier",
        made=needs.has_true_front,
        reads=("fig11",),
        numbers="table_frontier.numbers:run",
        page="table_frontier.page:markdown",
    ),
    Artefact(
        "table-mse",
        "table",
        "the error of one stage against that of two, on the same architectures, beside the paper's",
        section="fig4",
        fits=needs.both_stages,
        numbers="table_mse.numbers:run",
        page="table_mse.page:markdown",
    ),
    Artefact(
        "table-tau",
        "table",
        "Kendall tau, error and R2 of the predictors on the rest of the space",
        section="table_tau",
        tables=needs.every_table,
        fits=needs.split,
        all_fits=True,
        numbers="table_tau.numbers:run",
        page="table_tau.page:markdown",
    ),
)


def main() -> None:
    """Print every target and what it shows, as `make help` does; a study makes those whose section it has."""
    for row in ARTEFACTS:
        target = f"results/{row.target}".replace("{children}", "<children>")
        print(f"make {target:<31}{row.about}")


if __name__ == "__main__":
    main()
