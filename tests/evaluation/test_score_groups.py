"""metrics.json in groups: a few scores at first sight, the others behind names that a command can leave out."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from glassnet.config import flatten
from glassnet.evaluation import classification_scores, grouped, regression_scores, ungrouped
from glassnet.evaluation.regression_check import compare_scores, require_one_evaluation

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(params=["classification", "regression"])
def scores(request: pytest.FixtureRequest) -> dict[str, Any]:
    """What evaluate makes of a model and a baseline, before it is in groups."""
    rng = np.random.default_rng(0)
    if request.param == "classification":
        y = rng.integers(0, 3, 60)
        p = rng.dirichlet(np.ones(3), 60)
        own, other, against = (
            classification_scores(y, p),
            classification_scores(y, np.full((60, 3), 1 / 3)),
            "mcnemar_p",
        )
    else:
        actual = rng.standard_normal(60)
        own, other, against = (
            regression_scores(actual, actual / 2),
            regression_scores(actual, 0 * actual),
            "sign_flip_p",
        )
    return {
        **own,
        "baselines": {"other": other},
        "comparisons": {"other": {"difference": 0.1, "difference_low": 0.0, against: 0.5}},
        "validation": {"loss": 0.1, "epoch": 3},
    }


def test_groups_lose_and_change_nothing(scores: dict[str, Any]) -> None:
    """There and back; scores without groups, as they were written before, stay what they are."""
    for metrics in (grouped(scores), scores):
        assert ungrouped(metrics) == scores


def test_few_names_stand_outside_the_groups(scores: dict[str, Any]) -> None:
    """In the order in which a reader looks at them."""
    metrics = grouped(scores)
    plain = [name for name, value in metrics.items() if not isinstance(value, dict)]
    assert plain in (["accuracy", "log_loss", "examples"], ["r2", "mae", "examples"])
    assert set(metrics) - set(plain) == {"further", "intervals", "baselines", "comparisons", "validation"}


def test_the_command_in_the_docs_shows_the_plain_ones_and_those_of_validation(scores: dict[str, Any]) -> None:
    """DVC drops the columns whose names begin with a match."""
    (pattern,) = re.findall(
        r"dvc exp show --only-changed --drop '([^']+)'", (ROOT / "docs/how-to/compare-and-sweep.md").read_text()
    )
    left = [name for name in flatten(grouped(scores)) if not re.match(pattern, name)]
    assert len(left) == 5
    assert {name.partition(".")[0] for name in left} < {"accuracy", "log_loss", "r2", "mae", "examples", "validation"}
    assert not [
        name for name in ("models/history.csv", "settings_digest", "conf_digest") if not re.match(pattern, name)
    ]


def test_the_gate_compares_scores_of_either_form(scores: dict[str, Any]) -> None:
    """The main branch may have those of before."""
    rows = [{"row": str(i), "actual": "a", "predicted": "b" if i < scores.get("errors", 0) else "a"} for i in range(60)]
    for metrics in (scores, grouped(scores)):
        require_one_evaluation(rows, metrics, "test")
    assert compare_scores(grouped(scores), scores) == compare_scores(scores, scores)
