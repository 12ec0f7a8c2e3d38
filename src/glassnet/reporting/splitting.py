"""How rows were divided that are not each for themselves: by groups, in time, with near copies together."""

from glassnet.reporting.tables import code
from glassnet.tables.descriptions import DataDescription


def division(about: DataDescription) -> str:
    """Return the sentences that say how rows were divided by groups, in time, or with near copies together."""
    settings = about["settings"]
    said = []
    if "groups" in about:
        column, counts = about["groups"]["column"], about["groups"]["groups"]
        listed = ", ".join(f"{count} {split}" for split, count in counts.items())
        said.append(
            f"All rows with the same value of {code(column)} are in one split (`data.group`): there are {listed} groups"
        )
    elif settings.get("near_copies") == "together":
        said.append("Rows that are near copies of each other are in one split (`data.near_copies`)")
    if "times" in about:
        column, spans = about["times"]["column"], about["times"]["spans"]
        listed = ", ".join(f"{split} from {first} to {last}" for split, (first, last) in spans.items())
        what = "groups by the latest value of" if "groups" in about else "rows by"
        said.append(f"Splits follow each other in time, {what} {code(column)} (`data.time`): {listed}")
        if unused := about["times"]["unused"]:
            said.append(f"{unused} rows are later than the validation rows, but not for testing, and in no split")
    else:
        kept = "classes keep their shares" if about["class_names"] else "splits get their sizes"
        said[-1] += f", chosen at random such that {kept} (`data.split_seed` {settings['split_seed']})"
    if "groups" in about:
        said.append(
            "Intervals and tests take rows for independent, which those of a group are not: they are too narrow, and "
            f"{counts['test']} groups for testing say less than as many rows"
        )
    elif "times" not in about:
        said.append("Intervals and tests take rows for independent, which near copies are not: they are too narrow")
    if settings["folds"] is not None:
        said.append(f"The validation rows are fold {settings['fold']}, from 0, of {settings['folds']}")
    if settings["repetition"]:
        said.append(f"This is repetition {settings['repetition']}")
    return ". ".join(said) + "."
