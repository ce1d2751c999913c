import json
from pathlib import Path

import pytest
import yaml

from neural_predictor.config.project import Config, Project, Sources, digest, schema
from neural_predictor.config.study import Study
from neural_predictor.config.yaml_files import load
from neural_predictor.errors import ConfigError
from neural_predictor.figures.wanted import Wanted
from neural_predictor.fits.key import FitKey

ROOT = Path(__file__).parents[3]


@pytest.fixture
def study():
    return yaml.safe_load((ROOT / "config/studies/smoke-v1.yaml").read_text())


def write(tmp_path, content):
    path = tmp_path / "broken-v1.yaml"
    path.write_text(content if isinstance(content, str) else yaml.safe_dump(content))
    return path


def refusal(tmp_path, content):
    with pytest.raises(ConfigError) as caught:
        load(Study, write(tmp_path, content))
    return str(caught.value)


def test_every_shipped_configuration_is_valid():
    project = Project(ROOT)
    assert project.config.study in project.study_names()
    for name in project.study_names():
        assert project.study(name).description


def test_named_predictors_of_best_are_what_the_names_mean():
    from neural_predictor.predictors.recipes import PREDICTORS

    recipes = Project(ROOT).study("best-v1").predictors
    for name in set(recipes) & set(PREDICTORS):
        assert recipes[name] == PREDICTORS[name], name
    assert {"best", "dagnn", "dagnn-hinge", "gcn-hinge", "xgboost"} < set(recipes)


def test_the_schema_file_is_the_models(request):
    stored = json.loads((ROOT / "config/schema.json").read_text())
    assert stored == schema(), "run `neural-predictor write-schema`"


def test_a_typo_in_a_key_is_named_with_the_keys_that_are_allowed(tmp_path, study):
    study["fig7"]["repeat"] = study["fig7"].pop("repeats")
    message = refusal(tmp_path, study)
    assert (
        "broken-v1.yaml: fig7.repeat: unknown key; allowed here are benchmark, predictor, train_sizes, total, repeats, "
        "other_repeats" in message
    )
    assert "broken-v1.yaml: fig7.repeats" in message
    assert "(for example 10)" in message


@pytest.mark.parametrize(
    ("place", "value", "said"),
    [
        (
            ("benchmark",),
            "nasbench-graph-reddit",
            "benchmark names 'nasbench-graph-reddit', which is unknown; known are nasbench-graph-cora",
        ),
        (("fig7", "total"), "many", "fig7.total is 'many': Input should be a valid integer"),
        (
            ("fig7", "total"),
            5000,
            "fig7.total is 5000, but nasbench-graph-proteins has 2021 architectures: at most 2021",
        ),
        (("fig7", "total"), 43, "total is 43: N = 43 leaves no K"),
        (("fig7", "train_sizes"), [5], "fig7.train_sizes.0 is 5: Input should be greater than or equal to 10"),
        (("fig7", "train_sizes"), [20, 20], "names an N twice"),
        (("fig7", "other_repeats"), {21: 2}, "other_repeats names N = 21; train_sizes are 20, 43"),
        (("fig7", "other_repeats"), {20: 1}, "fig7.other_repeats.20 is 1: Input should be greater than or equal to 2"),
        (
            ("table_tau", "train_size"),
            2021,
            "table_tau.train_size is 2021, but nasbench-graph-proteins has 2021",
        ),
        (("seed",), -1, "seed is -1: Input should be greater than or equal to 0"),
        (("predictors", "mlp", "dropout"), 1.5, "predictors.mlp.mlp.dropout is 1.5: Input should be less than 1"),
        (
            ("predictors", "mlp", "kind"),
            "tree",
            "any of the expected tags: 'ensemble', 'gcn', 'dagnn', 'mlp', 'cnn'",
        ),
        (
            ("stages", "two"),
            "one-stage",
            "stages.two is 'one-stage'; it must name a predictor of kind cascade",
        ),
        (
            ("stages", "one"),
            "two-stage",
            "stages.one is 'two-stage'; it must name a predictor of kind gcn",
        ),
        (
            ("fig9", "validation_size"),
            2500,
            "fig9.validation_size is 2500, but nasbench-graph-proteins has 2021 architectures: at most 1991",
        ),
        (
            ("fig4", "predictors"),
            ["best"],
            "fig4 names the predictor 'best'; defined are",
        ),
        (
            ("children", "digits", "predictors"),
            ["chain", "two-stage"],
            "children.digits.predictors names 'two-stage', a cascade; name one of one stage",
        ),
        (("searches", "tournament"), 50, "tournament is 50, more than the population of 20"),
        (("bootstrap", "confidence"), float("nan"), "bootstrap.confidence is nan: Input should be a finite number"),
    ],
)
def test_a_value_that_is_not_possible_is_named(tmp_path, study, place, value, said):
    section = study
    for key in place[:-1]:
        section = section[key]
    section[place[-1]] = value
    assert said in refusal(tmp_path, study)


def with_recurrent_cells(study, **changes):
    """The study with sections on recurrent cells; changes by section, such as fig4_nlp={"total": 5}."""
    sections = {
        "fig4_nlp": {"predictors": ["one-stage", "two-stage"], "train_size": 43, "total": 200, "repeats": 2},
        "fig9_nlp": {"predictor": "one-stage", "train_size": 20, "validation_size": 10, "repeats": 2},
    }
    sections = {key: {"benchmark": "nasbench-nlp"} | values | changes.get(key, {}) for key, values in sections.items()}
    return study | sections


@pytest.mark.parametrize(
    ("section", "changes", "said"),
    [
        (
            "fig4_nlp",
            {"benchmark": "nasbench-nlb"},
            "fig4_nlp.benchmark names 'nasbench-nlb', which is unknown; known are nasbench-graph-cora",
        ),
        ("fig4_nlp", {"predictors": ["best"]}, "fig4_nlp names the predictor 'best'; defined are chain, cnn"),
        ("fig9_nlp", {"predictor": "best"}, "fig9_nlp names the predictor 'best'; defined are chain, cnn"),
        ("fig4_nlp", {"total": 43}, "total is 43: N = 43 leaves no K"),
        (
            "fig4_nlp",
            {"total": 11_599},
            "fig4_nlp.total is 11599, but nasbench-nlp has 11598 architectures: at most 11598",
        ),
        (
            "fig9_nlp",
            {"validation_size": 12_000},
            "fig9_nlp.validation_size is 12000, but nasbench-nlp has 11598 architectures: at most 11568",
        ),
        (
            "fig4_nlp",
            {"benchmark": "nasbench-nlp-wikitext2", "total": 264},
            "fig4_nlp.total is 264, but nasbench-nlp-wikitext2 has 263 architectures: at most 263",
        ),
        (
            "fig4_nlp",
            {"repeatz": 2},
            "fig4_nlp.repeatz: unknown key; allowed here are benchmark, predictors, searches, train_size, total",
        ),
        (
            "fig9_nlp",
            {"benchmark": None},
            "fig9_nlp.benchmark is 'nasbench-graph-proteins', which is that of fig9: fig9_nlp shows the same of "
            "another benchmark; name one, or leave fig9_nlp out",
        ),
    ],
)
def test_a_section_on_another_benchmark_that_is_not_possible_is_named(tmp_path, study, section, changes, said):
    Study.model_validate(with_recurrent_cells(study))
    assert said in refusal(tmp_path, with_recurrent_cells(study, **{section: changes}))


def test_sections_that_show_the_same_are_of_different_benchmarks(tmp_path, study):
    own = refusal(tmp_path, with_recurrent_cells(study) | {"benchmark": "nasbench-nlp"})
    assert "fig4_nlp.benchmark is 'nasbench-nlp', which is that of fig4" in own


def test_a_threshold_is_for_one_benchmark(tmp_path, study):
    study = with_recurrent_cells(study)
    study["predictors"]["two-stage"] |= {"quantile": None, "threshold": 0.91}
    said = "fig4_nlp names 'two-stage', whose threshold of 0.91 is for nasbench-graph-proteins; it needs a cascade of"
    assert said in refusal(tmp_path, study)
    study["predictors"]["two-stage-nlp"] = study["predictors"]["two-stage"] | {"threshold": 4.9}
    study["fig4_nlp"]["predictors"] = ["two-stage-nlp"]
    assert Study.model_validate(study)
    study["fig9_nlp"].pop("predictor")  # then it shows the stages
    assert "fig9_nlp names 'two-stage', whose threshold" in refusal(tmp_path, study)


def test_a_section_may_have_a_benchmark_of_its_own(study):
    study["fig7"]["benchmark"] = "nasbench-graph-cora"
    wanted = Wanted(Study.model_validate(study))
    assert wanted.tables("fig7") == wanted.tables("fig-frontier") == ["nasbench-graph-cora"]
    assert {fits.benchmark for fits in wanted.fits_of("fig7")} == {"nasbench-graph-cora"}
    assert wanted.tables("fig4") == ["nasbench-graph-proteins"]
    assert wanted.tables("table-tau") == ["nasbench-graph-proteins", "nasbench-graph-cora"]


@pytest.mark.parametrize("name", Project(ROOT).study_names())
def test_fits_and_searches_that_an_artefact_reads_are_of_tables_that_it_reads(name):
    wanted = Wanted(Project(ROOT).study(name))
    for artefact in wanted.artefacts:
        read = {key.benchmark for key in [*wanted.fits_of(artefact), *wanted.searches_of(artefact)]}
        assert read <= set(wanted.tables(artefact)), artefact


def test_a_study_has_fits_to_recurrent_cells_where_it_has_their_sections(study):
    without = Wanted(Study.model_validate(study).with_name("a-v1"))
    whole = Wanted(Study.model_validate(with_recurrent_cells(study)))
    figures = {
        "fig4-nlp": {FitKey("one-stage", "nasbench-nlp", 43): 2, FitKey("two-stage", "nasbench-nlp", 43): 2},
        "fig9-nlp": {FitKey("one-stage", "nasbench-nlp", 20): 2},
    }
    assert {figure: whole.fits_of(figure) for figure in figures} == figures
    assert whole.fits_of("table-metrics") == without.fits_of("table-metrics") | figures["fig9-nlp"]
    assert whole.fits == without.fits | figures["fig4-nlp"] | figures["fig9-nlp"]
    folds = {FitKey("chain", "digits", None): 2}  # which table-tau, of random training sets, does not read
    assert whole.fits == whole.fits_of("table-tau") | folds
    assert not set(figures) & set(without.artefacts)
    for figure in figures:
        section = figure.replace("-", "_")
        said = f"the study a-v1 has no section `{section}`, which {figure} needs: benchmark, predictor"
        with pytest.raises(ConfigError, match=said):
            without.fits_of(figure)


def test_fig9_shows_one_predictor_where_it_names_one(study):
    study["fig9"]["predictor"] = "mlp"
    wanted = Wanted(Study.model_validate(study))
    assert "fig9-nasbench-two" not in wanted.artefacts
    assert {fits.predictor for fits in wanted.fits_of("fig9-nasbench-one")} == {"mlp"}
    assert wanted.fits_of("table-metrics") == wanted.fits_of("fig9-nasbench-one")


def test_a_table_of_recurrent_cells_that_is_too_small_for_the_study_is_named(study):
    plan = Study.model_validate(with_recurrent_cells(study))
    plan.check_rows("nasbench-nlp", 200)
    said = "the table nasbench-nlp has 199 architectures, but fig4_nlp.total of the study needs 200"
    with pytest.raises(ConfigError, match=said):
        plan.check_rows("nasbench-nlp", 199)


def test_the_front_of_a_table_and_of_children_are_told_apart(study, tmp_path):
    study["frontier"] |= {"totall": 1}
    said = refusal(tmp_path, study)
    assert "frontier.totall: unknown key; allowed here are benchmark, cost, bounds, searches, total, repeats" in said
    study["frontier"] = {"children": "digits", "cost": "latency_ms"}
    assert "frontier.cost: unknown key; allowed here are children" in refusal(tmp_path, study)
    study["frontier"] = {"children": "cifar"}
    assert "frontier.children is 'cifar'; under `children` the study has digits" in refusal(tmp_path, study)
    study["frontier"] = {"children": "digits"}
    assert "add children.digits.latency and children.digits.chosen" in refusal(tmp_path, study)


@pytest.mark.parametrize(
    ("latency", "changes", "said"),
    [
        ({"model": "pixel2"}, {}, "children.digits.latency.model is 'pixel2': Input should be 'pixel1' or 'here'"),
        ({"model": "pixel1", "at_least": -1}, {}, "at_least is -1: Input should be greater than 0"),
        ({"model": "pixel1", "at_most": "85 ms"}, {}, "at_most is '85 ms': Input should be a valid number"),
        ({"model": "pixel1", "at_least": 85, "at_most": 75}, {}, "at_least is 85, which must be below at_most, 75"),
        ({"model": "here", "at_most": 1}, {}, "model is here, whose numbers differ by machine"),
        ({"model": "here"}, {}, "networks is 10; a latency model fitted here needs 20"),
        ({"model": "pixel1"}, {"network": {"variant": "as-replicated"}}, "latencies are those of the paper's strides"),
    ],
)
def test_latencies_of_children_that_cannot_be_are_refused(study, tmp_path, latency, changes, said):
    plain = digest(Study.model_validate(study))
    study["children"]["digits"] |= {"latency": None}
    assert digest(Study.model_validate(study)) == plain  # studies without latencies keep their digests
    study["children"]["digits"] |= {"latency": latency} | changes
    assert said in refusal(tmp_path, study)


def test_a_studys_name_is_no_value_of_it(study):
    plain = Study.model_validate(study)
    assert (plain.name, plain.with_name("a-v1").name) == ("", "a-v1")
    assert digest(plain) == digest(plain.with_name("a-v1"))
    assert "name" not in schema()["study"]["properties"]
    assert [Project(ROOT).study(name).name for name in Project(ROOT).study_names()] == Project(ROOT).study_names()


def test_a_negative_number_of_tolerated_logs_is_named():
    with pytest.raises(ConfigError, match="tolerated_logs is -1: Input should be greater than or equal to 0"):
        load(Config, Path("config.yaml"), {"study": "a-v1", "tolerated_logs": -1})


def test_files_that_are_no_yaml_or_give_a_key_twice_are_named(tmp_path):
    assert "broken-v1.yaml: not a readable YAML file" in refusal(tmp_path, "a: [")
    assert "the key 'seed' is given twice" in refusal(tmp_path, "seed: 1\nseed: 2\n")
    assert "not a readable YAML file" in refusal(tmp_path, "!!python/object/apply:os.system ['true']")
    with pytest.raises(ConfigError, match=r"absent\.yaml: no such file"):
        load(Study, tmp_path / "absent.yaml")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "the file is empty, or holds comments alone; it must hold keys with their values, at least study"),
        ("# study: smoke-v1\n", r"the file is empty, or .* at least study \(for example study: embedded-v2\)"),
        ("---\n", "the file is empty"),
        ("null\n", "the file is empty"),
        ("- study\n- data\n", r"it holds a list, \['study', 'data'\]; it must hold keys"),
        ("smoke-v1\n", "it holds a text, 'smoke-v1'; it must hold keys"),
        ("7\n", "it holds a single value, 7; it must hold keys"),
    ],
)
def test_a_file_without_keys_is_told_what_it_lacks(tmp_path, text, said):
    path = tmp_path / "config.yaml"
    path.write_text(text)
    with pytest.raises(ConfigError, match=rf"config\.yaml: {said}"):
        load(Config, path)
    with pytest.raises(
        ConfigError, match=r"config\.yaml: (the file is empty|it holds).* at least description, benchmark"
    ):
        load(Study, path)


def test_a_byte_order_mark_is_no_part_of_a_key(tmp_path):
    (tmp_path / "config.yaml").write_bytes(b"\xef\xbb\xbfstudy: a-v1\n")
    assert load(Config, tmp_path / "config.yaml").study == "a-v1"


def test_paths_are_written_as_in_a_shell(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("DATA", "/data")

    def paths(text):
        images = {"folder": text, "manual": text}
        found = load(Config, Path("c.yaml"), {"study": "a-v1", "data": {"nasbench101": text}, "images": images})
        assert found.data["nasbench101"] == found.images.folder == found.images.manual
        return str(found.images.folder)

    assert paths("~/nb.tfrecord") == f"{tmp_path}/nb.tfrecord"
    assert paths("$DATA/nb") == paths("${DATA}/nb") == "/data/nb"
    assert paths("a/~b {x} 100%") == "a/~b {x} 100%"
    with pytest.raises(ConfigError, match=r"data\.nasbench101 is '\$NOPE/x': the variable NOPE is not set"):
        paths("$NOPE/x")


@pytest.mark.parametrize(
    "name", ["Mine-v1.yaml", "my_study-v1.yaml", "mine.yaml", "mine-v1.yml", "mine-v1 (copy).yaml"]
)
def test_a_file_of_a_study_has_the_name_of_one(tmp_path, name):
    (tmp_path / "config/studies").mkdir(parents=True)
    for part in ("config.yaml", "sources.yaml", "studies/embedded-v2.yaml"):
        (tmp_path / "config" / part).write_text((ROOT / "config" / part).read_text())
    (tmp_path / "config/studies/._embedded-v2.yaml").write_bytes(b"\0")  # of an archive made on macOS
    assert Project(tmp_path).study_names() == ["embedded-v2"]
    (tmp_path / "config/studies" / name).write_text("")
    with pytest.raises(
        ConfigError, match=r"not the name of a study: rename the file\. .* at its end: mine-v1"
    ) as caught:
        Project(tmp_path)
    assert name in str(caught.value)


def test_an_unknown_study_and_an_unknown_source_are_named(tmp_path):
    with pytest.raises(ConfigError, match=r"mystudy-v1\.yaml: no such study.*; there are audit-v1, .*smoke-v1"):
        Project(ROOT).study("mystudy-v1")
    with pytest.raises(ConfigError, match=r"data\.nasbench: no such source; known are"):
        Project(ROOT, {"study": "smoke-v1", "data": {"nasbench": "x"}})
    with pytest.raises(ConfigError, match="studies: unknown key; allowed here are study, accelerator"):
        Project(ROOT, {"study": "smoke-v1", "studies": 1})


def test_a_source_needs_one_origin(tmp_path):
    row = {"sha256": "0" * 64, "licence": "x", "citation": "y"}
    with pytest.raises(ConfigError, match="either a url, or a package and a path"):
        load(Sources, Path("s.yaml"), {"sources": {"a": row}})
    with pytest.raises(ConfigError, match=r"sources\.a\.sha256 is 'abc'"):
        load(Sources, Path("s.yaml"), {"sources": {"a": row | {"url": "http://x", "sha256": "abc"}}})


def test_repeats_are_dealt_to_shards_without_loss_or_overlap(study):
    study["fig7"]["repeats"], study["repeats_per_shard"] = 7, 3
    plan = Wanted(Study.model_validate(study))
    fits = FitKey("one-stage", "nasbench-graph-proteins", 20)
    dealt = [repeat for shard in plan.shards(fits) for repeat in plan.shard_repeats(fits, shard)]
    assert dealt == list(range(7))
    assert list(plan.shards(fits, 2)) == [0]
    assert list(plan.shards(FitKey("one-stage", "nasbench-graph-proteins", 999))) == []
    assert list(plan.shards(FitKey("mlp", "nasbench-graph-proteins", 20))) == []


def test_figures_share_the_fits_that_they_both_need(study):
    study["fig4"]["repeats"] = 5
    fits = Wanted(Study.model_validate(study)).fits
    name = "nasbench-graph-proteins"
    assert fits == {
        FitKey("one-stage", name, 43): 5,
        FitKey("two-stage", name, 43): 5,
        FitKey("mlp", name, 43): 2,
        FitKey("cnn", name, 43): 2,
        FitKey("one-stage", name, 20): 2,
        FitKey("two-stage", name, 20): 2,
        FitKey("chain", "digits", None): 2,
    }


def test_the_digest_follows_values_not_order_or_comments(study):
    one = Study.model_validate(study)
    assert digest(one) == digest(Study.model_validate(dict(reversed(study.items()))))
    assert digest(one) != digest(Study.model_validate(study | {"seed": 9}))
    assert digest(load(Config, Path("c.yaml"), {"study": "a-v1"})) == digest(Config(study="a-v1"))
