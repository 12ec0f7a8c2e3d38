"""Predicts for raw rows in a CSV file with the trained model: the same numbers as the model in MLflow gives."""

import sys
from pathlib import Path
from typing import Any

from glassnet.config import UserError, as_line, one_line_errors, read_arguments, require_writable
from glassnet.data.sources.csv_text import is_number, read_texts, to_numbers
from glassnet.files import whole_file
from glassnet.training import load_model, predict_rows

TEXT_DEFAULTS = {"encoding": "utf-8", "delimiter": None, "decimal": ".", "missing_values": ["NA", "NaN", "nan", ""]}


def main() -> None:
    """Read `input=`, predict with `model=` (default: the pipeline's), and write `output=`, all as CSV."""
    defaults = {"input": "", "output": "", "model": "models/model.safetensors"}
    arguments = read_arguments(defaults, required=("input", "output"), about=(__doc__, main.__doc__))
    output = Path(arguments["output"])
    if output.is_dir() or any(place.is_file() for place in output.parents):
        raise UserError(f"output: expected a file to write, received {str(output)!r}, a folder or below a file")
    require_writable("output", output)
    saved = load_model(Path(arguments["model"]))
    settings = {**TEXT_DEFAULTS, **_written_settings(saved.about)}
    if not Path(arguments["input"]).is_file():
        raise UserError(f"input: expected a CSV file with the rows to predict for, found none at {arguments['input']}")
    frame, _ = read_texts(Path(arguments["input"]), settings)
    for name in [name for name in saved.preprocessing.numeric_names if name in frame.columns]:
        values = to_numbers(frame[name], settings["decimal"])
        if values is None:
            row, text = next(
                (row, text)
                for row, text in enumerate(frame[name], 1)
                if text is not None and not is_number(text, settings["decimal"])
            )
            raise UserError(
                f"{arguments['input']}: expected numbers in {name}, received {text!r} in row {row} below the header"
            )
        frame[name] = values
    for name, categories in saved.preprocessing.unseen_categories(frame).items():
        shown = ", ".join(map(repr, categories[:5])) + (" …" if len(categories) > 5 else "")
        print(f"predict: note: {name} has values that the training rows did not have: {shown}", file=sys.stderr)
    predictions = predict_rows(saved, frame)
    predictions.insert(0, "row", range(len(predictions)))  # from 0, as in reports/predictions.csv
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
        with whole_file(output) as part:
            predictions.to_csv(part, index=False, lineterminator="\n")
    except OSError as error:
        raise UserError(f"output: {as_line(error, 'output=<file>')}") from error
    print(f"predict: {len(predictions)} rows, to {output}")


def _written_settings(about: dict[str, Any]) -> dict[str, Any]:
    """Return how the table that the model learnt from was written, if it was a CSV of the user's own."""
    data = about["settings"]["data"]
    return {key: data[key] for key in TEXT_DEFAULTS if key in data}


if __name__ == "__main__":
    with one_line_errors("predict", place="output=<file>"):
        main()
