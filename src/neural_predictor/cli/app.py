"""The command `neural-predictor`: one thin command a stage, the one that the workflow's rule of that name calls.

Nothing heavy is imported before a command needs it: `--help` does not wait for TensorFlow.
"""

from __future__ import annotations

import json
import logging
import os
import sys
from importlib.util import find_spec
from io import TextIOWrapper
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from neural_predictor.cli import children as cli_children
from neural_predictor.cli import claims as cli_claims
from neural_predictor.cli import device as cli_device
from neural_predictor.cli import latency as cli_latency
from neural_predictor.cli import manifest as cli_manifest
from neural_predictor.cli import rank as cli_rank
from neural_predictor.cli import sharing as cli_sharing
from neural_predictor.cli import suggest as cli_suggest
from neural_predictor.errors import UserError
from neural_predictor.io.garbage import collect_rarely
from neural_predictor.io.logs import PACKAGE_LOGGER, end_log, set_up_log

logger = logging.getLogger(__name__)


class LogOptionsFirst(TyperGroup):
    """Commands that take the options of the log behind their names too."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Move the options of the log before the command, where they belong."""
        moved = [argument for argument in args if argument in ("--quiet", "--verbose")]
        return super().parse_args(ctx, [*moved, *(argument for argument in args if argument not in moved)])


app = typer.Typer(
    cls=LogOptionsFirst,
    help="Figures and predictors of 'Neural Predictor for Neural Architecture Search'.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)

app.add_typer(cli_children.app)
app.add_typer(cli_claims.app)
app.add_typer(cli_device.app)
app.add_typer(cli_latency.app)
app.add_typer(cli_manifest.app)
app.add_typer(cli_rank.app)
app.add_typer(cli_sharing.app)
app.add_typer(cli_suggest.app)

Root = Annotated[Path, typer.Option(envvar="NEURAL_PREDICTOR_ROOT", help="Folder that holds config/.")]
StudyName = Annotated[str, typer.Option("--study", help="Name of the study, a file in config/studies.")]
Table = Annotated[Path, typer.Option("--table", help="Benchmark table (Parquet).")]
SpaceName = Annotated[
    str, typer.Option("--space", help="nasbench101, nasbench-graph, proxylessnas, nasbench-nlp or mnasnet.")
]
Csv = Annotated[Path, typer.Option("--csv", help="Tidy numbers.")]
ProtocolJson = Annotated[Path, typer.Option("--protocol", help="Protocol of the numbers.")]
HERE = Path()


@app.callback(invoke_without_command=True)
def top(
    version: Annotated[bool, typer.Option("--version", help="Print the version and leave.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="Log errors only, and show no progress.")] = False,
    verbose: Annotated[
        bool, typer.Option("--verbose", help="Log more, also of TensorFlow, and of an error where it was raised.")
    ] = False,
) -> None:
    """Commands of the stages, in the order in which data flow."""
    if version:
        from neural_predictor import __version__

        typer.echo(__version__)
        raise typer.Exit
    if quiet and verbose:
        raise typer.BadParameter("--quiet and --verbose exclude each other: give one of them")
    if verbose:
        os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "0")
    set_up_log(logging.ERROR if quiet else logging.DEBUG if verbose else logging.INFO)


@app.command()
def fetch_source(
    source: Annotated[str, typer.Argument(help="Name of the source in config/sources.yaml.")],
    output: Annotated[Path, typer.Option(help="Where the raw file shall be.")],
    local: Annotated[Path | None, typer.Option(help="A file of yours to use instead.")] = None,
    root: Root = HERE,
) -> None:
    """Find, link or download a raw file and check it."""
    from neural_predictor.config.project import Sources
    from neural_predictor.config.yaml_files import load
    from neural_predictor.errors import SourceError
    from neural_predictor.sources.fetch import fetch

    path = root / "config/sources.yaml"
    sources = load(Sources, path).sources
    if source not in sources:
        raise SourceError(f"{path}: no source {source!r}; known are {', '.join(sources)}")
    fetch(source, sources[source], output, local)


@app.command()
def build_table(
    benchmark: Annotated[str, typer.Argument(help="Name of the benchmark, such as nasbench-graph-cs.")],
    raw: Annotated[Path, typer.Option(help="Raw file of the benchmark.")],
    output: Annotated[Path, typer.Option(help="Where the table (Parquet) shall be.")],
    tolerate: Annotated[int, typer.Option(min=0, help="Logs that may be left out: they are not of the format.")] = 0,
) -> None:
    """Read a benchmark's raw file into a table."""
    from neural_predictor.errors import TableError
    from neural_predictor.io.progress import progress
    from neural_predictor.tables.benchmarks import BENCHMARKS
    from neural_predictor.tables.table import write_table

    if benchmark not in BENCHMARKS:
        raise TableError(f"unknown benchmark {benchmark!r}; known are {', '.join(BENCHMARKS)}")
    with progress(f"read {benchmark}", raw.stat().st_size if raw.exists() else 0, "bytes") as advance:
        table = BENCHMARKS[benchmark].read(benchmark, raw, progress=lambda done, _: advance.to(done), tolerate=tolerate)
    write_table(table, output)


@app.command()
def convert_nasbench101(
    source: Annotated[
        Path, typer.Argument(help="nasbench_only108.tfrecord, nasbench_full.tfrecord, or a part of one.")
    ],
    output: Annotated[Path, typer.Option(help="Where the table (Parquet) shall be.")],
) -> None:
    """Read an official NAS-Bench-101 file into a table, without TensorFlow."""
    build_table("nasbench101", source, output)


@app.command()
def identify(
    file: Annotated[Path, typer.Argument(help="CSV with the space's columns (nasbench101: adjacency, operations).")],
    space: SpaceName,
) -> None:
    """Print the rows of a CSV with each architecture's identity (nasbench101: the official graph hash)."""
    from neural_predictor.spaces.files import identify_csv

    identify_csv(file, space, sys.stdout.buffer)


@app.command("enumerate")
def enumerate_space(
    space: SpaceName,
    output: Annotated[Path | None, typer.Option(help="Where the space (Parquet) shall be.")] = None,
) -> None:
    """Count the architectures of a space by number of nodes, and write them."""
    from neural_predictor.spaces.files import enumerate_to

    typer.echo(enumerate_to(space, output))


@app.command()
def describe(table: Annotated[Path, typer.Argument(help="Benchmark table (Parquet).")]) -> None:
    """Say what a table holds: rows, metrics, runs, quantiles, validation against test, the oracle."""
    from neural_predictor.tables.describe import describe_table
    from neural_predictor.tables.table import read_table

    typer.echo(describe_table(read_table(table)))


@app.command()
def fit_predictor(
    study: StudyName,
    table: Table,
    predictor: Annotated[str, typer.Option(help="Name of the predictor in the study.")],
    sample: Annotated[
        str, typer.Option(help="n172: as many random architectures; folds: all but each fold of a partition.")
    ],
    shard: Annotated[int, typer.Option(help="Which share of the repeats.")],
    output: Annotated[Path, typer.Option(help="Where the scores (.npz) shall be.")],
    times: Annotated[Path, typer.Option(help="Where the seconds that it took (JSON) shall be.")],
    threads: Annotated[int, typer.Option(min=1, help="CPU threads.")] = 1,
    accelerator: Annotated[str, typer.Option(help="cpu or gpu.")] = "cpu",
    memory_mb: Annotated[int, typer.Option(min=64, help="Embeddings that scoring holds at once.")] = 2048,
    root: Root = HERE,
) -> None:
    """Fit a shard of a study's predictors, and score the whole table with each."""
    from neural_predictor.config.project import Project
    from neural_predictor.errors import ConfigError
    from neural_predictor.figures.wanted import Wanted
    from neural_predictor.fits import job
    from neural_predictor.fits.key import FitKey, parse_sample
    from neural_predictor.predictors.device import prepare
    from neural_predictor.tables.table import read_table

    plan, benchmark = Project(root).study(study), read_table(table)
    wanted, fits = Wanted(plan), FitKey(predictor, benchmark.name, parse_sample(sample))
    if shard not in wanted.shards(fits):
        raise ConfigError(
            f"study {study} has {len(wanted.shards(fits))} shards of {predictor}, {sample}, on {benchmark.name}; there "
            f"is no shard {shard}"
        )
    repeats, workers = wanted.shard_repeats(fits, shard), prepare(threads, accelerator)
    job.fit_predictor(plan, benchmark, fits, repeats, output, times, workers=workers, memory_mb=memory_mb)


@app.command()
def run_searches(
    study: StudyName,
    table: Table,
    search: Annotated[str, typer.Option(help="Name of the search, such as rounds.")],
    runs: Annotated[str, typer.Option("--run", help="200-b20-s0: trainings, batch, setting of hyper-parameters.")],
    shard: Annotated[int, typer.Option(help="Which share of the repeats.")],
    output: Annotated[Path, typer.Option(help="Where the traces (.npz) shall be.")],
    threads: Annotated[int, typer.Option(min=1, help="CPU threads.")] = 1,
    root: Root = HERE,
) -> None:
    """Run a shard of a study's searches on a table."""
    from neural_predictor.config.project import Project
    from neural_predictor.errors import ConfigError
    from neural_predictor.figures.wanted import Wanted
    from neural_predictor.fits.key import parse_run
    from neural_predictor.fits.traces import run_searches
    from neural_predictor.predictors.device import limit_threads
    from neural_predictor.tables.table import read_table

    plan, benchmark = Project(root).study(study), read_table(table)
    wanted, key = Wanted(plan), parse_run(search, benchmark.name, runs)
    if shard not in wanted.shards(key):
        raise ConfigError(
            f"study {study} has {len(wanted.shards(key))} shards of {search}, {runs}, on {benchmark.name}; there is no "
            f"shard {shard}"
        )
    limit_threads(threads)
    run_searches(plan, benchmark, key, wanted.shard_repeats(key, shard), output)


@app.command("run")
def run_experiment(
    experiment: Annotated[str, typer.Argument(help="Such as fig7 or table-tau.")],
    study: StudyName,
    csv: Csv,
    protocol: ProtocolJson,
    tables: Annotated[
        list[Path] | None, typer.Option("--table", help="Benchmark tables that it reads, its own first.")
    ] = None,
    numbers: Annotated[
        list[Path] | None, typer.Option("--numbers", help="Numbers of others that it reads, such as fig7.csv.")
    ] = None,
    traces: Annotated[list[Path] | None, typer.Option("--traces", help="Files of searches.")] = None,
    shared: Annotated[
        list[Path] | None, typer.Option("--shared", help="What train-supernet wrote, where it reads that.")
    ] = None,
    choice: Annotated[
        list[Path] | None, typer.Option("--choice", help="What choose-children wrote, where it reads that.")
    ] = None,
    scores: Annotated[list[Path] | None, typer.Argument(help="Files of scores.")] = None,
    threads: Annotated[int, typer.Option(min=1, help="CPU threads.")] = 1,
    root: Root = HERE,
) -> None:
    """Compute a figure's or table's numbers (CSV) and their protocol (JSON)."""
    from neural_predictor.config.project import Project
    from neural_predictor.figures.run import Inputs, run

    inputs = Inputs(scores or [], numbers or [], traces or [], shared or [], choice or [])
    run(experiment, Project(root).study(study), tables or [], inputs, csv, protocol, threads)


@app.command()
def render(
    artefact: Annotated[str, typer.Argument(help="Such as fig3 or table-tau.")],
    csv: Csv,
    protocol: ProtocolJson,
    pdf: Annotated[Path | None, typer.Option(help="Where a figure's PDF shall be.")] = None,
    png: Annotated[Path | None, typer.Option(help="Where a figure's PNG shall be.")] = None,
    md: Annotated[Path | None, typer.Option(help="Where a table's Markdown shall be.")] = None,
    finding: Annotated[
        Path | None, typer.Option(help="Where the sentences shall be that say what is seen (reStructuredText).")
    ] = None,
) -> None:
    """Draw a figure, or write a table, from its numbers."""
    from neural_predictor.figures.render import render as render_page

    pages = {"pdf": pdf, "png": png, "md": md}
    given = {kind: path for kind, path in pages.items() if path is not None}
    render_page(artefact, csv, protocol, given, finding)


@app.command()
def overlay(
    results: Annotated[list[Path], typer.Argument(help="Such as results/a-v1/fig4.csv results/b-v1/fig4.csv.")],
    pdf: Annotated[Path, typer.Option(help="Where the PDF shall be.")],
    png: Annotated[Path, typer.Option(help="Where the PNG shall be.")],
) -> None:
    """Draw the curves of several studies on the same axes, and what differs between their protocols."""
    from neural_predictor.figures.overlay import overlay as draw_overlay

    for difference in draw_overlay(results, pdf, png):
        print(f"protocols differ in {difference}")


@app.command()
def write_schema(
    output: Annotated[Path, typer.Option(help="Where the schema shall be.")] = Path("config/schema.json"),
) -> None:
    """Write the JSON Schema of the configuration files."""
    from neural_predictor.config.project import schema
    from neural_predictor.io.files import write_text

    write_text(output, json.dumps(schema(), indent=2) + "\n")


def _missing(error: ImportError) -> str | None:
    """The package that is not installed, or None where the error says something else.

    pandas replaces the error of a module that it cannot find by its own.
    """
    found = error if isinstance(error, ModuleNotFoundError) else error.__context__
    name = ((found.name if isinstance(found, ModuleNotFoundError) else None) or "").partition(".")[0]
    return None if name in {"", "neural_predictor", *sys.stdlib_module_names} else name


@app.command()
def write_lists(root: Root = HERE) -> None:
    """Write the list of figures and tables in docs/figures.md anew."""
    from neural_predictor.config.project import Project
    from neural_predictor.figures.lists import write_lists as write

    write(Project(root))


def _settings_of_its_own() -> None:
    """Make pages independent of the user's matplotlib: of a notebook's backend, or a matplotlibrc that is not read."""
    os.environ["MPLBACKEND"] = "agg"
    spec = find_spec("matplotlib")
    if spec is not None and spec.origin is not None:
        os.environ["MATPLOTLIBRC"] = str(Path(spec.origin).parent / "mpl-data/matplotlibrc")


def main() -> None:
    """Run the command line; a fault of the user's is one message and exit status 2."""
    collect_rarely()
    _settings_of_its_own()
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # names of operations and files, on a terminal of ASCII alone
    PACKAGE_LOGGER.propagate = False  # tensorflow-datasets gives the root logger a handler, which would say it again
    try:
        app()
    except UserError as error:
        logger.error("neural-predictor: %s", error, exc_info=logger.isEnabledFor(logging.DEBUG))
        raise SystemExit(2) from None
    except ImportError as error:
        if (name := _missing(error)) is None:
            raise
        logger.error(
            "neural-predictor: this command needs the package %s, which is not installed; "
            'run pip install "neural-predictor[workflow]"',
            name,
        )
        raise SystemExit(2) from None
    finally:
        end_log()
