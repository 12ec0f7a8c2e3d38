"""Promotes a run: its settings become those of conf/ and params.yaml, its model the champion of the registry."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from glassnet.config import (
    TUNING,
    Evidence,
    Settings,
    UserError,
    edited,
    edits_to,
    parse_settings,
    read_params,
    taken_back,
    tuning_step,
    tuning_with,
    tuning_without,
    with_defaults,
    write_files,
    write_params,
)
from glassnet.files import section_of
from glassnet.runs import one_line_errors, read_arguments
from glassnet.tracking import (
    Candidate,
    Step,
    StoreError,
    find_candidate,
    find_previous,
    make_champion,
    model_name,
    printable,
    return_to,
    tracking_uri,
    validation_scores,
)

CONF, PARAMS = Path("conf"), Path("params.yaml")
Result = TypeVar("Result")


@dataclass(frozen=True)
class Arguments:
    """Which run to promote."""

    run: str


def main() -> None:
    """Promote `run=` (an id, or how it begins; "previous" takes the last promotion back)."""
    run = read_arguments(Arguments, __doc__, main.__doc__).run
    present = read_params()
    uri = tracking_uri(present.tracking.uri)
    with _named_store(uri):
        if run == "previous":
            _take_back(present, uri)
        else:
            _promote(present, uri, run)


def _promote(present: Settings, uri: str, run: str) -> None:
    experiment = present.tracking.experiment
    candidate = find_candidate(uri, experiment, run)
    chosen = _settings(present, candidate)
    edits = edits_to(CONF, chosen)
    evidence: Evidence = {
        "before": validation_scores(uri, experiment, present),
        "after": validation_scores(uri, experiment, chosen),
    }
    tuning = tuning_step(present, chosen, candidate.name, evidence)
    contents = edited(edits)
    if tuning is not None:
        contents[TUNING] = tuning_with(tuning)
    step = Step(edits, tuning)
    version, is_new = _write(contents, lambda: make_champion(uri, experiment, candidate, step))
    if not is_new:
        print(f"promote: {candidate.model_name} version {version} is the champion already, and conf/ has its settings")
        return
    print(f"promote: {candidate.model_name} version {version} is the champion; changed: {_named(contents)}")
    print("promote: `dvc repro` trains with these settings; `run=previous` takes the step back")


def _take_back(present: Settings, uri: str) -> None:
    """Undo what the last promotion changed; edits of other values since then stay."""
    experiment, name = present.tracking.experiment, model_name(present)
    version, step = find_previous(uri, experiment, name)
    if foreign := [each.file for each in step.edits if Path(each.file).parts[0] != CONF.name or ".." in each.file]:
        raise UserError(f"run=previous: expected files in conf/ to change, received {', '.join(foreign)}")
    contents = taken_back(step.edits)
    if step.tuning is not None:
        contents[TUNING] = tuning_without(step.tuning)
    _write(contents, lambda: return_to(uri, experiment, name, version))
    now = f"{name} has no champion any more" if version is None else f"{name} version {version} is the champion again"
    print(f"promote: {now}; changed back: {_named(contents)}")


def _write(contents: dict[Path, str], move_alias: Callable[[], Result]) -> Result:
    """Write files of conf/ and params.yaml, then move the alias; if anything fails, the files are as they were."""
    before = {path: path.read_text(encoding="utf-8") if path.is_file() else None for path in [*contents, PARAMS]}
    try:
        write_files(contents)
        write_params()
        return move_alias()
    except BaseException:
        write_files({path: text for path, text in before.items() if text is not None})
        raise


def _named(contents: dict[Path, str]) -> str:
    return f"{', '.join(str(path) for path in contents) or 'nothing in conf/'}, and params.yaml"


def _settings(present: Settings, candidate: Candidate) -> Settings:
    """Return the candidate's settings; how a training is run and tracked stays as it is."""
    running = present.training.model_dump(include={"telemetry_every", "checkpoint_every", "resume", "sanity"})
    values = {**present.model_dump(), **candidate.settings}
    chosen = with_defaults(candidate.settings)
    values["training"] = {**running, **section_of(chosen, "training")}
    values["evaluation"] = {**present.evaluation.model_dump(), **section_of(chosen, "evaluation")}
    return parse_settings(values, f"run {candidate.run_id}")


@contextmanager
def _named_store(uri: str) -> Iterator[None]:
    """Say which store it was that did not work."""
    try:
        yield
    except StoreError as error:
        raise UserError(
            f"expected a registry that works at {printable(uri)}, received: {error}; conf/ is as it was"
        ) from error


if __name__ == "__main__":
    with one_line_errors("promote", place=""):
        main()
