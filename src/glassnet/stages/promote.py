"""Promotes a run: its settings become those of conf/ and params.yaml, its model the champion of the registry."""

from pathlib import Path

from glassnet.config import (
    TUNING,
    Settings,
    UserError,
    edited_conf,
    one_line_errors,
    parse_settings,
    read_arguments,
    read_params,
    tuning_text,
    write_params,
    write_texts,
)
from glassnet.tracking import (
    Candidate,
    find_candidate,
    find_previous,
    make_champion,
    model_name,
    tracking_uri,
    validation_evidence,
)

CONF, PARAMS = Path("conf"), Path("params.yaml")


def main() -> None:
    """Promote `run=` (an id, or how it begins; "previous" for the champion before the present one)."""
    run = read_arguments({"run": ""}, required=("run",))["run"]
    present = read_params()
    uri = tracking_uri(present.tracking.uri)
    experiment = present.tracking.experiment
    if run == "previous":
        candidate, replaced = find_previous(uri, experiment, model_name(present.data.name))
        texts = {Path(name): text for name, text in replaced.items()}
    else:
        candidate = find_candidate(uri, experiment, run)
        chosen = _settings(present, candidate)
        texts = edited_conf(CONF, chosen)
        evidence = {
            when: validation_evidence(uri, experiment, settings.describing_the_result())
            for when, settings in (("before", present), ("after", chosen))
        }
        if (tuning := tuning_text(present, chosen, candidate.name, evidence)) is not None:
            texts[TUNING] = tuning
    if foreign := [str(path) for path in texts if path.parts[0] != CONF.name or ".." in path.parts]:
        raise UserError(f"run={run}: expected files in conf/ to change, received {', '.join(foreign)}")
    before = {path: path.read_text(encoding="utf-8") for path in [*texts, PARAMS]}
    write_texts(texts)
    try:
        write_params()
        replaced_now = {path.as_posix(): before[path] for path in texts}
        version = make_champion(uri, experiment, candidate, replaced_now)
    except Exception as error:
        write_texts(before)
        if isinstance(error, UserError):
            raise
        raise UserError(f"the registry at {uri} failed, and nothing was changed: {error}") from error
    changed = ", ".join(str(path) for path in texts) or "nothing in conf/"
    print(f"promote: {candidate.model_name} version {version} is the champion; changed: {changed}, and params.yaml")
    print("promote: `dvc repro` trains with these settings; `run=previous` takes the step back")


def _settings(present: Settings, candidate: Candidate) -> Settings:
    """Return the candidate's settings; how a training is run and tracked stays as it is."""
    running = present.training.model_dump(include={"telemetry_every", "checkpoint_every", "resume", "sanity"})
    values = {**present.model_dump(), **candidate.settings}
    values["training"] = {**running, **candidate.settings["training"]}
    return parse_settings(values, f"run {candidate.run_id}")


if __name__ == "__main__":
    with one_line_errors("promote"):
        main()
