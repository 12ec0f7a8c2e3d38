"""Predicts for raw rows in a CSV file with the trained model, as the model in MLflow does; on request, with reasons."""

import sys
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from glassnet.columns.naming import listed, rows_were
from glassnet.columns.number_forms import NumberForm
from glassnet.columns.raw_values import UnreadableError, numbers_in
from glassnet.columns.string_column import to_frame
from glassnet.components import TARGET
from glassnet.config import UserError, named_in_conf
from glassnet.files import section_of, whole_file
from glassnet.runs import as_line, one_line_errors, read_arguments, require_writable
from glassnet.sources.csv.options import FileFormat
from glassnet.sources.csv.strings import StringTable, read_strings
from glassnet.tables import ImagePreprocessing, explain_rows, load_model, predict_rows
from glassnet.training import About


@dataclass(frozen=True)
class Arguments:
    """The files of a prediction, and whether to say what each column contributed to it."""

    input: str
    output: str
    model: str = "models/model.safetensors"
    explain: bool = False


def main() -> None:
    """Read `input=`, predict with `model=` (default: the pipeline's), and write `output=`, all as CSV.

    With `explain=true` a column `contribution_<column>` says how much each raw column moved the logit of the predicted
    class, or the prediction of a regression, away from that of the mean training row.
    """
    arguments = read_arguments(Arguments, __doc__, main.__doc__)
    output = Path(arguments.output)
    if output.is_dir() or any(place.is_file() for place in output.parents):
        raise UserError(f"output: expected a file to write, received {str(output)!r}, a folder or below a file")
    require_writable("output", output)
    saved = load_model(Path(arguments.model), named_in_conf)
    if not Path(arguments.input).is_file():
        raise UserError(f"input: expected a CSV file with the rows to predict for, found none at {arguments.input}")
    table = read_strings(Path(arguments.input), _written_format(saved.about), saved.preprocessing.names)
    for said in table.notes:
        _note(said)
    if table.empty:
        rows = listed(table.empty)
        _note(
            f"{rows_were(len(table.empty))} left out as wholly empty, without a prediction: row {rows} below the header"
        )
    frame = to_frame(table.columns)
    try:
        if isinstance(saved.preprocessing, ImagePreprocessing):
            for name in frame.columns.intersection(saved.preprocessing.names):
                frame[name] = numbers_in(name, frame[name], NumberForm())
        for name, categories in saved.preprocessing.unseen_categories(frame).items():
            shown = ", ".join(map(repr, categories[:5])) + (" …" if len(categories) > 5 else "")
            _note(f"{name} has values that the training rows did not have: {shown}")
        predictions = predict_rows(saved, frame)
        if arguments.explain:
            predictions = predictions.join(explain_rows(saved, frame))
    except UnreadableError as error:
        raise UserError(
            f"{arguments.input}: expected {error.expected} in {error.column}, received {error.value!r} in row "
            f"{_rows_in_file(table, len(frame))[error.row] + 1} below the header"
        ) from error
    predictions.insert(0, "row", _rows_in_file(table, len(predictions)))
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
        with whole_file(output) as part:
            predictions.to_csv(part, index=False, lineterminator="\n")
    except OSError as error:
        raise UserError(f"output: {as_line(error, 'output=<file>')}") from error
    print(f"predict: {len(predictions)} rows, to {output}")


def _written_format(about: About) -> FileFormat:
    """Return how the table that the model learnt from was written, if it was a CSV of the user's own."""
    data = section_of(about["settings"], "data")
    if data["name"] != "csv" or TARGET in data:
        return FileFormat()
    names = {field.name for field in fields(FileFormat)}  # of which models of earlier versions lack some
    written: dict[str, Any] = {name: value for name, value in data.items() if name in names}
    return FileFormat(**written)


def _rows_in_file(table: StringTable, rows: int) -> npt.NDArray[np.int64]:
    """Return the number, from 0, of each row of the table among all that stand below the header."""
    return np.delete(np.arange(rows + len(table.empty)), [number - 1 for number in table.empty])


def _note(said: str) -> None:
    print(f"predict: note: {said}", file=sys.stderr)


if __name__ == "__main__":
    with one_line_errors("predict", place="output=<file>"):
        main()
