"""The report's section on an ensemble: its members, its temperature, and what it brings over the single network."""

from typing import Any

from glassnet.evaluation import Comparison, Metrics
from glassnet.evaluation.number_text import readable
from glassnet.reporting.tables import interval_of_difference, markdown_table, p_text, with_interval
from glassnet.runs.manifest import Manifest, learnt_target
from glassnet.tables import TrainedModel
from glassnet.training import Ensemble


def ensemble_section(network: TrainedModel, manifest: Manifest, metrics: Metrics) -> str:
    """Return the section in markdown, without its heading; nothing, if the model is a single network."""
    members = manifest.get("members")
    if not isinstance(network, Ensemble) or members is None:
        return ""
    score = "accuracy" if network.class_names else "mae"
    header = ["fold", "training rows", "epochs", "best epoch", "validation loss", f"validation {score}"]
    rows: list[list[Any]] = []
    for fold, each in enumerate(members, start=1):
        value = each.get("best_validation_accuracy", each.get("best_validation_mae"))
        scores = [f"{each['best_validation_loss']:.4f}", f"{value:.4f}"]
        rows.append([fold, each["rows"], each["epochs"], each["best_epoch"], *scores])
    number = len(members)
    parts = [
        f"The model is the average of {number} networks with these settings. The rows that are not for testing are "
        f"divided into {number} folds, and each network has learnt from all but one, which chose its epoch; its "
        "features are standardized by its own training rows. Architecture, curves, telemetry and diagnosis are those "
        "of a single network, trained on the training split alone, from which softmax or linear regression has learnt "
        "too. What the average looks at, importance and effects of columns, is measured on the average itself: what "
        "one column became is moved in all members at once.",
        markdown_table(header, rows),
    ]
    if network.class_names:
        parts.append(_temperature(network.temperature))
    else:
        parts.append(
            f"Their losses and errors are of {learnt_target(manifest['settings'])}; averaged are their predictions in "
            "the target's units."
        )
    parts += [_test_rows(metrics["comparisons"]["single_network"]), _out_of_fold(metrics["out_of_fold"])]
    return "\n\n".join(parts)


def _temperature(temperature: float) -> str:
    if temperature == 1:
        return "No temperature is used: on the rows that the members have not learnt from, fitting one does not help."
    return (
        f"The members' logits are divided by a temperature of {temperature:.3g} before their probabilities are "
        "averaged. It was fitted on the rows that are not for testing, each predicted by the member that has not "
        "learnt from it."
    )


def _test_rows(compared: Comparison) -> str:
    if "log_loss_difference" in compared:
        name, losses = "log-loss", _of_log_loss(compared)
        others = f" and its accuracy by {_difference(compared)} (p = {p_text(compared['mcnemar_p'])})"
    else:
        name, losses, others = "mean absolute error", compared, ""
    text = (
        f"On the test rows its {name} differs from the single network's by {_difference(losses)} "
        f"(p = {p_text(losses['sign_flip_p'])}){others}."
    )
    low, high = losses.get("difference_low", -1.0), losses.get("difference_high", 1.0)
    if high < 0:
        return f"{text} **It is better by more than chance would make it.**"
    if low > 0:
        return f"{text} **It is worse, by more than chance would make it.**"
    return f"{text} That may be chance."


def _out_of_fold(scores: Metrics) -> str:
    names = ("accuracy", "log_loss") if "accuracy" in scores else ("r2", "mae", "rmse")
    titles = {"log_loss": "log-loss", "r2": "R²", "mae": "MAE", "rmse": "RMSE"}
    listed = ", ".join(f"{titles.get(name, name)} {with_interval(scores, name)}" for name in names)
    text = (
        f"Out of fold, each of {scores['examples']:,} rows that are not for testing predicted by the one member "
        f"that has not learnt from it: {listed}. That is what one such network is worth; the average cannot be judged "
        "by rows that other members have learnt from."
    )
    compared = scores["comparisons"]["single_network"]
    losses = _of_log_loss(compared) if "log_loss_difference" in compared else compared
    name = "log-loss" if "log_loss_difference" in compared else "mean absolute error"
    return (
        f"{text} On the single network's validation rows the {name} of that one member differs from the single "
        f"network's by {_difference(losses)} (p = {p_text(losses['sign_flip_p'])})."
    )


def _of_log_loss(compared: Comparison) -> Comparison:
    """Return the difference of the log-losses as `mean_difference` has it; without an interval where there is none."""
    start = "log_loss_"
    values: Any = {name.removeprefix(start): value for name, value in compared.items() if name.startswith(start)}
    of_losses: Comparison = values
    return of_losses


def _difference(compared: Comparison) -> str:
    text, interval = readable(compared["difference"], signed=True), interval_of_difference(compared)
    return f"{text} (95% interval {interval})" if interval else f"{text} (too few rows for an interval)"
