"""The verdict of the regression check as text."""

from glassnet.evaluation.number_text import readable
from glassnet.evaluation.regression_check import Verdict


def as_markdown(verdict: Verdict, baseline: str, scores: list[tuple[str, float, float]], shown: int = 20) -> str:
    """Return a verdict as markdown, fit for a pull request's comment.

    Args:
        verdict: what the check found.
        baseline: what it compared with.
        scores: name, earlier and new value of the scores to list.
        shown: how many newly wrong rows to list.
    """
    titles = {
        "better": "better than",
        "same": "the same predictions as",
        "same classes": "the same classes, with other probabilities, as",
        "within noise": "no different from, within noise,",
        "regression": "**regression** against",
    }
    lines = [f"### Model check: {titles[verdict.kind]} {baseline}", "", f"{verdict.reason}.", ""]
    if scores:
        lines += ["| score | before | now |", "| --- | ---: | ---: |"]
        lines += [
            f"| {name.replace('_', ' ')} | {readable(before)} | {readable(now)} |" for name, before, now in scores
        ]
        lines.append("")
    if verdict.lost_classes:
        lines += ["| class | newly right | newly wrong |", "| --- | ---: | ---: |"]
        lines += [f"| {_cell(name)} | {up} | {down} |" for name, (up, down) in verdict.lost_classes.items()]
        lines.append("")
    if verdict.newly_wrong:
        lines += ["| newly wrong row | actual | was | now |", "| ---: | --- | --- | --- |"]
        lines += [
            f"| {r['row']} | {_cell(r['actual'])} | {_cell(r['was'])} | {_cell(r['predicted'])} |"
            for r in verdict.newly_wrong[:shown]
        ]
        if len(verdict.newly_wrong) > shown:
            lines.append(f"| … and {len(verdict.newly_wrong) - shown} more | | | |")
        lines.append("")
    return "\n".join(lines)


def _cell(name: str) -> str:
    """Return a class's name so that it neither ends the cell of a table nor its line."""
    return " ".join(name.splitlines()).replace("|", "\\|")
