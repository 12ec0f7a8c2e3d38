"""Scores the network and the baselines on the test split; the only stage that opens it."""

import csv
import json

import numpy as np

from glassnet.config import Layout, Settings, run_stage
from glassnet.data import open_prepared
from glassnet.evaluation import classification_scores, majority_scores
from glassnet.training import load_model, predict


def main(settings: Settings, layout: Layout) -> None:
    """Write the scores and the prediction for every test row."""
    prepared = open_prepared(settings.data.model_dump(), layout.prepared, by_dvc=layout.by_dvc)
    test = prepared.split("test")
    labels = np.asarray(test.y)
    network, baseline = load_model(layout.model), load_model(layout.baseline)
    probabilities = predict(network.model, test.X)
    baseline_probabilities = predict(baseline.model, test.X)
    metrics = {
        **classification_scores(labels, probabilities),
        "validation": {
            "loss": network.about["best_validation_loss"],
            "accuracy": network.about["best_validation_accuracy"],
            "epoch": network.about["best_epoch"],
        },
        "baselines": {
            "majority_class": majority_scores(labels, prepared.about["class_counts"]["train"]),
            "softmax_regression": classification_scores(labels, baseline_probabilities),
        },
    }
    layout.metrics.parent.mkdir(parents=True, exist_ok=True)
    layout.metrics.write_text(json.dumps(metrics, indent=2) + "\n", encoding="utf-8")
    names = prepared.class_names
    with layout.predictions.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(
            ["row", "actual", "predicted", "baseline_predicted", *(f"probability_{name}" for name in names)]
        )
        rows = zip(prepared.rows("test"), labels, probabilities, baseline_probabilities.argmax(axis=1), strict=True)
        for row, label, p, from_baseline in rows:
            writer.writerow([row, names[label], names[p.argmax()], names[from_baseline], *(f"{q:.6f}" for q in p)])
    print(
        f"evaluate: test accuracy {metrics['accuracy']:.4f} "
        f"(95% interval {metrics['accuracy_low']:.4f} to {metrics['accuracy_high']:.4f}), "
        f"log-loss {metrics['log_loss']:.4f}"
    )


if __name__ == "__main__":
    run_stage("evaluate", main)
