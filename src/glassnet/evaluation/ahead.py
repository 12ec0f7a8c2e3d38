"""Says which baselines are ahead of a network, and whether chance may be why."""

from glassnet.evaluation.number_text import readable
from glassnet.evaluation.records import Comparison, Metrics

SIGNIFICANT = 0.05


def baselines_ahead(metrics: Metrics) -> list[str]:
    """Return a sentence for each baseline that does better than the network on the test rows; none if none does.

    A classifier is ahead with a higher accuracy, or the same and a lower log-loss; a regression with a lower mean
    absolute error or a higher R². The paired test says whether by more than chance explains.

    Args:
        metrics: the content of metrics.json, ungrouped.
    """
    sentences = []
    for name, scores in metrics["baselines"].items():
        comparison = metrics["comparisons"][name]
        found = (
            _classifier(metrics, scores, comparison)
            if "accuracy" in metrics
            else _regression(metrics, scores, comparison)
        )
        if found:
            title = name.replace("_", " ")
            sentences.append(f"{title[0].upper()}{title[1:]} is ahead on the same rows, {found}.")
    return sentences


def _classifier(ours: Metrics, theirs: Metrics, comparison: Comparison) -> str:
    losses = f"log-loss {readable(theirs['log_loss'])} against {readable(ours['log_loss'])}"
    if comparison["difference"] < 0:
        accuracies = f"accuracy {theirs['accuracy']:.4f} against {ours['accuracy']:.4f}"
        return f"{_how_surely(comparison['mcnemar_p'], 'exact McNemar')}: {accuracies}, {losses}"
    if comparison["difference"] == 0 and theirs["log_loss"] < ours["log_loss"]:
        return f"by the point estimate alone, no test of it being made: the same accuracy, {losses}"
    return ""


def _regression(ours: Metrics, theirs: Metrics, comparison: Comparison) -> str:
    scores = ", ".join(
        f"{title} {of_them} against {of_us}"
        for title, of_them, of_us in (
            ("R²", f"{theirs['r2']:.4f}", f"{ours['r2']:.4f}"),
            ("mean absolute error", readable(theirs["mae"]), readable(ours["mae"])),
        )
    )
    if comparison["difference"] > 0:
        return f"{_how_surely(comparison['sign_flip_p'], 'sign-flip test of the absolute errors')}: {scores}"
    if theirs["r2"] > ours["r2"]:
        return f"by the point estimate of R² alone, with no smaller absolute error: {scores}"
    return ""


def _how_surely(p: float, test: str) -> str:
    if p < SIGNIFICANT:
        return f"significantly ({test}, p {p:.2g})"
    return f"by the point estimate alone, which chance may explain ({test}, p {p:.2g})"
