"""How MLflow's pages show our runs: as trainings, with the columns that one compares them by.

MLflow 3 opens in the mode of its other users, with traces and without metrics. What a page shows is in its address and
in a tag of the experiment, in which MLflow keeps views that somebody shares.
"""

import json

VIEW = "glassnet"
MODE = "workflowType=machine_learning"
WIDTH = 170  # of a column, for a name such as best_validation_accuracy
METRICS = ("best_validation_loss", "best_validation_accuracy", "best_validation_mae",
           "test_accuracy", "test_log_loss", "test_r2", "test_mae")  # fmt: skip
PARAMS = ("data.name", "model.name", "optimizer.name", "optimizer.learning_rate", "training.epochs")


def experiment_tags() -> dict[str, str]:
    """Return the tags by which an experiment is one of trainings, and has a view with columns."""
    columns = [*(f"metrics.`{name}`" for name in METRICS), *(f"params.`{name}`" for name in PARAMS)]
    view = {"selectedColumns": columns, "columnOrder": columns, "columnWidths": dict.fromkeys(columns, WIDTH)}
    return {
        "mlflow.experimentKind": "custom_model_development",
        f"mlflow.sharedViewState.{VIEW}": json.dumps(view, separators=(",", ":")),
    }


def runs_page(server: str, experiment_id: str) -> str:
    """Return the address at which a server shows the runs of an experiment, with that view."""
    query = f"{MODE}&compareRunsMode=TABLE&viewStateShareKey={VIEW}"
    return f"{server}/#/experiments/{experiment_id}/runs?{query}"
