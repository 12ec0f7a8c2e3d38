"""Evaluation: what a model's predictions are worth, in numbers with intervals."""

from glassnet.evaluation.calibration import (
    apply_temperature,
    calibration_error_by_chance,
    examine_calibration,
    expected_calibration_error,
    fit_temperature,
    reliability_curve,
)
from glassnet.evaluation.classification import classification_scores, majority_probabilities
from glassnet.evaluation.error_analysis import analyse_errors
from glassnet.evaluation.intervals import bootstrap_counts, bootstrap_mean, bootstrap_rows, wilson_interval
from glassnet.evaluation.neighbours import LabelledRows
from glassnet.evaluation.paired import PairedComparison, compare_classifiers, mcnemar_exact
from glassnet.evaluation.probability_scores import log_loss, roc_auc, top_k_accuracy
from glassnet.evaluation.regression import compare_regressions, regression_scores
from glassnet.evaluation.regression_errors import analyse_regression_errors
from glassnet.evaluation.scores import (
    accuracy,
    balanced_accuracy,
    cohen_kappa,
    confusion_matrix,
    macro_f1,
    matthews_correlation,
    precision_recall_f1,
    weighted_f1,
)

__all__ = [
    "LabelledRows",
    "PairedComparison",
    "accuracy",
    "analyse_errors",
    "analyse_regression_errors",
    "apply_temperature",
    "balanced_accuracy",
    "bootstrap_counts",
    "bootstrap_mean",
    "bootstrap_rows",
    "calibration_error_by_chance",
    "classification_scores",
    "cohen_kappa",
    "compare_classifiers",
    "compare_regressions",
    "confusion_matrix",
    "examine_calibration",
    "expected_calibration_error",
    "fit_temperature",
    "log_loss",
    "macro_f1",
    "majority_probabilities",
    "matthews_correlation",
    "mcnemar_exact",
    "precision_recall_f1",
    "regression_scores",
    "reliability_curve",
    "roc_auc",
    "top_k_accuracy",
    "weighted_f1",
    "wilson_interval",
]
