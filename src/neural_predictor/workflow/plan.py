"""What the Snakefile asks while the DAG is built: files of a study, parameters that stale a job, code of a stage.

Nothing here reads data or imports TensorFlow: a plan needs the configuration alone.
"""

from __future__ import annotations

import hashlib
import os
import shlex
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from neural_predictor.children.device import trained_on
from neural_predictor.children.latencies import check_windows
from neural_predictor.children.plan import CHOSEN, SHARED, key_of, plan_of, shards_of, trained_sets
from neural_predictor.claims.artefacts import artefacts_of
from neural_predictor.config.project import Config, Project, digest
from neural_predictor.config.yaml_files import read_mapping
from neural_predictor.errors import ConfigError, UserError
from neural_predictor.figures import validation
from neural_predictor.figures.artefact import BESIDE, PAGES
from neural_predictor.figures.entry_points import module_of
from neural_predictor.figures.registry import ARTEFACTS
from neural_predictor.figures.wanted import Wanted, find, names_of
from neural_predictor.fits.key import FitKey, parse_run, parse_sample
from neural_predictor.images.registry import IMAGE_SETS
from neural_predictor.search.fronts.registry import FRONT_SEARCHES
from neural_predictor.search.registry import SEARCHES
from neural_predictor.tables.benchmarks import BENCHMARKS
from neural_predictor.workflow.claim_files import ClaimFiles
from neural_predictor.workflow.code import PACKAGE, code_of, imported_by
from neural_predictor.workflow.latencies import Latencies
from neural_predictor.workflow.manifest import config_digest
from neural_predictor.workflow.supernets import Supernets
from neural_predictor.workflow.versions import CHILD_STAGE_VERSION, FIT_STAGE_VERSION

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from neural_predictor.config.sections import ChildSet
    from neural_predictor.config.study import Study
    from neural_predictor.figures.artefact import Artefact


FEED_THREADS = 12
"""A core decodes 265 photographs of ImageNet's size a second (bench/imagenet_feed.py)."""

TEMPLATE = "it must hold plain values; a template with the key __use_yte__ would run the code in it: remove the key"


@contextmanager
def _told_by_snakemake() -> Iterator[None]:
    """Turn this project's errors into Snakemake's, which it shows as one message."""
    from snakemake.exceptions import WorkflowError

    class ToldError(WorkflowError):  # type: ignore[misc]
        __traceback__ = None  # Snakemake would list the lines of code below the message

    ToldError.__name__ = WorkflowError.__name__
    try:
        yield
    except UserError as error:
        raise ToldError(str(error)) from None


class Plan(Supernets, Latencies, ClaimFiles):
    """The project's configuration as functions of wildcards."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self.accelerator = project.config.accelerator
        self._wanted: dict[str, Wanted] = {}
        studies = [project.study(name) for name in project.study_names()]
        for study in studies:
            check_windows(study.children)
        self.child_sets = list(dict.fromkeys(name for study in studies for name in study.children))
        self.artefacts = {name: row for row in ARTEFACTS for name in names_of(row, self.child_sets)}
        self.pages = [f"{name}.{PAGES[row.kind][0]}" for name, row in self.artefacts.items()]

    @staticmethod
    def refuse(root: Path) -> None:
        """Refuse what Snakemake would take for more than it is, before it reads `config.yaml`.

        A template (YTE) in that file holds Python, which Snakemake would run; a brace in the name of the project's
        folder would be a wildcard's.

        Raises:
            snakemake.exceptions.WorkflowError: if there is one, or the file is empty or no YAML of keys and values.
        """
        path = root / "config/config.yaml"
        with _told_by_snakemake():
            if set(str(root)) & {"{", "}"}:
                raise ConfigError(f"{root}: Snakemake takes a brace in the name of a folder for a wildcard: rename it")
            if "__use_yte__" in read_mapping(Config, path):
                raise ConfigError(f"{path}: {TEMPLATE}")

    @classmethod
    def load(cls, root: Path, config: dict[str, Any]) -> Plan:
        """The plan of the project at `root`, with `config.yaml` as Snakemake has merged it.

        Raises:
            snakemake.exceptions.WorkflowError: for every fault in the configuration, as one message.
        """
        with _told_by_snakemake():
            validation.check(ARTEFACTS)
            plan = cls(Project(root, dict(config)))
            artefacts_of(plan.project.claims, plan.wanted(plan.project.config.study))
            return plan

    def enter(self, workflow: Any, say: Callable[[str], None]) -> None:
        """Begin a run of Snakemake in its working folder; a dry run or a job's own process only gets better messages.

        See `locks.enter` and `clock.bring_to_now`.

        Raises:
            snakemake.exceptions.WorkflowError: if the folder cannot be written.
        """
        from neural_predictor.workflow import clock, locks, scheduler, targets

        targets.name_what_was_meant(partial(targets.explain, project=self.project, artefacts=self.artefacts))
        if not workflow.is_main_process or workflow.output_settings.dryrun:
            return
        scheduler.look_once_a_timespan()
        with _told_by_snakemake():
            locks.enter(folder := Path.cwd(), say)
            clock.bring_to_now(self.project.root, folder, locks.Folder(folder).runs / "clock", say)

    def wanted(self, study: str) -> Wanted:
        """What a study makes."""
        if study not in self._wanted:
            self._wanted[study] = Wanted(self.project.study(study))
        return self._wanted[study]

    # Files

    def published(self) -> list[str]:
        """Stable names of everything that the default study makes."""
        return [f"results/{name}" for name in (*self.wanted(self.project.config.study).targets, "claims.html")]

    def publishable(self, wildcards: Any) -> str:
        """The default study's file behind a stable name; a link whose file was deleted is removed to be made again."""
        link = Path(f"results/{wildcards.artefact}")
        if link.is_symlink() and not link.exists():
            link.unlink()
        return f"results/{self.project.config.study}/{wildcards.artefact}"

    def study_targets(self, wildcards: Any) -> list[str]:
        """Everything that a study makes, and its manifest.

        Snakemake takes a study whose marker `all` is there as finished, whatever else was deleted: a marker that is
        no longer true is removed.
        """
        folder = f"results/{wildcards.study}"
        files = [f"{folder}/{name}" for name in self.wanted(wildcards.study).targets]
        files += [f"{folder}/claims.html", f"{folder}/manifest.json"]
        if not all(map(os.path.exists, files)):
            Path(f"{folder}/all").unlink(missing_ok=True)
        return files

    def manifest_inputs(self, wildcards: Any) -> list[str]:
        """Files whose change makes a study's manifest anew: pages, numbers, protocols, tables of children.

        The costly ones, scores and records of children, are not among them, so that they are not made again when
        somebody has deleted them to save space: where they change, these files are made anew as well.
        """
        folder, study = f"results/{wildcards.study}", self.project.study(wildcards.study)
        files = [
            f"{folder}/{name}.{kind}"
            for name, row in self.wanted(wildcards.study).artefacts.items()
            for kind in (*PAGES[row.kind], *BESIDE)
        ]
        files += [f"{folder}/claims.{kind}" for kind in ("csv", "html", "md")]
        for key in trained_sets(study):
            files += [f"{folder}/children/{key}.{kind}" for kind in ("parquet", "csv", "datasheet.md")]
        return files

    def config_digest(self, wildcards: Any) -> str:
        """Digest of the configuration as Snakemake has merged it."""
        return config_digest(self.project.config)

    def raw_file(self, wildcards: Any) -> str:
        """The raw file of a benchmark."""
        return f"resources/raw/{BENCHMARKS[wildcards.benchmark].source}"

    def experiment_tables(self, wildcards: Any) -> list[str]:
        """Tables that an artefact's numbers are computed from, its own first."""
        study = self.project.study(wildcards.study)
        return [self._table(study, name) for name in self.wanted(wildcards.study).tables(wildcards.experiment)]

    def fit_table(self, wildcards: Any) -> str:
        """The table that predictors are fitted to, or a search runs on."""
        return self._table(self.project.study(wildcards.study), wildcards.benchmark)

    @staticmethod
    def _table(study: Study, name: str) -> str:
        """The file of a benchmark's table, or of a set of children of the study."""
        if key_of(name) in study.children:
            return f"results/{study.name}/children/{name}.parquet"
        return f"resources/tables/{name}.parquet"

    def experiment_scores(self, wildcards: Any) -> list[str]:
        """Files of scores that it reads."""
        return self._fits(wildcards, "scores.npz")

    def experiment_times(self, wildcards: Any) -> list[str]:
        """Files beside these, of the seconds that they took, where it reads them."""
        return self._fits(wildcards, "seconds.json") if find(wildcards.experiment).times else []

    def _fits(self, wildcards: Any, kind: str) -> list[str]:
        wanted = self.wanted(wildcards.study)
        return [
            f"results/{wildcards.study}/fits/{fits.folder}/{shard}.{kind}"
            for fits, repeats in wanted.fits_of(wildcards.experiment).items()
            for shard in wanted.shards(fits, repeats)
        ]

    def experiment_traces(self, wildcards: Any) -> list[str]:
        """Files of searches that it reads."""
        wanted = self.wanted(wildcards.study)
        return [
            f"results/{wildcards.study}/searches/{key.folder}/{shard}.traces.npz"
            for key, repeats in wanted.searches_of(wildcards.experiment).items()
            for shard in wanted.shards(key, repeats)
        ]

    def experiment_numbers(self, wildcards: Any) -> list[str]:
        """Numbers of other artefacts that it reads."""
        names = self.wanted(wildcards.study).reads(wildcards.experiment)
        return [f"results/{wildcards.study}/{name}.csv" for name in names]

    def experiment_threads(self, wildcards: Any) -> int:
        """CPU threads that its numbers are computed on, at most."""
        return find(wildcards.experiment).threads

    def experiment_code(self, wildcards: Any) -> list[str]:
        """Modules that compute an artefact's numbers, with what they call of `predictors` themselves."""
        module = module_of(find(wildcards.experiment).numbers)
        files = {*self.code(module), *map(os.path.relpath, imported_by(f"neural_predictor.{module}", "predictors"))}
        if os.path.relpath(PACKAGE / "search/run.py") in files:  # searches are named by rows, not imported
            section = self.wanted(wildcards.study).section(wildcards.experiment)
            named = ("random", *getattr(section, "searches", ()))
            for name in (name for name in named if SEARCHES[name].traces):  # others are jobs of their own
                files |= set(self.code(f"search.{SEARCHES[name].module}"))
        if os.path.relpath(PACKAGE / "search/fronts/run.py") in files:
            for row in FRONT_SEARCHES.values():
                files |= set(self.code(f"search.{row.module}"))
        return sorted(files)

    # Pages: what the rule of an artefact is made from

    @staticmethod
    def page_files(name: str, row: Artefact) -> dict[str, str]:
        """Option of `render` -> the page of that kind, or what is seen in it."""
        files = {kind: f"results/{{study}}/{name}.{kind}" for kind in PAGES[row.kind]}
        return files | {"finding": f"results/{{study}}/{name}.finding.rst"}

    @staticmethod
    def caption(row: Artefact) -> str:
        """What the report says of an artefact in every study, below what is seen in this one."""
        return os.path.relpath(PACKAGE / "figures" / row.folder / "caption.rst")

    def page_code(self, row: Artefact) -> list[str]:
        """Modules that draw a page."""
        return self.code(module_of(row.page))

    # Children: `wildcards.children` is a set, such as digits, or what was chosen by a predictor, digits-chosen

    def image_place(self, wildcards: Any) -> str:
        """Where the images of a set lie: the folder of prepared sets, or the raw file of a small one."""
        images = self._child_set(wildcards).images
        small = IMAGE_SETS[images].version is None
        return f"resources/raw/{images}" if small else str(self.project.config.images.folder)

    def image_inputs(self, wildcards: Any) -> list[str]:
        """The raw file of a small set; a folder is no input, for its time changes with every file in it."""
        images = self._child_set(wildcards).images
        return [f"resources/raw/{images}"] if IMAGE_SETS[images].version is None else []

    @staticmethod
    def child_images(wildcards: Any) -> str:
        """The protocol of the images of a set, the same for what was chosen."""
        return f"results/{wildcards.study}/children/{key_of(wildcards.children)}.images.json"

    def child_accelerator(self, wildcards: Any) -> str:
        """`cpu` or `gpu`, on which a set is trained."""
        return trained_on(self._child_set(wildcards), self.accelerator)

    def child_gpus(self, wildcards: Any) -> int:
        """GPUs of a training, a resource."""
        return int(self.child_accelerator(wildcards) == "gpu")

    def child_device(self, wildcards: Any) -> list[str]:
        """On a GPU, the setting of a set, the same for what was chosen; on a CPU there is nothing to choose."""
        folder = f"results/{wildcards.study}/children"
        return [f"{folder}/{key_of(wildcards.children)}.device.json"] if self.child_gpus(wildcards) else []

    def child_threads(self, wildcards: Any) -> int:
        """CPU threads of a training: one; on a GPU as many as decode a stream of images for it."""
        streamed = not IMAGE_SETS[self._child_set(wildcards).images].in_memory
        return FEED_THREADS if self.accelerator == "gpu" and streamed else 1

    def image_params(self, wildcards: Any) -> str:
        """What prepared images depend on."""
        plan = self._child_set(wildcards)
        return f"{plan.images} at {plan.network.resolution}"

    def chosen_inputs(self, wildcards: Any) -> list[str]:
        """For a chosen set, the file that names its architectures."""
        key = key_of(wildcards.children)
        kind = {CHOSEN: "choice", SHARED: "shared"}.get(wildcards.children.removeprefix(key))
        return [] if kind is None else [f"results/{wildcards.study}/children/{key}.{kind}.csv"]

    def child_shards(self, wildcards: Any) -> list[str]:
        """Records of all shards of a set."""
        study, children = self.project.study(wildcards.study), wildcards.children
        folder = f"results/{wildcards.study}/children/{children}"
        return [f"{folder}/{shard}.jsonl" for shard in shards_of(study, children)]

    def child_params(self, wildcards: Any) -> str:
        """What the children of a set depend on besides their images and what was chosen."""
        study = self.project.study(wildcards.study)
        sampled = ("images", "sampling", "networks", "seeds", "networks_per_shard", "network", "training", "latency")
        plan = self._child_set(wildcards).model_dump(mode="json", include=set(sampled))
        return hashlib.sha256(repr((CHILD_STAGE_VERSION, study.seed, plan)).encode()).hexdigest()

    def _child_set(self, wildcards: Any) -> ChildSet:
        return plan_of(self.project.study(wildcards.study), wildcards.children)

    # Parameters: a job runs again when one of them changes

    def local_option(self, wildcards: Any) -> str:
        """Option that names the user's own file in place of a source."""
        local = self.project.config.data.get(wildcards.source)
        return "" if local is None else f"--local {shlex.quote(str(local))}"

    def tolerate_option(self, wildcards: Any) -> str:
        """Option that lets logs be left out, of a benchmark whose raw file holds logs."""
        tolerated = self.project.config.tolerated_logs
        return f"--tolerate {tolerated}" if tolerated and BENCHMARKS[wildcards.benchmark].logs else ""

    def source_digest(self, wildcards: Any) -> str:
        """Digest of a source's row."""
        return digest(self.project.sources[wildcards.source])

    @staticmethod
    def fit_priority(wildcards: Any) -> int:
        """N: the largest takes longest, starts first, and the rest fills the gaps."""
        return parse_sample(wildcards.sample) or 0

    def fit_params(self, wildcards: Any) -> str:
        """Everything that a fit depends on besides its table."""
        study = self.project.study(wildcards.study)
        fits = FitKey(wildcards.predictor, wildcards.benchmark, parse_sample(wildcards.sample))
        recipe = study.predictors[fits.predictor].model_dump_json()
        repeats = self.wanted(wildcards.study).shard_repeats(fits, int(wildcards.shard))
        parts = (FIT_STAGE_VERSION, study.seed, repeats, recipe)
        return hashlib.sha256(repr(parts).encode()).hexdigest()

    def search_params(self, wildcards: Any) -> str:
        """Everything that runs of a search depend on besides their table."""
        key = parse_run(wildcards.search, wildcards.benchmark, wildcards.run)
        wanted = self.wanted(wildcards.study)
        parts = (SEARCHES[key.search].version, wanted.study.seed, wanted.shard_repeats(key, int(wildcards.shard)))
        return hashlib.sha256(repr(parts).encode()).hexdigest()

    def choice_params(self, wildcards: Any) -> str:
        """What a choice of children depends on besides the table of the sample."""
        study, plan = self.project.study(wildcards.study), self._child_set(wildcards)
        recipe = study.predictors[plan.predictors[0]].model_dump_json()
        parts: tuple[object, ...] = (FIT_STAGE_VERSION, study.seed, plan.sampling, plan.candidates, plan.chosen, recipe)
        parts += () if plan.latency is None else (plan.latency.model_dump_json(),)
        return hashlib.sha256(repr(parts).encode()).hexdigest()

    def study_digest(self, wildcards: Any) -> str:
        """Digest of a study's values."""
        return digest(self.project.study(wildcards.study))

    # Code

    def reader_code(self, wildcards: Any) -> list[str]:
        """Modules that read a benchmark."""
        return self.code(BENCHMARKS[wildcards.benchmark].reader.removeprefix("neural_predictor."))

    @staticmethod
    def code(module: str) -> list[str]:
        """Files of a module of this package and of all its modules that it imports, directly or not.

        They are named from the working folder on: in a folder that was moved, nothing is made anew.

        Those of `predictors` are left out: every study's recipes import them, and what they compute comes in by
        fits, which `FIT_STAGE_VERSION` makes anew.
        """
        files = code_of(f"neural_predictor.{module}")
        return sorted(os.path.relpath(file) for file in files if file.parent.name != "predictors")
