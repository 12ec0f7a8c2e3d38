"""The learning-rate range test: writes its curve and figure, prints a suggestion, and leaves models/ alone."""

import csv

from glassnet.config import Settings, training_plan
from glassnet.diagnostics import learning_rate_range_test
from glassnet.files import whole_file
from glassnet.reporting import draw_range_test
from glassnet.runs import Layout, run_stage
from glassnet.tables import open_prepared
from glassnet.training.train import make_loaders, make_network


def main(settings: Settings, layout: Layout) -> float:
    """Raise the learning rate until the loss blows up; return the suggested rate."""
    prepared = open_prepared(settings.data.choice(), layout.prepared, by_dvc=layout.by_dvc)
    train, validation = prepared.split("train"), prepared.split("validation")
    plan = training_plan(settings, train.X.shape[1], len(prepared.class_names) or None)
    model, loss = make_network(plan, train)
    loader, _ = make_loaders(plan, train, validation)
    result = learning_rate_range_test(model, loss, plan.optimizer(model.parameters()), loader)
    folder = layout.root / "range_test"
    folder.mkdir(parents=True, exist_ok=True)
    with whole_file(folder / "range_test.csv") as part, part.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["learning_rate", "loss", "smoothed_loss"])
        columns = (result.learning_rates, result.losses, result.smoothed)
        writer.writerows([repr(value) for value in row] for row in zip(*columns, strict=True))
    draw_range_test(folder / "range_test.csv", folder / "range_test.png", result.edge, result.suggestion)
    if result.edge is None:
        reason = (
            f"the loss never blew up, up to {result.learning_rates[-1]:.2g}, and fell fastest at the suggested rate"
        )
    else:
        reason = f"the loss blows up at a learning rate of {result.edge:.2g}"
    print(f"range_test: {reason}; suggested: optimizer.learning_rate={result.suggestion:.2g}; curve in {folder}")
    return result.suggestion


if __name__ == "__main__":
    run_stage("range_test", main)
