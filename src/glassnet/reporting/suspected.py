"""What is suspected of the data, in the words of the report, with the commands that test it."""

from glassnet.overrides import as_override
from glassnet.reporting.commands import Launch, command_line
from glassnet.reporting.tables import plain
from glassnet.tables.descriptions import DataDescription


def suspicions_text(about: DataDescription, launch: Launch) -> str:
    """Return the section on what may make the scores promise too much; nothing where nothing is suspected."""
    suspicions = about.get("suspicions", [])
    if not suspicions:
        return ""
    lines = [
        "## Suspicions",
        "",
        "What may make the scores promise more than new rows keep. None of it is certain; a command trains with the",
        "setting that tests it, and the scores on the test rows of that training say whether the suspicion is right.",
        "",
    ]
    for number, each in enumerate(suspicions, start=1):
        kind, evidence = each["kind"], each["evidence"]
        lines += [f"{number}. **{kind[0].upper()}{kind[1:]}**: {plain(evidence)}.", ""]
        if each["changes"]:
            given = [f"{key}={as_override(value)}" for key, value in each["changes"].items()]
            lines += ["   ```", f"   {command_line(launch, given=given)}", "   ```", ""]
    return "\n".join(lines) + "\n"
