"""Configuration: typed settings, conf/ and params.yaml, and how a stage starts."""

from glassnet.config.ablation import ABLATION, UNCHANGED
from glassnet.config.arguments import asks_for_help, print_usage, read_arguments
from glassnet.config.changes import changes_from_conf
from glassnet.config.compose import (
    CONF,
    conf_digest,
    read_params,
    register_resolvers,
    to_settings,
    undone_by_generating,
    write_params,
)
from glassnet.config.entry import given_overrides, run_stage
from glassnet.config.errors import UserError, as_line, one_line_errors
from glassnet.config.explain import explain, parse_override
from glassnet.config.folders import alone_in, require_own_folder, require_writable
from glassnet.config.jobs import FINISHED, PRUNED, Job, PrunedError, Sweep, read_jobs, read_notes
from glassnet.config.layout import Layout
from glassnet.config.same_run import STOPPED, require_same_data, require_same_run, with_its_sweep
from glassnet.config.settings import PlateauSettings, Settings, flatten, parse_settings
from glassnet.config.sweeps import run_job, run_sweep
from glassnet.config.text_settings import as_written
from glassnet.config.tuning import (
    REPLICATES,
    TUNING,
    data_set_name,
    read_tuning,
    tuning_step,
    tuning_with,
    tuning_without,
)
from glassnet.config.write_back import Edit, edited, edits_to, taken_back, write_texts

__all__ = [
    "ABLATION",
    "CONF",
    "FINISHED",
    "PRUNED",
    "REPLICATES",
    "STOPPED",
    "TUNING",
    "UNCHANGED",
    "Edit",
    "Job",
    "Layout",
    "PlateauSettings",
    "PrunedError",
    "Settings",
    "Sweep",
    "UserError",
    "alone_in",
    "as_line",
    "as_written",
    "asks_for_help",
    "changes_from_conf",
    "conf_digest",
    "data_set_name",
    "edited",
    "edits_to",
    "explain",
    "flatten",
    "given_overrides",
    "one_line_errors",
    "parse_override",
    "parse_settings",
    "print_usage",
    "read_arguments",
    "read_jobs",
    "read_notes",
    "read_params",
    "read_tuning",
    "register_resolvers",
    "require_own_folder",
    "require_same_data",
    "require_same_run",
    "require_writable",
    "run_job",
    "run_stage",
    "run_sweep",
    "taken_back",
    "to_settings",
    "tuning_step",
    "tuning_with",
    "tuning_without",
    "undone_by_generating",
    "with_its_sweep",
    "write_params",
    "write_texts",
]
