"""Configuration: typed settings, conf/ and params.yaml, and how a stage starts."""

from glassnet.config.arguments import read_arguments
from glassnet.config.changes import changes_from_conf
from glassnet.config.compose import CONF, conf_digest, read_params, register_resolvers, to_settings, write_params
from glassnet.config.entry import end_sweep, explain, given_overrides, run_job, run_stage
from glassnet.config.errors import UserError, as_line, one_line_errors
from glassnet.config.jobs import FINISHED, PRUNED, Job, PrunedError, Sweep, read_jobs
from glassnet.config.layout import Layout
from glassnet.config.settings import Settings, flatten, parse_settings
from glassnet.config.tuning import REPLICATES, TUNING, read_tuning, tuning_text
from glassnet.config.write_back import edited_conf, write_texts

__all__ = [
    "CONF",
    "FINISHED",
    "PRUNED",
    "REPLICATES",
    "TUNING",
    "Job",
    "Layout",
    "PrunedError",
    "Settings",
    "Sweep",
    "UserError",
    "as_line",
    "changes_from_conf",
    "conf_digest",
    "edited_conf",
    "end_sweep",
    "explain",
    "flatten",
    "given_overrides",
    "one_line_errors",
    "parse_settings",
    "read_arguments",
    "read_jobs",
    "read_params",
    "read_tuning",
    "register_resolvers",
    "run_job",
    "run_stage",
    "to_settings",
    "tuning_text",
    "write_params",
    "write_texts",
]
