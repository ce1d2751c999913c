"""The registry of spaces: its rows, and what is wrong with a row that is not one."""

import subprocess
import sys

import pytest

from neural_predictor.errors import ArchitectureError, ConfigError
from neural_predictor.records import by_name, load_entry
from neural_predictor.spaces import SPACES, SearchSpace, make_space, registry
from neural_predictor.spaces.registry import SpaceRow
from neural_predictor.tables.benchmarks import BENCHMARKS


@pytest.mark.parametrize("name", SPACES)
def test_every_row_names_a_space_of_its_name(name):
    space = make_space(name)
    assert isinstance(space, SearchSpace)
    assert space.name == name


def test_benchmarks_are_of_spaces_that_exist():
    assert {benchmark.space for benchmark in BENCHMARKS.values()} <= set(SPACES)


def test_options_reach_the_space():
    assert len(make_space("nasbench-graph", allowed=("gcn", "skip")).enumerate()) < 100


def test_an_unknown_space_is_answered_by_those_that_exist():
    with pytest.raises(ArchitectureError, match="unknown space 'toys'; known are nasbench-graph, nasbench101, "):
        make_space("toys")


def test_rows_are_read_without_the_spaces():
    code = (
        "import sys; from neural_predictor.spaces import SPACES; assert SPACES; "
        "print([name for name in sys.modules if 'neural_predictor.spaces.' in name])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == str([f"neural_predictor.spaces.{name}" for name in ("base", "graphs", "registry")])


def test_a_name_used_twice_is_named():
    rows = [SpaceRow("toys", "toys:Toys"), SpaceRow("others", "others:Others"), SpaceRow("toys", "more:Toys")]
    with pytest.raises(ConfigError) as caught:
        by_name("spaces/registry.py", rows)
    said = "spaces/registry.py: two rows have the name 'toys'; expected one row a name: rename one"
    assert str(caught.value) == said


@pytest.mark.parametrize(
    ("entry_point", "said"),
    [
        ("toys:Toys", "there is no module neural_predictor.spaces.toys; add it, or correct the row"),
        ("toys.space:Toys", "there is no module neural_predictor.spaces.toys.space; add it, or correct the row"),
        ("nasbench_graph.toys:Toys", "there is no module neural_predictor.spaces.nasbench_graph.toys; "),
        ("nasbench_graph:Toys", "the module neural_predictor.spaces.nasbench_graph has no Toys; add it, or correct"),
        ("nasbench_graph.Toys", "expected module:name, a module below neural_predictor.spaces and a name in it"),
        (":Toys", "expected module:name, a module below neural_predictor.spaces and a name in it"),
    ],
)
def test_an_entry_point_that_does_not_exist_is_one_message(entry_point, said, monkeypatch):
    monkeypatch.setitem(registry.SPACES, "toys", SpaceRow("toys", entry_point))
    with pytest.raises(ConfigError) as caught:
        make_space("toys")
    assert str(caught.value).startswith(
        f"spaces/registry.py, row 'toys': the entry point '{entry_point}' does not exist"
    )
    assert said in str(caught.value)


def test_what_a_module_lacks_itself_keeps_its_own_error(tmp_path, monkeypatch):
    (tmp_path / "broken_toys").mkdir()
    (tmp_path / "broken_toys/__init__.py").touch()
    (tmp_path / "broken_toys/space.py").write_text("import no_such_library\n")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ModuleNotFoundError, match="no_such_library"):
        load_entry("toys", "toys", "broken_toys", "space:Toys")
