"""Names and values that MLflow's tables would refuse are shortened: readably, and the same way each time."""

from pathlib import Path

import pytest

from glassnet.config import UserError, parse_settings
from glassnet.runs import Sweep
from glassnet.tracking.client import limits
from glassnet.tracking.client.addresses import printable
from glassnet.tracking.client.calls import quiet_warnings
from glassnet.tracking.client.runs import _job_title, _sweep_note, _sweep_title
from glassnet.tracking.registry.champion import _model_name
from tests.settings import params


def test_the_limits_are_those_of_mlflow() -> None:
    """Of the installed version: what its tables hold and what it checks itself, whichever is less."""
    with quiet_warnings():
        from mlflow.store.model_registry.dbmodels import models as registry
        from mlflow.store.tracking.dbmodels import models as tracking
        from mlflow.utils import validation

    def held(table: object, column: str) -> int:
        return int(table.__table__.columns[column].type.length)  # type: ignore[attr-defined]  # SQLAlchemy's

    assert held(tracking.SqlRun, "name") == limits.RUN_NAME
    assert held(tracking.SqlRun, "artifact_uri") == limits.RUN_ADDRESS
    keys = [held(table, "key") for table in (tracking.SqlParam, tracking.SqlTag, tracking.SqlMetric)]
    assert min(*keys, validation.MAX_ENTITY_KEY_LENGTH) == limits.KEY
    assert min(held(tracking.SqlParam, "value"), validation.MAX_PARAM_VAL_LENGTH) == limits.PARAM
    assert min(held(tracking.SqlTag, "value"), validation.MAX_TAG_VAL_LENGTH) >= limits.TAG
    assert held(registry.SqlRegisteredModel, "name") == limits.MODEL_NAME
    assert min(held(tracking.SqlDataset, "name"), validation.MAX_DATASET_NAME_SIZE) == limits.DATA_SET_NAME
    assert held(tracking.SqlDataset, "digest") >= 16  # characters that a digest of ours has
    assert held(tracking.SqlExperiment, "name") == limits.EXPERIMENT_NAME


@pytest.mark.parametrize("length", [249, 250, 251, 9_000])
def test_a_shortened_text_begins_like_the_whole_one_and_is_told_from_its_like(length: int) -> None:
    """Two that differ in their last character alone stay two; a text that fits stays as it is."""
    one, other = ("ä" * (length - 1) + character for character in "xy")
    short = limits.shortened(one, 250)
    assert len(short) == min(length, 250)
    assert (short == one) == (length <= 250)
    assert short[:230] == one[:230]
    assert short != limits.shortened(other, 250)
    assert short == limits.shortened(one, 250)


def test_what_no_database_stores_is_written_out() -> None:
    """NUL, which PostgreSQL refuses, and a byte of a file's name that is no UTF-8."""
    assert limits.shortened("a\0b\udce9.csv", 250) == "a\\x00b\\udce9.csv"
    assert limits.param_string("caf\udce9") == "caf\\udce9"


@pytest.mark.parametrize("name", ["test_per class.a/b", "é: 1", "../x", "a//b", "model@pack", "x" * 300, "a[0]", "./k"])
def test_mlflow_takes_every_key(name: str) -> None:
    """By its own check."""
    with quiet_warnings():
        from mlflow.utils.validation import _validate_metric, _validate_param

    _validate_metric(limits.key(name), 0.5, 0, 0)
    _validate_param(limits.key(name), "1")


def test_the_name_of_a_job_keeps_its_values() -> None:
    """The values first; where names and values are too long together, the values alone, the names being parameters."""
    changes = [f"optimizer.a_rather_long_name_{i}=0.{i}" for i in range(9)]
    few, many = _job_title(Sweep(Path("s"), tuple(changes[:2]))), _job_title(Sweep(Path("s"), tuple(changes)))
    assert few == "0.0, 0.1: optimizer.a_rather_long_name_0=0.0, optimizer.a_rather_long_name_1=0.1"
    assert many == "0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8"
    assert len(_job_title(Sweep(Path("s"), ("model.hidden_sizes=[" + "16," * 200 + "16]",)))) == limits.RUN_NAME
    assert len(_sweep_title(Sweep(Path("s"), tuple(changes)))) == limits.RUN_NAME


def test_the_name_of_a_model_fits_a_table_of_any_name() -> None:
    """A file's name may have 255 bytes, and "glassnet-csv-" comes before it."""
    long = _model_name("csv", f"{'people' * 42}.csv")
    assert long.startswith("glassnet-csv-peoplepeople")
    assert len(long) == limits.MODEL_NAME
    assert _model_name("csv", "people.csv") == "glassnet-csv-people"


def test_an_experiment_of_a_longer_name_is_refused() -> None:
    """It is the user's own name, so that nothing is shortened behind their back."""
    values = params()
    values["tracking"]["experiment"] = "e" * 257
    with pytest.raises(UserError, match=r"tracking\.experiment: expected at most 256 characters, received 'eee"):
        parse_settings(values, "test")


def test_no_password_is_printed() -> None:
    """Logs of CI are read by many."""
    assert printable("postgresql://me:secret@host:5432/runs") == "postgresql://me:***@host:5432/runs"
    assert printable("postgresql+psycopg2://me:s:e@host/runs") == "postgresql+psycopg2://me:***@host/runs"
    for uri in ("postgresql://me@host/runs", "sqlite:////a:b/c@d", "http://127.0.0.1:5000"):
        assert printable(uri) == uri


def test_what_was_tried_for_a_run_is_called_an_improvement_of_it() -> None:
    """By the beginning of its key, with which the run's own name ends."""
    sweep = Sweep(Path("outputs/digits/checkpoints/improve/0123456789abcdef"), ("seed=1",))
    assert _sweep_title(sweep) == "improvement of 012345"
    assert _sweep_note(sweep) == "What improve tried in `outputs/digits/checkpoints/improve/0123456789abcdef`."
    assert _sweep_note(Sweep(Path("multirun/1"), ("seed=1",))) == "The sweep in `multirun/1`."
