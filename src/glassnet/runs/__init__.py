"""Runs: how a command starts and ends, the folders and locks of a run, and the jobs of a sweep."""

from glassnet.runs.arguments import asks_for_help, print_usage, read_arguments
from glassnet.runs.beforehand import mistakes_of_all, refuse
from glassnet.runs.ending import as_line, one_line_errors
from glassnet.runs.entry import given_overrides, run_stage
from glassnet.runs.folders import alone_in, require_own_folder, require_writable
from glassnet.runs.jobs import FINISHED, PRUNED, Job, PrunedError, Sweep, read_jobs, read_notes
from glassnet.runs.layout import Layout
from glassnet.runs.sweeps import run_job, run_sweep
from glassnet.runs.trained_run import as_job_of_sweep, require_data_of_run, require_settings_of_run

__all__ = [
    "FINISHED",
    "PRUNED",
    "Job",
    "Layout",
    "PrunedError",
    "Sweep",
    "alone_in",
    "as_job_of_sweep",
    "as_line",
    "asks_for_help",
    "given_overrides",
    "mistakes_of_all",
    "one_line_errors",
    "print_usage",
    "read_arguments",
    "read_jobs",
    "read_notes",
    "refuse",
    "require_data_of_run",
    "require_own_folder",
    "require_settings_of_run",
    "require_writable",
    "run_job",
    "run_stage",
    "run_sweep",
]
