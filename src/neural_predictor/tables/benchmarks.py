"""The benchmarks that the project can read: which source, which space, how many architectures."""

from __future__ import annotations

from dataclasses import dataclass, field
from importlib import import_module
from typing import TYPE_CHECKING, Any

from neural_predictor.errors import TableError
from neural_predictor.spaces import make_space

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from neural_predictor.spaces import SearchSpace
    from neural_predictor.tables.table import BenchmarkTable


@dataclass(frozen=True)
class Benchmark:
    """One benchmark.

    Attributes:
        title: name for figures and reports.
        source: its row in config/sources.yaml.
        size: number of architectures.
        space: name of the search space in `spaces.SPACES`.
        reader: module of this package with `read(benchmark name, raw file, progress=...) -> BenchmarkTable`.
        logs: whether the raw file holds logs, of which the reader leaves some out where it may: `read(tolerate=...)`.
        endless: whether the space cannot be enumerated, so that a table holds only a sample of it.
        options: what the space's constructor takes for this benchmark.
        note: what a caption must say of it.
    """

    title: str
    source: str
    size: int
    space: str
    reader: str
    logs: bool = False
    endless: bool = False
    options: Mapping[str, Any] = field(default_factory=dict)
    note: str = ""

    def read(
        self, name: str, path: Path, *, progress: Callable[[int, int], None] | None = None, tolerate: int = 0
    ) -> BenchmarkTable:
        """The raw file as a table.

        Args:
            name: name of the benchmark.
            path: the raw file.
            progress: is called with (bytes done, bytes in all).
            tolerate: how many logs may be left out since they do not follow the format.

        Raises:
            TableError: if logs are tolerated in a file that holds none.
        """
        if tolerate and not self.logs:
            having = ", ".join(other for other, benchmark in BENCHMARKS.items() if benchmark.logs)
            raise TableError(
                f"{path}: the raw file of {name} holds no logs, but {tolerate} may be left out; expected 0 "
                f"(benchmarks with logs: {having})"
            )
        more = {"tolerate": tolerate} if self.logs else {}
        table: BenchmarkTable = import_module(self.reader).read(name, path, progress=progress, **more)
        return table


_GRAPHS = {
    "cora": "Cora",
    "citeseer": "CiteSeer",
    "pubmed": "PubMed",
    "cs": "Coauthor CS",
    "physics": "Coauthor Physics",
    "photo": "Amazon Photo",
    "computers": "Amazon Computers",
    "arxiv": "ogbn-arxiv",
    "proteins": "ogbn-proteins",
}
_PROTEINS = ("gcn", "sage", "arma", "fc", "skip")

BENCHMARKS = {
    f"nasbench-graph-{key}": Benchmark(
        title=f"NAS-Bench-Graph, {title}",
        source=f"nasbench-graph-{key}",
        size=2_021 if key == "proteins" else 26_206,
        space="nasbench-graph",
        reader="neural_predictor.tables.nasbench_graph",
        options={"allowed": _PROTEINS} if key == "proteins" else {},
        note="NAS-Bench-Graph trained each architecture once and recorded no training time.",
    )
    for key, title in _GRAPHS.items()
} | {
    name: Benchmark(
        title=title,
        source=name,
        size=423_624,
        space="nasbench101",
        reader="neural_predictor.tables.nasbench101.reader",
    )
    for name, title in (("nasbench101", "NAS-Bench-101"), ("nasbench101-full", "NAS-Bench-101, all training budgets"))
}
# Size: for Penn Treebank the runs that are OK. Some have a cell in common, so that there are fewer architectures.
BENCHMARKS |= {
    name: Benchmark(
        title=f"NAS-Bench-NLP, {title}",
        source=name,
        size=size,
        space="nasbench-nlp",
        reader="neural_predictor.tables.nasbench_nlp.reader",
        logs=True,
        endless=True,
        note="Recipes that differ only by names and orders are one architecture, and their runs its repeats.",
    )
    for name, title, size in (
        ("nasbench-nlp", "Penn Treebank", 11_598),
        ("nasbench-nlp-wikitext2", "WikiText-2", 263),
    )
}
BENCHMARKS["accel-nasbench"] = Benchmark(
    title="Accel-NASBench, ImageNet",
    source="accel-nasbench",
    size=5_123,
    space="mnasnet",
    reader="neural_predictor.tables.accel_nasbench",
    endless=True,
    note="Accel-NASBench trained each architecture once, by a recipe made cheap (16 epochs on images of 160 and 192 "
    "pixels): accuracies lie some ten points below those of full trainings. There is no test accuracy: the top-1 "
    "accuracy on ImageNet's validation images is what searches see and what is reported.",
)


def benchmark_of(table: BenchmarkTable) -> Benchmark:
    """What figures say of a table: the benchmark of its name, or for another table what its provenance says.

    A table of one's own, such as one of children, has `title` in its provenance. It holds a sample of its space.
    """
    if table.name in BENCHMARKS:
        return BENCHMARKS[table.name]
    title = str(table.provenance.get("title", table.name))
    return Benchmark(title, table.name, len(table), table.space, reader="", endless=True)


def space_of(table: BenchmarkTable) -> SearchSpace:
    """The search space of a table, with the operations of its data set."""
    return make_space(table.space, **benchmark_of(table).options)
