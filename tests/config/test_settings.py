"""The typed settings: what is accepted, and how each kind of mistake is named."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from glassnet.config import UserError, conf_digest, parse_settings
from glassnet.config.unknown_keys import unknown_setting
from tests.settings import ROOT, params, read_choice


@pytest.fixture
def values() -> dict[str, Any]:
    """What params.yaml has."""
    return params()


def test_the_committed_settings_fit_and_know_their_conf() -> None:
    """params.yaml was generated from conf/ as it is."""
    values = yaml.safe_load((ROOT / "params.yaml").read_text())
    assert parse_settings(values, "params.yaml").conf_digest == conf_digest(ROOT / "conf")


@pytest.mark.parametrize(
    ("path", "value", "parts"),
    [
        ("optimizer.learning_rate", -1, ("optimizer.learning_rate", "greater than 0", "-1")),
        ("optimizer.learning_rate", "fast", ("optimizer.learning_rate", "valid number", "'fast'")),
        ("optimizer.learning_rate", float("nan"), ("optimizer.learning_rate", "finite", "nan")),
        ("training.batch_size", 0, ("training.batch_size", "greater than or equal to 1", "0")),
        ("training.batch_size", 1.5, ("training.batch_size", "integer", "1.5")),
        ("training.epochs", True, ("training.epochs", "integer", "True")),
        ("data.test_fraction", 1.5, ("data.test_fraction", "less than 1", "1.5")),
        ("data.test_fraction", 0.9, ("data", "below 1", "test_fraction=0.9")),
        ("data.name", "beer", ("data.name", "'wine'", "'beer'")),
        ("optimizer.name", "adamant", ("optimizer.name", "'adam'", "'adamant'")),
        ("optimizer.momentum", 0.5, ("Unknown setting `optimizer.momentum`, received 0.5; optimizer=sgd has it",)),
        ("schedule.warmup_epochs", 1000, ("schedule.warmup_epochs", "below training.epochs (60)", "received 1000")),
        ("training.batch_size", 10**20, ("training.batch_size", "less than or equal to 2147483647", str(10**20))),
        ("model.hidden_sizes", [10**20], ("model.hidden_sizes.0", "less than or equal to 2147483647", str(10**20))),
        ("data.folds", 10**20, ("data.folds", "less than or equal to 2147483647", str(10**20))),
        ("data.path", "mine.csv", ("data.path", "bundled.py", "data=csv data.path=mine.csv", "received 'mine.csv'")),
        ("data.test_fraction", None, ("data.test_fraction", "number", "received None")),
        ("colour", "red", ("params.yaml: Unknown setting `colour`, received 'red'",)),
        ("modell", 1, ("Unknown setting `modell`, received 1; did you mean `model`?",)),
        ("data.rows", 9, ("Unknown setting `data.rows`, received 9; data=blobs and data=spirals have it",)),
        ("optimizer.lr", 1, ("`optimizer.lr`, received 1; did you mean `optimizer.learning_rate`?",)),
        ("model.width", 3, ("`model.width`, received 3; model has name, hidden_sizes, activation",)),
    ],
)
def test_a_mistake_names_key_expectation_and_value(
    values: dict[str, Any], path: str, value: object, parts: tuple[str, ...]
) -> None:
    """One line, whatever is wrong."""
    *sections, key = path.split(".")
    target = values
    for section in sections:
        target = target[section]
    target[key] = value
    with pytest.raises(UserError) as caught:
        parse_settings(values, "params.yaml")
    message = str(caught.value)
    assert "\n" not in message
    assert all(part in message for part in parts), message


@pytest.mark.parametrize(
    ("choice", "key", "value", "parts"),
    [
        ("blobs", "classes", 1, ("data.classes", "greater than or equal to 2", "received 1")),
        ("blobs", "spread", 0, ("data.spread", "greater than 0", "received 0")),
        ("blobs", "turns", 1.0, ("Unknown setting `data.turns`, received 1.0; data=spirals has it",)),
        ("spirals", "seed", -1, ("data.seed", "greater than or equal to 0", "received -1")),
        ("fashion_mnist", "mirrors", [], ("data.mirrors", "at least 1 item", "received []")),
        ("csv", "encoding", "", ("data.encoding", "at least 1 character", "received ''")),
        ("csv", "delimiter", ";;", ("data.delimiter", "one character", "received ';;'")),
        ("csv", "date_format", "%d", ("data.date_format", "with a year", "received '%d'")),
        ("csv", "most_categories", 0, ("data.most_categories", "greater than or equal to 1", "received 0")),
        ("csv", "missing_numeric", "error", ("data.missing_numeric", "'median', 'mean' or 'drop'", "'error'")),
        ("csv", "drop", ["a", 1.5], ("data.drop.1", "a string", "received the number 1.5")),
    ],
)
def test_the_arguments_of_a_source_have_types_and_ranges(
    values: dict[str, Any], choice: str, key: str, value: object, parts: tuple[str, ...]
) -> None:
    """As its signature says."""
    values["data"] = {**read_choice("data", choice), key: value}
    with pytest.raises(UserError) as caught:
        parse_settings(values, "params.yaml")
    assert all(part in str(caught.value) for part in parts), caught.value


def test_settings_of_before_an_argument_was_added_are_read(values: dict[str, Any]) -> None:
    """A run that was recorded then is promoted now, say."""
    added: dict[str, Any] = {"keep": [], "dates": [], "date_format": None, "missing_target": "drop"}
    values["data"] = {key: value for key, value in read_choice("data", "csv").items() if key not in added}
    data = parse_settings(values, "params.yaml").data.model_dump()
    assert {key: data[key] for key in added} == added


def test_penalty_and_weight_decay_exclude_each_other(values: dict[str, Any]) -> None:
    """One line that names both keys."""
    adamw = read_choice("optimizer", "adamw")
    changed = {**values, "optimizer": adamw, "training": {**values["training"], "l2": 0.1}}
    with pytest.raises(
        UserError, match=r"training\.l2 or optimizer\.weight_decay above 0, not both, received 0\.1 and"
    ):
        parse_settings(changed, "params.yaml")


def test_a_missing_key_is_named(values: dict[str, Any]) -> None:
    """Nothing has a silent default."""
    del values["training"]["epochs"]
    with pytest.raises(UserError, match=r"training\.epochs: expected a value"):
        parse_settings(values, "params.yaml")


def test_the_digest_follows_every_file(tmp_path: Path) -> None:
    """A changed, renamed or added file changes the digest; other files do not."""
    (tmp_path / "a.yaml").write_text("x: 1\n")
    first = conf_digest(tmp_path)
    (tmp_path / "notes.txt").write_text("not configuration")
    assert conf_digest(tmp_path) == first
    (tmp_path / "a.yaml").rename(tmp_path / "b.yaml")
    renamed = conf_digest(tmp_path)
    (tmp_path / "b.yaml").write_text("x: 2\n")
    assert len({first, renamed, conf_digest(tmp_path)}) == 3


@pytest.mark.parametrize(
    ("key", "meant"),
    [("data.nois", "data.noise"), ("data.sf", "data.split_fraction"), ("data.target", "data._target_")],
)
def test_the_nearest_setting_of_a_class_of_ones_own_is_named(key: str, meant: str) -> None:
    """Its section has `_target_`, whose name begins with what divides the words of others."""
    known: dict[str, list[str]] = {name: [] for name in ("data._target_", "data.noise", "data.split_fraction")}
    assert unknown_setting(key, known) == f"Unknown setting `{key}`; did you mean `{meant}`?"
