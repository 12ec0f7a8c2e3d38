"""Writes the model report with its figures, and brings the run's record in MLflow up to date."""

import json

from glassnet.config import Settings, named_by
from glassnet.files import whole_files, write_whole
from glassnet.reporting import write_report
from glassnet.reporting.plots_page import write_missing_scripts
from glassnet.runs import (
    Layout,
    as_job_of_sweep,
    given_overrides,
    require_data_of_run,
    require_settings_of_run,
    run_stage,
)
from glassnet.runs.beside import beside
from glassnet.runs.manifest import read_manifest
from glassnet.tables import open_prepared
from glassnet.tracking import load_client, record_run, shown_by, tracking_uri

DRAWING = 4  # processes that draw the figures; a report has some ten


def main(settings: Settings, layout: Layout) -> None:
    """Write the report, then record the run in the tracking store."""
    layout = as_job_of_sweep(layout)
    require_settings_of_run(settings, layout)
    prepared = open_prepared(settings.data.choice(), layout.prepared, by_dvc=layout.by_dvc)
    require_data_of_run(layout, prepared.digest)
    overrides, evaluation = () if layout.by_dvc else _overrides(), settings.evaluation.model_dump()
    with whole_files(layout.figures), beside(DRAWING) as executor:
        write_report(
            layout,
            prepared,
            overrides,
            named_by(settings),
            evaluation,
            executor,
            meanwhile=lambda: load_client(settings),
        )
    print(f"report: {layout.report}")
    if layout.by_dvc:
        write_missing_scripts()
    run_id = record_run(settings, layout, prepared)
    if run_id is not None:
        print(f"report: recorded as MLflow run {run_id}; {shown_by(tracking_uri(settings.tracking.uri))} shows it")
    if layout.sweep is None:
        write_whole(layout.recorded, json.dumps({"key": read_manifest(layout)["key"]}) + "\n")
    elif run_id is not None:  # as its sweep notes it
        write_whole(layout.recorded, json.dumps({"run_id": run_id}) + "\n")


def _overrides() -> tuple[str, ...]:
    """Return what the run was given, without what made it go on: a resumed training has the same report as any."""
    return tuple(each for each in given_overrides() if each.partition("=")[0] != "training.resume")


if __name__ == "__main__":
    run_stage("report", main)
