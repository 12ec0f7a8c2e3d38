"""The largest confusions among the classes of images, as a section of the report: each guess beside its number."""

from collections.abc import Sequence

from glassnet.evaluation.confusions import EXAMINED, LEAST, PAIRS, Confusion
from glassnet.reporting.tables import plain

MOSTLY, SELDOM = 0.65, 0.35  # the shares from which on, and up to which, one is said to be the rule


def confusions_section(found: Sequence[Confusion]) -> str:
    """Return a paragraph about each pair of classes; nothing where there is none."""
    if not found:
        return ""
    lines = [
        "### The largest confusions",
        "",
        f"The pairs of classes with the most errors between them: {PAIRS} at most, of {LEAST} errors or more. "
        f"Distances are those of standardized pixels, for at most {EXAMINED} errors of each direction.",
        "",
    ]
    for each in found:
        lines += [_paragraph(each), ""]
    return "\n".join(lines) + "\n"


def _paragraph(each: Confusion) -> str:
    first, second = (plain(name) for name in each["classes"])
    there, back = each["errors"]
    of_first, of_second = each["rows"]
    return (
        f"**{first} and {second}**: {there} of {of_first} {first} taken for {second}, {back} of {of_second} {second} "
        f"for {first}. The mean confidence of these errors is {each['confidence']:.2f}. The second guess is right in "
        f"{each['second_right']:.0%} of them: {_by_second_guess(each['second_right'])}. The nearest training image of "
        f"the predicted class is nearer than that of the actual one in {each['nearest_is_predicted']:.0%} "
        f"({each['to_predicted']:.1f} and {each['to_actual']:.1f} away on average): "
        f"{_by_neighbours(each['nearest_is_predicted'])}. {each['mean_is_predicted']:.0%} are nearer to the mean image "
        f"of the predicted class: {_by_means(each['mean_is_predicted'])}."
    )


def _by_second_guess(share: float) -> str:
    if share >= MOSTLY:
        return "the doubt is between these two classes"
    if share > SELDOM:
        return "in many a third class comes before the actual one"
    return "in most the actual class comes third or later"


def _by_neighbours(share: float) -> str:
    if share >= MOSTLY:
        return "by their pixels most lie with the other class, or their labels are wrong"
    if share > SELDOM:
        return "by their pixels they lie where the two classes meet"
    return "by their pixels most lie with their own class, so that the network is at fault"


def _by_means(share: float) -> str:
    if share >= MOSTLY:
        return "most look rather like the other class as a whole"
    return "neither class as a whole is the nearer one" if share > SELDOM else "most look rather like their own class"
