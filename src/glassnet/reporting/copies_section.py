"""Copies of training images among the test images, as a section of the report."""

from glassnet.evaluation.copies import CopiedRows
from glassnet.reporting.tables import markdown_table

TITLES = {"all": "all", "copies": "copies of a training image", "others": "without the copies"}


def copies_section(found: CopiedRows | None) -> str:
    """Return the section with the number of copies and the accuracy without them; nothing of a table."""
    if found is None:
        return ""
    looked = f"{found['rows']} test image{'s' if found['rows'] > 1 else ''}"
    if found["rows"] < found["of"]:
        looked = f"{looked}, taken from the {found['of']} at even distances"
    lines = [
        "### Copies of training images",
        "",
        f"Of {looked}, {found['exact']} equal an image that the network learnt from, pixel by pixel. "
        f"{_near(found)} An image that was moved or mirrored is not found so.",
        "",
    ]
    count = found["exact"] + found["near"]
    if count:
        rows: list[list[object]] = [
            [TITLES[name], each["rows"], f"{each['accuracy']:.4f}", f"{each['low']:.4f} to {each['high']:.4f}"]
            for name, each in found["scores"].items()
        ]
        lines += [markdown_table(["test images", "number", "accuracy", "95% interval"], rows), ""]
        if other := found["other_class"]:
            lines += [
                f"Of the {count}, {other} {'has' if other == 1 else 'have'} another class "
                "than the training image: one of the two labels is wrong, or the image does not tell the class.",
                "",
            ]
        listed = f"The {len(found['copies'])} nearest" if len(found["copies"]) < count else "All"
        lines += [f"{listed} are in `reports/analysis.json` with their training images, under `copies`.", ""]
    return "\n".join(lines) + "\n"


def _near(found: CopiedRows) -> str:
    if "limit" not in found:
        return "Near copies were not looked for: there are too few training images, or they do not lie apart."
    return (
        f"{found['near']} more are near copies: their distance to the nearest training image is at most "
        f"{found['limit']:.2f} of that to the twentieth nearest. Where images lie evenly, by chance alone no more than "
        "one test image would be expected to be that close (from the number of dimensions in which they spread; Facco "
        "et al., 2017)."
    )
