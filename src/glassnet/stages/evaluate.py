"""Scores the network and the baselines on the test split; the only stage that opens it."""

import csv
import json
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from glassnet.config import Layout, Settings, run_stage
from glassnet.data import PreparedData, open_prepared
from glassnet.evaluation import classification_scores, majority_scores, regression_scores
from glassnet.training import load_model

AnyArray: TypeAlias = npt.NDArray[Any]


def main(settings: Settings, layout: Layout) -> None:
    """Write the scores and the prediction for every test row."""
    prepared = open_prepared(settings.data.model_dump(), layout.prepared, by_dvc=layout.by_dvc)
    test = prepared.split("test")
    network, baseline = load_model(layout.model), load_model(layout.baseline)
    predictions, from_baseline = network.predict_features(test.X), baseline.predict_features(test.X)
    write = _regression if prepared.task == "regression" else _classification
    metrics, table, line = write(prepared, np.asarray(test.y), predictions, from_baseline)
    best = {name: value for name, value in network.about.items() if name.startswith("best_")}
    metrics["validation"] = {
        **{name.removeprefix("best_validation_"): value for name, value in best.items() if name != "best_epoch"},
        "epoch": best["best_epoch"],
    }
    layout.metrics.parent.mkdir(parents=True, exist_ok=True)
    layout.metrics.write_text(json.dumps(metrics, indent=2) + "\n", encoding="utf-8")
    with layout.predictions.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file, lineterminator="\n").writerows(table)
    print(f"evaluate: test {line}")


Result = tuple[dict[str, Any], list[list[Any]], str]


def _classification(prepared: PreparedData, labels: AnyArray, probabilities: AnyArray, baseline: AnyArray) -> Result:
    """Return the metrics, the table of predictions with its header, and the scores in a few words."""
    names = prepared.class_names
    metrics = {
        **classification_scores(labels, probabilities),
        "baselines": {
            "majority_class": majority_scores(labels, prepared.about["class_counts"]["train"]),
            "softmax_regression": classification_scores(labels, baseline),
        },
    }
    header = ["row", "actual", "predicted", "baseline_predicted", *(f"probability_{name}" for name in names)]
    rows = zip(prepared.rows("test"), labels, probabilities, baseline.argmax(axis=1), strict=True)
    table = [
        [row, names[label], names[p.argmax()], names[from_baseline], *(f"{q:.6f}" for q in p)]
        for row, label, p, from_baseline in rows
    ]
    line = (
        f"accuracy {metrics['accuracy']:.4f} (95% interval {metrics['accuracy_low']:.4f} to "
        f"{metrics['accuracy_high']:.4f}), log-loss {metrics['log_loss']:.4f}"
    )
    return metrics, [header, *table], line


def _regression(prepared: PreparedData, targets: AnyArray, predictions: AnyArray, baseline: AnyArray) -> Result:
    """As `_classification`, in the target's units."""
    scale = prepared.about["target_scale"]
    actual = targets[:, 0].astype(np.float64) * scale["scale"] + scale["mean"]
    metrics: dict[str, Any] = {
        **regression_scores(actual, predictions[:, 0]),
        "baselines": {
            "mean_prediction": regression_scores(actual, np.full(len(actual), scale["mean"])),
            "linear_regression": regression_scores(actual, baseline[:, 0]),
        },
    }
    rows = zip(prepared.rows("test"), actual, predictions[:, 0], baseline[:, 0], strict=True)
    table = [[row, *(f"{value:.6g}" for value in values)] for row, *values in rows]
    line = f"R² {metrics['r2']:.4f}, MAE {metrics['mae']:.4g}, RMSE {metrics['rmse']:.4g} in units of the target"
    return metrics, [["row", "actual", "predicted", "baseline_predicted"], *table], line


if __name__ == "__main__":
    run_stage("evaluate", main)
