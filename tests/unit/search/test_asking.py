"""All searches by their one interface: on a real table, on graphs alone, and on a space without end."""

from pathlib import Path

import nas_bench_graph
import numpy as np
import pytest

from neural_predictor.errors import SearchError
from neural_predictor.predictors.gaussian_process import Posterior
from neural_predictor.predictors.recipes import PREDICTORS
from neural_predictor.predictors.semi_supervised import SemiSupervisedRecipe, assess
from neural_predictor.search.bananas import BananasSettings
from neural_predictor.search.base import Problem
from neural_predictor.search.controller import ControllerSettings
from neural_predictor.search.curve import Curve
from neural_predictor.search.evolution import EvolutionSettings, evolution_traces
from neural_predictor.search.learning_curve import LearningCurveSettings
from neural_predictor.search.local_search import LocalSearchSettings
from neural_predictor.search.nao import NaoSettings
from neural_predictor.search.nasbot import NasbotSettings
from neural_predictor.search.one_fit import OneFitSettings
from neural_predictor.search.peephole import PeepholeSettings
from neural_predictor.search.pnas import PnasSettings
from neural_predictor.search.pool import EndlessPool, GraphPool, ListedPool
from neural_predictor.search.registry import SEARCHES
from neural_predictor.search.run import make_search, replay, run_asking, run_search
from neural_predictor.search.semi_supervised import SemiSupervisedSettings
from neural_predictor.spaces import make_space
from neural_predictor.spaces.nasbench_graph import PROTEINS_OPERATIONS, NasBenchGraphSpace
from neural_predictor.tables.nasbench_graph import read

RNG = np.random.default_rng
QUICK = {"width": 16, "epochs": 8, "batch_size": 20, "learning_rate": 0.03}
SMALL = {
    "bananas": BananasSettings(epochs=40, layers=3),
    "evolution": EvolutionSettings(population=15, tournament=4),
    "learning-curve": LearningCurveSettings(initial=15),
    "nasbot": NasbotSettings(candidates=100),
    "reinforce-rnn": ControllerSettings(layers=1, units=20),
    "nao": NaoSettings(recipe=PREDICTORS["nao"].model_copy(update=QUICK)),
    "peephole": PeepholeSettings(recipe=PREDICTORS["assessor"].model_copy(update=QUICK)),
    "pnas": PnasSettings(recipe=PREDICTORS["pnas"].model_copy(update=QUICK)),
    "predictor": OneFitSettings(train_size=15, predictor="xgboost"),
    "semi-supervised": SemiSupervisedSettings(recipe=SemiSupervisedRecipe(steps=50, width=16, hidden=32, layers=2)),
}
NEURAL = ("nao", "peephole", "pnas", "semi-supervised")
OF_SPACES = ("evolution", "local-search", "reinforce", "reinforce-rnn", "tpe", "bananas", "pnas")
CURVE = Curve((4, 12, 36, 108))
WITHOUT_A_MODEL = ("random", "predictor", "reinforce", "reinforce-rnn", "learning-curve")


@pytest.fixture(scope="module")
def proteins():
    return read("nasbench-graph-proteins", Path(nas_bench_graph.__file__).parent / "light/proteins.bench")


@pytest.fixture(scope="module")
def pool(proteins):
    return ListedPool(NasBenchGraphSpace(PROTEINS_OPERATIONS), proteins.encoding, CURVE)


def spend(search, label_of, budget, batch):
    """Ask and tell until the budget is spent; the history."""
    history = []
    while len(search.asked) < budget:
        rows = search.ask(min(batch, budget - len(search.asked)))
        search.tell(rows, label_of(rows))
        history.append((rows.tolist(), rows.tolist(), label_of(rows).tolist()))
    return history


@pytest.mark.parametrize("name", SEARCHES)
def test_no_architecture_is_asked_for_twice_and_a_replay_goes_on_alike(proteins, pool, name):
    signal = proteins.mean("validation_accuracy")

    def made():
        return make_search(name, pool, 3, settings=SMALL.get(name))

    search = made()
    history = spend(search, lambda rows: signal[rows], 44, 11)
    assert len(set(search.asked.tolist())) == 44
    again = replay(made(), history[:2])
    spend(again, lambda rows: signal[rows], 44, 11)
    assert again.asked.tolist() == search.asked.tolist()
    with pytest.raises(SearchError, match="another search, seed, pool or version"):
        replay(make_search(name, pool, 4, settings=SMALL.get(name)), history)


@pytest.mark.parametrize("name", [name for name in SEARCHES if name not in WITHOUT_A_MODEL])
def test_a_search_finds_more_than_random_search_does(proteins, pool, name):
    """By validation on a real table of 2,021, 80 trainings: the mean of two repeats against what chance gives."""
    problem = Problem(proteins, 0, 2, 80, population=30)
    found = run_asking(name, problem, batch=20, settings=SMALL.get(name)).rows
    signal = proteins.mean("validation_accuracy")
    chance = np.sort(RNG(0).choice(signal, (2000, 2, 80)).max(axis=2).mean(axis=1))
    assert signal[found].max(axis=1).mean() > chance[1000]


def test_evolution_asked_one_at_a_time_is_the_array_without_what_comes_again(proteins, pool):
    signal = proteins.mean("validation_accuracy")
    search = make_search("evolution", pool, 7, settings=SMALL["evolution"])
    spend(search, lambda rows: signal[rows], 80, 1)
    space = NasBenchGraphSpace(PROTEINS_OPERATIONS)
    (trace,) = evolution_traces(proteins, space, signal[None], 160, RNG(7), population=15, tournament=4).rows
    different = list(dict.fromkeys(trace.tolist()))
    assert search.asked.tolist() == different[:80]


def test_random_search_asked_is_uniform_without_replacement(pool):
    search = make_search("random", pool, 0)
    asked = np.concatenate([search.ask(500) for _ in range(5)])
    assert sorted(asked.tolist()) == list(range(len(pool)))
    assert not len(search.ask(3))


def test_evolution_waits_for_its_first_members_and_then_for_nobody(proteins, pool):
    signal = proteins.mean("validation_accuracy")
    search = make_search("evolution", pool, 0, settings=SMALL["evolution"])
    first = search.ask(100)
    assert len(first) == 15
    with pytest.raises(SearchError, match="15 architectures are pending: tell some of their labels"):
        search.ask(1)
    search.tell(first[::-1], signal[first[::-1]])
    assert search.ready is None
    assert len(search.ask(7)) == 7
    assert len(search.pending) == 7


def test_the_paper_s_search_waits_once(proteins, pool):
    signal = proteins.mean("validation_accuracy")
    search = make_search("predictor", pool, 0, settings=SMALL["predictor"])
    assert search.ready == 15
    rows = search.ask(40)
    search.tell(rows, signal[rows])
    best = search.ask(30)
    search.tell(best[:5], signal[best[:5]])
    assert signal[best].mean() > signal.mean() + signal.std() / 2
    assert not np.isin(search.ask(20), search.rows).any()


def test_what_is_being_trained_narrows_the_gaussian_process(proteins, pool, monkeypatch):
    signal = proteins.mean("validation_accuracy")
    search = make_search("bayesian", pool, 0)
    rows = search.ask(20)
    search.tell(rows, signal[rows])
    waiting, seen, observe = search.ask(3), [], Posterior.observe
    monkeypatch.setattr(Posterior, "observe", lambda self, place: (seen.append(place), observe(self, place))[1])
    chosen = search.ask(2)
    assert seen[:3] == [len(pool) - 23, len(pool) - 22, len(pool) - 21]  # after all that can be asked for
    assert len(seen) == 3 + 2
    assert not set(chosen) & set(waiting)


def test_local_search_trains_all_neighbours_and_moves_to_the_best(proteins, pool):
    signal = proteins.mean("validation_accuracy")
    search = make_search("local-search", pool, 1, settings=LocalSearchSettings(initial=1))
    (start,) = search.ask(1)
    search.tell(np.array([start]), signal[[start]])
    expected = set(pool.neighbours(int(start), RNG(0)).tolist())
    around = search.ask(1000)
    assert set(around.tolist()) == expected
    search.tell(around, signal[around])
    best = around[signal[around].argmax()]
    assert signal[best] > signal[start]  # else the search would begin anew
    assert set(search.ask(1000).tolist()) == set(pool.neighbours(int(best), RNG(0)).tolist()) - {start} - expected


def test_lower_labels_are_better_where_they_are_minimised(proteins, pool):
    latency = proteins.mean("latency_ms")
    search = make_search("rounds", pool, 0, maximise=False)
    spend(search, lambda rows: latency[rows], 60, 20)
    assert latency[search.asked].min() == latency.min()


@pytest.mark.parametrize("name", SEARCHES)
def test_graphs_without_a_space_are_searched_or_refused(pool, name):
    graphs = GraphPool(pool.graphs(np.arange(200)), CURVE)
    if name in OF_SPACES:
        with pytest.raises(SearchError, match="works on graphs"):
            spend(make_search(name, graphs, 0), lambda rows: rows * 1.0, 60, 20)
        return
    search = make_search(name, graphs, 0, settings=SMALL.get(name))
    spend(search, lambda rows: rows * 1.0, 60, 20)
    assert len(set(search.asked.tolist())) == 60


@pytest.mark.parametrize("name", [name for name in SEARCHES if name != "bayesian"])
def test_a_space_without_end_is_searched(name):
    # Neural predictors were compiled for graphs of this size in the tests above.
    space = NasBenchGraphSpace(PROTEINS_OPERATIONS) if name in NEURAL else make_space("proxylessnas")
    endless = EndlessPool(space, CURVE)

    def label_of(rows):
        return (endless.codes(rows) == 5).mean(axis=1)

    settings = {"candidates": 300} if name in ("rounds", "predictor", "nao", "peephole", "semi-supervised") else {}
    own = SMALL.get(name)
    if settings:
        own = type(make_search(name, endless, 0).settings)(**((own.model_dump() if own else {}) | settings))
    search = make_search(name, endless, 0, settings=own)
    spend(search, label_of, 45, 15)
    assert len(set(endless.space.identify(endless.codes(search.asked)))) == 45
    if name == "rounds":
        assert label_of(search.asked[-15:]).mean() > label_of(search.asked[:15]).mean()


def test_what_was_told_before_is_known(proteins, pool):
    signal = proteins.mean("validation_accuracy")
    search = make_search("rounds", pool, 0)
    rows = RNG(0).choice(len(pool), 50, replace=False)
    search.tell(rows, signal[rows])
    asked = search.ask(10)
    assert not np.isin(asked, rows).any()
    assert signal[asked].mean() > np.quantile(signal, 0.75)


def test_labels_are_checked(pool):
    search = make_search("random", pool, 0)
    rows = search.ask(3)
    with pytest.raises(SearchError, match="one finite number each"):
        search.tell(rows, np.array([0.1, np.nan, 0.2]))
    with pytest.raises(SearchError, match="one finite number each"):
        search.tell(rows, np.array([0.1, 0.2]))
    search.tell(rows, np.array([0.1, 0.2, 0.3]))
    with pytest.raises(SearchError, match="told twice"):
        search.tell(rows[:1], np.array([0.1]))
    for wrong in ([-1], [len(pool)], [1.0]):
        with pytest.raises(SearchError, match=r"allowed are whole numbers from 0 to \d+, as `ask` gives them"):
            search.tell(np.array(wrong), np.array([0.1]))
        with pytest.raises(SearchError, match="allowed are whole numbers"):
            search.reserve(np.array(wrong))
    with pytest.raises(SearchError, match="count is 0; ask for 1 architecture or more"):
        search.ask(0)
    with pytest.raises(SearchError, match="unknown search 'annealing'; known are random, evolution"):
        make_search("annealing", pool, 0)


def test_a_search_without_an_array_form_has_traces(proteins):
    problem = Problem(proteins, 0, 2, 30)
    assert run_search("local-search", problem).rows.shape == (2, 30)


@pytest.mark.parametrize("name", ["nasbench101", "nasbench-graph", "proxylessnas", "nasbench-nlp", "mnasnet"])
def test_neighbours_are_one_step_away(name):
    space = make_space(name)
    (code,) = space.sample(1, RNG(0))
    found = space.neighbours(code, RNG(0))
    assert len(set(space.identify(found))) > 10
    space.check(found)
    if name in ("nasbench-graph", "proxylessnas"):
        assert ((found != code).sum(axis=1) <= 1).all()


def test_a_controller_s_choices_are_distributions_and_a_reward_makes_its_architecture_likelier(pool):
    search = make_search("reinforce-rnn", pool, 0, settings=SMALL["reinforce-rnn"])
    rows = search.ask(4)
    codes, policy = pool.codes(rows), search._policy
    every = np.exp(policy._log_probabilities(policy._places(codes)))
    for decision, own in enumerate(policy._own):
        np.testing.assert_allclose(every[:, decision, own].sum(axis=1), 1, rtol=1e-5)
        assert not every[:, decision, ~own].any()
    before = policy.of_decisions(codes).sum(axis=1)
    search.tell(rows, np.array([0.0, 0.0, 0.0, 1.0]))
    moved = policy.of_decisions(codes).sum(axis=1) - before
    assert moved.argmax() == 3
    assert moved[3] > 0


def test_pnas_trains_neighbours_of_the_round_before(proteins, pool):
    signal = proteins.mean("validation_accuracy")
    search = make_search("pnas", pool, 0, settings=SMALL["pnas"])
    first = search.ask(50)
    assert len(first) == 20
    with pytest.raises(SearchError, match="20 architectures are pending"):
        search.ask(1)
    search.tell(first, signal[first])
    near = set(np.concatenate([pool.neighbours(int(row), RNG(0)) for row in first]).tolist())
    assert set(search.ask(50).tolist()) <= near - set(first.tolist())


def test_the_semi_supervised_assessor_ranks_what_it_has_not_seen(proteins, pool):
    signal, rows = proteins.mean("validation_accuracy"), RNG(0).choice(len(pool), 300, replace=False)
    targets = (signal - signal.mean()) / signal.std()
    scores = assess(SMALL["semi-supervised"].recipe, pool.graphs(rows), targets[rows[:60]], 100, RNG(0))
    assert scores.shape == (240,)
    assert np.corrcoef(scores, signal[rows[60:]])[0, 1] > 0.4
