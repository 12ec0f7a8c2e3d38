"""Configuration: typed settings, conf/ and params.yaml, and how a stage starts."""

from glassnet.config.arguments import read_arguments
from glassnet.config.compose import conf_digest, read_params, register_resolvers, to_settings, write_params
from glassnet.config.entry import given_overrides, run_stage
from glassnet.config.errors import UserError, one_line_errors
from glassnet.config.jobs import FINISHED, Job, Sweep, read_jobs
from glassnet.config.layout import Layout
from glassnet.config.settings import Settings, flatten, parse_settings
from glassnet.config.write_back import edited_conf, write_texts

__all__ = [
    "FINISHED",
    "Job",
    "Layout",
    "Settings",
    "Sweep",
    "UserError",
    "conf_digest",
    "edited_conf",
    "flatten",
    "given_overrides",
    "one_line_errors",
    "parse_settings",
    "read_arguments",
    "read_jobs",
    "read_params",
    "register_resolvers",
    "run_stage",
    "to_settings",
    "write_params",
    "write_texts",
]
