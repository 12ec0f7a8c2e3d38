"""Evaluation: what a model's predictions are worth, in numbers with intervals."""

from glassnet.evaluation.calibration import (
    POSITIVE,
    calibration_error_by_chance,
    examine_calibration,
    expected_calibration_error,
    helpful_temperature,
    reliability_curve,
)
from glassnet.evaluation.classification import classification_scores, majority_probabilities
from glassnet.evaluation.decision import (
    Decision,
    best_threshold,
    decide,
    decision_of_weights,
    threshold_of_costs,
)
from glassnet.evaluation.error_analysis import analyse_errors
from glassnet.evaluation.intervals import (
    balanced_accuracy_interval,
    bootstrap_counts,
    bootstrap_mean,
    bootstrap_rows,
    exact_interval,
    macro_f1_interval,
    wilson_interval,
)
from glassnet.evaluation.neighbours import LabelledRows
from glassnet.evaluation.paired import (
    PairedComparison,
    compare_classifiers,
    difference_interval,
    mcnemar_exact,
    sign_flip_test,
)
from glassnet.evaluation.paired_losses import compare_log_losses
from glassnet.evaluation.probability_scores import log_loss, log_loss_interval, roc_auc, top_k_accuracy
from glassnet.evaluation.ranking import Gain, average_precision, gains, precision_recall_curve, roc_curve
from glassnet.evaluation.records import (
    Calibration,
    Case,
    ClassificationAnalysis,
    Comparison,
    CrossFit,
    DecisionAnalysis,
    ErrorAnalysis,
    ErrorGroup,
    Hypothesis,
    Metrics,
    RegressionAnalysis,
    RegressionCase,
    RegressionErrorAnalysis,
    ReliabilityBin,
    UnusualFeature,
)
from glassnet.evaluation.regression import compare_regressions, decimals_of, regression_scores
from glassnet.evaluation.regression_errors import analyse_regression_errors
from glassnet.evaluation.score_groups import grouped, ungrouped
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
from glassnet.evaluation.temperature import (
    TEMPERATURES,
    apply_temperature,
    cross_fitted_probabilities,
    fit_temperature,
)
from glassnet.evaluation.two_classes import analyse_decision, lift_table, scores_of_decision, two_class_scores
from glassnet.evaluation.unseen_row import mean_interval
from glassnet.evaluation.unusual import CategoryFeatures, unusual_features

__all__ = [
    "POSITIVE",
    "TEMPERATURES",
    "Calibration",
    "Case",
    "CategoryFeatures",
    "ClassificationAnalysis",
    "Comparison",
    "CrossFit",
    "Decision",
    "DecisionAnalysis",
    "ErrorAnalysis",
    "ErrorGroup",
    "Gain",
    "Hypothesis",
    "LabelledRows",
    "Metrics",
    "PairedComparison",
    "RegressionAnalysis",
    "RegressionCase",
    "RegressionErrorAnalysis",
    "ReliabilityBin",
    "UnusualFeature",
    "accuracy",
    "analyse_decision",
    "analyse_errors",
    "analyse_regression_errors",
    "apply_temperature",
    "average_precision",
    "balanced_accuracy",
    "balanced_accuracy_interval",
    "best_threshold",
    "bootstrap_counts",
    "bootstrap_mean",
    "bootstrap_rows",
    "calibration_error_by_chance",
    "classification_scores",
    "cohen_kappa",
    "compare_classifiers",
    "compare_log_losses",
    "compare_regressions",
    "confusion_matrix",
    "cross_fitted_probabilities",
    "decide",
    "decimals_of",
    "decision_of_weights",
    "difference_interval",
    "exact_interval",
    "examine_calibration",
    "expected_calibration_error",
    "fit_temperature",
    "gains",
    "grouped",
    "helpful_temperature",
    "lift_table",
    "log_loss",
    "log_loss_interval",
    "macro_f1",
    "macro_f1_interval",
    "majority_probabilities",
    "matthews_correlation",
    "mcnemar_exact",
    "mean_interval",
    "precision_recall_curve",
    "precision_recall_f1",
    "regression_scores",
    "reliability_curve",
    "roc_auc",
    "roc_curve",
    "scores_of_decision",
    "sign_flip_test",
    "threshold_of_costs",
    "top_k_accuracy",
    "two_class_scores",
    "ungrouped",
    "unusual_features",
    "weighted_f1",
    "wilson_interval",
]
