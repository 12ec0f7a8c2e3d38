"""Averages the weights as training goes on, and has the average evaluated and saved instead of the last weights."""

from glassnet import nn
from glassnet.nn import FloatArray
from glassnet.nn.checks import check_number
from glassnet.optim import ExponentialMovingAverage
from glassnet.training.batch_statistics import batch_norm_layers, recompute_batch_statistics
from glassnet.training.run import Callback, TrainingRun
from glassnet.training.state import State, arrays_below


class WeightAveraging(Callback):
    """Keeps an exponential moving average of the weights, which takes their place whenever the model is looked at.

    The average is in place from each validation to the end of the epoch, so that its loss is what the history records
    and its weights are what `BestWeights` keeps, wherever in the list of callbacks that stands; the next epoch trains
    on from the training weights. After the last epoch the average stays in place.

    The running averages of BatchNorm belong to the training weights. Under the average they are measured anew, on the
    training batches of the epoch, which costs a forward pass over these.
    """

    def __init__(self, decay: float) -> None:
        """Set the decay in [0, 1): about the last `1/(1 − decay)` steps are averaged."""
        self.decay = check_number("WeightAveraging", "decay", decay, 0, 1)
        self._average: ExponentialMovingAverage | None = None
        self._layers: list[nn.BatchNorm] = []
        self._training_statistics: list[tuple[FloatArray, FloatArray]] = []  # while the average is in place

    @property
    def average(self) -> ExponentialMovingAverage:
        """The average, from the beginning of the training on."""
        if self._average is None:
            raise RuntimeError("WeightAveraging: expected a training to have begun, found none; pass it to fit first")
        return self._average

    def on_train_begin(self, run: TrainingRun) -> None:
        """Start the average at the initial weights."""
        self._average = ExponentialMovingAverage(run.parameters, self.decay)
        self._layers, self._training_statistics = batch_norm_layers(run.model), []

    def on_epoch_begin(self, run: TrainingRun) -> None:
        """Give the training weights back, and the statistics that belong to them."""
        if self.average.is_in_place:
            self.average.swap()
            for layer, (mean, variance) in zip(self._layers, self._training_statistics, strict=True):
                layer.running_mean, layer.running_var = mean, variance

    def on_batch_end(self, run: TrainingRun) -> None:
        """Take the updated weights into the average."""
        self.average.update()

    def on_validation_begin(self, run: TrainingRun) -> None:
        """Put the average in place, with statistics of its own."""
        self.average.swap()
        self._training_statistics = [(layer.running_mean.copy(), layer.running_var.copy()) for layer in self._layers]
        if self._layers:
            recompute_batch_statistics(run.model, run.train_loader.batches(run.epoch - 1))

    def state_dict(self) -> State:
        """Return the averages; or the training weights, while the averages are in their place."""
        state: State = {f"other.{number}": array.copy() for number, array in enumerate(self.average.averages)}
        kept = self._training_statistics if self.average.is_in_place else []
        state |= {f"mean.{number}": mean for number, (mean, _) in enumerate(kept)}
        state |= {f"variance.{number}": variance for number, (_, variance) in enumerate(kept)}
        return {**state, "is_in_place": self.average.is_in_place}

    def load_state_dict(self, state: State) -> None:
        """Bring back what `state_dict` returned."""
        self.average.load_state_dict(arrays_below(state, "other."))
        self.average.is_in_place = bool(state["is_in_place"])
        means, variances = arrays_below(state, "mean."), arrays_below(state, "variance.")
        numbers = range(len(self._layers) if self.average.is_in_place else 0)
        self._training_statistics = [(means[str(number)], variances[str(number)]) for number in numbers]
