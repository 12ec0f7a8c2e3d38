"""What the errors on validation rows suggest: the report's analysis of the test rows must have no say in settings."""

from collections.abc import Iterator

from glassnet.config import named_by
from glassnet.diagnostics import next_improvements
from glassnet.evaluation import analyse_errors, analyse_regression_errors, apply_temperature
from glassnet.stages.candidates import Candidate, of_findings
from glassnet.stages.paired_trainings import TODAY, PairedTrainings
from glassnet.stages.rows import feature_names, labelled_rows
from glassnet.tables import load_model
from glassnet.training import Ensemble


def of_errors(trainings: PairedTrainings) -> Iterator[Candidate]:
    """Yield the change that the largest group of errors on validation rows suggests, if it suggests one."""
    outcome, training = trainings.outcomes[TODAY][0], trainings.training(TODAY)
    if outcome.loss is None or training is None:
        return
    prepared = trainings.prepared
    network = load_model(outcome.layout.model, named_by(trainings.settings))
    if isinstance(network, Ensemble):
        network = network.single
    validation, train = labelled_rows(prepared, "validation"), labelled_rows(prepared, "train")
    names, categories = feature_names(prepared)
    outputs = network.outputs(validation.X)
    if prepared.class_names:
        probabilities = apply_temperature(outputs, 1.0)
        predicted = network.decide(outputs)
        errors = analyse_errors(
            validation, probabilities, train, prepared.class_names, names, categories=categories, predicted=predicted
        )
        suggested = next_improvements([], errors, training)
    else:
        units = {"mean": 0.0, "scale": 1.0}  # standard deviations of the target, as the rows have it
        of_target = analyse_regression_errors(validation, outputs[:, 0], train, units, names, categories=categories)
        suggested = next_improvements([], of_target, training)
    yield from of_findings(each for each in suggested if each.name.startswith("errors"))
