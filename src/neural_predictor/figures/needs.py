"""What an artefact reads: tables and fits as functions of the study and of the artefact's section of it.

The rows of `registry` name these functions. They ask nothing but the study, and import nothing heavy.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from neural_predictor.fits.key import FitKey, SearchKey
from neural_predictor.search.registry import SEARCHES

if TYPE_CHECKING:
    from collections.abc import Iterable

    from neural_predictor.config.beyond import Audit, ChildFrontier, FigRounds, FigTuning, Frontier, TableMethods
    from neural_predictor.config.sections import (
        ChildSet,
        Comparison,
        Fig7,
        Fig9,
        LearningCurves,
        Section,
        TableTau,
        Tabular,
    )
    from neural_predictor.config.sharing_recipes import Sharing
    from neural_predictor.config.study import Study

    Fits = dict[FitKey, int]
    Runs = dict[SearchKey, int]


# Whether a study makes it


def always(section: Section | None) -> bool:
    """Wherever the study has its section."""
    return True


def has_choice(section: ChildSet) -> bool:
    """Where a predictor chooses architectures that are trained too."""
    return section.chosen > 0


def has_against(section: Sharing) -> bool:
    """Where choices of methods that share weights are trained alone."""
    return section.against is not None


def has_tuning(section: Sharing) -> bool:
    """Where methods that share weights are run with drawn settings too."""
    return section.tuning is not None


def has_bridge(section: Sharing) -> bool:
    """Where their scores are features of a predictor."""
    return section.bridge is not None


def has_both_stages(section: Fig9) -> bool:
    """Where no single predictor is named."""
    return section.predictor is None


def has_true_front(section: Frontier | ChildFrontier) -> bool:
    """Where the true front is known."""
    return section.known


# Tables


def no_tables(study: Study, section: Section | None) -> list[str]:
    """None."""
    return []


def own(study: Study, section: Section | None) -> list[str]:
    """The section's benchmark, or the study's."""
    return [study.benchmark_of(section)]


def listed(study: Study, section: LearningCurves) -> list[str]:
    """The benchmarks that the section lists."""
    return list(section.benchmarks)


def of_kind(study: Study, section: Tabular) -> list[str]:
    """The benchmarks of all sections of this kind, the section's own first."""
    return [study.benchmark_of(each) for each in study.of_kind(section)]


def sample(study: Study, section: ChildSet) -> list[str]:
    """The table of a set of children."""
    return [study.children_of(section)]


def sharing_sample(study: Study, section: Sharing) -> list[str]:
    """The table of the set of children that methods which share weights are held against."""
    return [section.children]


def of_front(study: Study, section: Frontier | ChildFrontier) -> list[str]:
    """The table of a front, or all tables of its set of children: the sample, what was chosen, further random ones."""
    from neural_predictor.children.plan import sets_of  # imports numpy
    from neural_predictor.config.beyond import ChildFrontier

    if isinstance(section, ChildFrontier):
        return list(sets_of(section.children, study.children[section.children]))
    return [study.benchmark_of(section)]


def sharing_sample_and_choices(study: Study, section: Sharing) -> list[str]:
    """That table, and that of the architectures which these methods chose."""
    from neural_predictor.children.plan import SHARED  # imports numpy

    return [section.children, f"{section.children}{SHARED}"]


def sample_and_chosen(study: Study, section: ChildSet) -> list[str]:
    """The table of a set of children, and that of those which a predictor chose."""
    from neural_predictor.children.plan import CHOSEN  # imports numpy

    name = study.children_of(section)
    return [name, f"{name}{CHOSEN}"]


def every_table(study: Study, section: TableTau) -> list[str]:
    """The benchmarks of all sections, the study's own first."""
    return study.benchmarks


# Choices of children


def no_choices(section: Section | None) -> list[str]:
    """None."""
    return []


def front_choices(section: Frontier | ChildFrontier) -> list[str]:
    """The set of children whose front it is."""
    from neural_predictor.config.beyond import ChildFrontier

    return [section.children] if isinstance(section, ChildFrontier) else []


# Supernets


def no_supernets(study: Study, section: Section | None) -> list[str]:
    """None."""
    return []


def every_search(study: Study, section: Sharing) -> list[str]:
    """The study's own of each method, one a seed."""
    from neural_predictor.sharing import tuning  # imports numpy

    return tuning.every_search(section)


def every_recipe(study: Study, section: Sharing) -> list[str]:
    """One of each method by the study's own recipe, and all drawn settings."""
    from neural_predictor.sharing.tuning import name_of, settings  # imports numpy

    return [name_of(method, setting) for method in section.methods for setting in settings(section)]


# Fits


def no_fits(study: Study, section: Section | None) -> Fits:
    """None."""
    return {}


def compared(study: Study, section: Comparison) -> Fits:
    """The predictors that are compared, at their N."""
    return _fits(section.predictors, study.benchmark_of(section), [section.train_size], section.repeats)


def first_of_one_stage(study: Study, section: Comparison) -> Fits:
    """The first repeat of the predictor with one stage."""
    return _fits([study.stages.one], study.benchmark_of(section), [section.train_size], 1)


def first_of_two_stages(study: Study, section: Comparison) -> Fits:
    """The first repeat of the cascade."""
    return _fits([study.stages.two], study.benchmark_of(section), [section.train_size], 1)


def two_stages(study: Study, section: Comparison) -> Fits:
    """The cascade."""
    return _fits([study.stages.two], study.benchmark_of(section), [section.train_size], section.repeats)


def both_stages(study: Study, section: Comparison) -> Fits:
    """The predictor with one stage and the cascade."""
    both = (study.stages.one, study.stages.two)
    return _fits(both, study.benchmark_of(section), [section.train_size], section.repeats)


def every_size(study: Study, section: Fig7) -> Fits:
    """One predictor at every N."""
    found: Fits = {}
    for size in section.train_sizes:
        found |= _fits([section.predictor], study.benchmark_of(section), [size], section.repeats_of(size))
    return found


def observed(study: Study, section: Fig9) -> Fits:
    """The predictor that the section names, or the one with one stage."""
    return _observed(study, section, [section.predictor or study.stages.one])


def observed_two_stages(study: Study, section: Fig9) -> Fits:
    """The cascade."""
    return _observed(study, section, [study.stages.two])


def observed_of_kind(study: Study, section: Fig9) -> Fits:
    """Of all sections of this kind the predictor that each names, or both stages."""
    found: Fits = {}
    for each in study.of_kind(section):
        names = [each.predictor] if each.predictor is not None else [study.stages.one, study.stages.two]
        found |= _observed(study, each, names)
    return found


def learning_curves(study: Study, section: LearningCurves) -> Fits:
    """Every predictor at every N on every benchmark, in the section's order."""
    found: Fits = {}
    for benchmark in section.benchmarks:
        found |= _fits(section.predictors, benchmark, section.train_sizes, section.repeats)
    return found


def folds(study: Study, section: ChildSet) -> Fits:
    """The cross-validation of every predictor of a set of children."""
    name = study.children_of(section)
    return {FitKey(predictor, name, None): section.repeats for predictor in section.predictors}


def against_sharing(study: Study, section: Sharing) -> Fits:
    """The predictor at every N that methods which share weights are held against."""
    against = section.against
    return _fits([against.predictor], section.children, against.train_sizes, against.repeats) if against else {}


def split(study: Study, section: TableTau) -> Fits:
    """One predictor on every benchmark that the section lists."""
    return {FitKey(section.predictor, name, section.train_size): section.repeats for name in section.benchmarks}


def audited(study: Study, section: Audit) -> Fits:
    """The stage or stages at N, and the predictors of two widths, where a defect of the section is shown with them."""
    benchmark, repeats, needs, width = study.benchmark_of(section), section.repeats, section.needs, section.width
    names = [study.stages.one] + ([study.stages.two] if "two" in needs else [])
    found = _fits(names, benchmark, [section.train_size], repeats)
    if width is not None:
        found |= _fits([study.stages.one, width.predictor], benchmark, [width.train_size], repeats)
    return found


def _observed(study: Study, section: Fig9, names: Iterable[str]) -> Fits:
    return _fits(names, study.benchmark_of(section), [section.train_size], section.repeats)


def _fits(names: Iterable[str], benchmark: str, sizes: Iterable[int], repeats: int) -> Fits:
    return {FitKey(name, benchmark, size): repeats for name in names for size in sizes}


# Searches that are jobs of their own


def no_searches(study: Study, section: Section | None) -> Runs:
    """None."""
    return {}


def asked(study: Study, section: Comparison) -> Runs:
    """The searches that are compared, but those which run in all repeats at once."""
    benchmark, settings = study.benchmark_of(section), study.searches
    names = [name for name in section.searches if SEARCHES[name].traces is None]
    return {SearchKey(name, benchmark, section.total, settings.batch, 0): settings.asking_repeats for name in names}


def every_batch(study: Study, section: FigRounds) -> Runs:
    """Each search with each batch."""
    benchmark, total = study.benchmark_of(section), section.total
    keys = (SearchKey(name, benchmark, total, batch, 0) for name in section.searches for batch in section.batches)
    return dict.fromkeys(keys, section.repeats)


def every_setting(study: Study, section: FigTuning) -> Runs:
    """Each search with each setting, one without hyper-parameters with its only one."""
    benchmark, total = study.benchmark_of(section), section.total
    return {
        SearchKey(name, benchmark, total, section.batch, setting): section.repeats
        for name in section.searches
        for setting in range(section.settings if SEARCHES[name].tuned else 1)
    }


def of_methods(study: Study, section: TableMethods) -> Runs:
    """What fig4, fig-rounds and fig-tuning read."""
    assert study.fig_rounds is not None  # the study was validated
    assert study.fig_tuning is not None
    runs = every_batch(study, study.fig_rounds)
    for part in (asked(study, study.fig4), every_setting(study, study.fig_tuning)):
        runs |= {key: max(runs.get(key, 0), repeats) for key, repeats in part.items()}
    return runs
