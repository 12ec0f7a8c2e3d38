"""Configuration: typed settings, conf/ and params.yaml, and how the one becomes the other."""

from glassnet.config.ablation import ABLATION, UNCHANGED
from glassnet.config.added_later import settings_added_later, with_defaults
from glassnet.config.build import own_callbacks, plan_of_baseline, training_plan
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
from glassnet.config.conf_edits import Edit, edited, edits_to, taken_back, write_files
from glassnet.config.deciding import class_weights, decision_for, positive_class, require_decidable
from glassnet.config.errors import UserError
from glassnet.config.explain import explain, parse_override
from glassnet.config.own_classes import (
    named_by,
    named_in_conf,
    own_files,
    own_sections,
    require_dependencies,
    require_own_classes,
)
from glassnet.config.parsing import parse_settings
from glassnet.config.settings import Settings, flatten
from glassnet.config.string_settings import as_written
from glassnet.config.tuning import (
    REPLICATES,
    TUNING,
    Evidence,
    TuningStep,
    ValidationScores,
    data_set_name,
    read_tuning,
    tuning_step,
    tuning_with,
    tuning_without,
)

__all__ = [
    "ABLATION",
    "CONF",
    "REPLICATES",
    "TUNING",
    "UNCHANGED",
    "Edit",
    "Evidence",
    "Settings",
    "TuningStep",
    "UserError",
    "ValidationScores",
    "as_written",
    "changes_from_conf",
    "class_weights",
    "conf_digest",
    "data_set_name",
    "decision_for",
    "edited",
    "edits_to",
    "explain",
    "flatten",
    "named_by",
    "named_in_conf",
    "own_callbacks",
    "own_files",
    "own_sections",
    "parse_override",
    "parse_settings",
    "plan_of_baseline",
    "positive_class",
    "read_params",
    "read_tuning",
    "register_resolvers",
    "require_decidable",
    "require_dependencies",
    "require_own_classes",
    "settings_added_later",
    "taken_back",
    "to_settings",
    "training_plan",
    "tuning_step",
    "tuning_with",
    "tuning_without",
    "undone_by_generating",
    "with_defaults",
    "write_files",
    "write_params",
]
