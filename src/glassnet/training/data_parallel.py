"""Data parallelism: processes that share every batch, with one set of weights in shared memory."""

import math
from collections.abc import Iterator
from contextlib import suppress
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from glassnet import nn
from glassnet.compiled import fused
from glassnet.nn import FloatArray
from glassnet.optim import gradient_norm
from glassnet.optim.clipping import euclidean_norm
from glassnet.training.divergence import diverged
from glassnet.training.divided_batch_norm import DividedBatchNorm
from glassnet.training.divided_dense import DividedDense
from glassnet.training.hindrances import layers_of, rows_to_share
from glassnet.training.picked_rows import fastest_loader
from glassnet.training.run import TrainingRun, loss_weight
from glassnet.training.sharing import part_of, parts_between, shared
from glassnet.training.worker import Worker, wait_for

IS_OVER, EPOCH, FIRST, LEARNING_RATE, STEPS = range(5)  # offsets of rank 0's messages to its workers
WEIGHT = 1  # the offset of D_r among a process's sums


class _DismissedError(Exception):
    """Rank 0 has no more work for this worker."""


class DataParallel:
    """Processes that compute the gradient of each batch together and update the weights together.

    The loss of a batch is a weighted mean over its rows, and so it is the mean of the means over parts of the rows:
    with `ℓ_r` the loss of the rows of process r and `D_r` what it divides by (their number, or their summed weight),

        `ℓ = Σ_r (D_r/D)·ℓ_r` with `D = Σ_r D_r`, hence `∂ℓ/∂θ = Σ_r (D_r/D)·∂ℓ_r/∂θ`.

    Each process therefore passes its own rows forward and back, with its weight in the gradient that backward begins
    with; then the gradients are added. Adding, and the update that follows, go element by element: each process does
    them for its own part of the flat vectors, and nothing is done twice. Weights, gradients and the optimizer's slots
    lie in memory that all processes share, so that nothing is sent. (Data parallelism with synchronous updates: Goyal
    et al., "Accurate, large minibatch SGD", 2017; an optimizer divided among the processes: Rajbhandari et al., "ZeRO",
    2020.)

    Of a large layer that passes small batches on, each process keeps a part of the weights to itself (`DividedDense`):
    then the rows travel, and not the weights. The statistics of `BatchNorm` are those of the whole batch, for which the
    processes meet (`DividedBatchNorm`).

    What comes out is what one process computes, but for rounding, since sums are taken in another order: the same
    bytes each time for the same number of processes. Masks of dropout are drawn for the whole batch in each process.

    The calling process has rank 0, and the others are forked from it, each with a copy of model, loss,
    optimizer and loader as they are at that moment. All else happens in rank 0 alone: penalty, clipping, callbacks,
    validation. Of what a callback changes, the workers see the values of parameters and the learning rate.

    Whoever waits looks for the message again and again at first, since waking up a sleeping process takes longer than
    many a layer.
    """

    def __init__(self, run: TrainingRun, processes: int) -> None:
        """Prepare the memory that `processes`, 2 or more, share; they start with the `with` block.

        Raises:
            ValueError: if the work of `run` cannot be shared (see `rows_to_share`).
        """
        rows = rows_to_share(run, processes)
        self.run, self.processes, self.rank = run, processes, 0
        self.dropouts = [module for module in run.model.modules() if isinstance(module, nn.Dropout)]
        self.flat = run.optimizer.flat
        size, dtype = self.flat.data.size, self.flat.data.dtype
        self.data, self.slots = shared(size, dtype), {name: shared(size, dtype) for name in run.optimizer.slots}
        self.gradients = [shared(size, dtype) for _ in range(processes)]
        self._own_data, self._own_gradient, self._own_slots = self.flat.data, self.flat.grad, run.optimizer.slots
        self.divided = self._divided_layers(rows)
        norms = {place: each for place, each in enumerate(layers_of(run.model)) if type(each) is nn.BatchNorm}
        self.norms_in_model = {place: DividedBatchNorm(norm, self) for place, norm in norms.items()}
        divided = [layer.dense.W for layer in self.divided.values()]
        self.accumulated = [parameter for parameter in self.flat.parameters if parameter not in divided]
        self.messages = shared(STEPS + 1, np.dtype(np.float64))
        self.sums = shared(processes * 6, np.dtype(np.float64)).reshape(processes, 6)
        self.norms = shared(processes, np.dtype(np.float64))
        self.workers: list[Worker] = []

    def _divided_layers(self, rows: int) -> dict[int, DividedDense]:
        """Return those layers whose weights are to be divided, by their place in a model that is a row of modules."""
        model, offsets = self.run.model, dict(zip(self.flat.parameters, self.flat.offsets, strict=True))
        held = [value for module in model.modules() for value in vars(module).values()]
        layers = {
            place: layer
            for place, layer in enumerate(layers_of(model))
            if type(layer) is nn.Dense and layer.W in offsets and sum(value is layer.W for value in held) == 1
        }
        return {
            place: DividedDense(layer, self.gradients[0][offsets[layer.W]].reshape(layer.W.shape), self, rows)
            for place, layer in layers.items()
            if DividedDense.pays(layer, rows)
        }

    def _take_parts(self) -> None:
        """Find the parts of the flat vectors that this process adds up, and all those that it updates."""
        offsets = dict(zip(self.flat.parameters, self.flat.offsets, strict=True))
        divided = [(layer, offsets[layer.dense.W]) for layer in self.divided.values()]
        taken = [offset for _, offset in divided]
        self.summed = parts_between(self.flat.data.size, taken, self.rank, self.processes)
        self.parts = [*(layer.own_weights(offset) for layer, offset in divided), *self.summed]

    def __enter__(self) -> Self:
        self.flat.move(self.data, self.gradients[0])
        self._move_slots(self.slots)
        self._take_parts()
        try:
            for rank in range(1, self.processes):
                self.workers.append(Worker(rank, self._work))
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        """Dismiss the workers, and move weights, gradients and slots back into memory of this process alone."""
        self.messages[IS_OVER] = True
        self._release()
        for worker in self.workers:
            worker.end()
        self.flat.move(self._own_data, self._own_gradient)
        self._move_slots(self._own_slots)
        for dropout in self.dropouts:
            dropout.others = (0, 0)

    def _move_slots(self, slots: dict[str, FloatArray]) -> None:
        for name, slot in slots.items():
            np.copyto(slot, self.run.optimizer.slots[name])
        self.run.optimizer.slots = slots

    def batches(self) -> Iterator[tuple[FloatArray, npt.NDArray[Any]]]:
        """Yield rank 0's rows of what is left of the current epoch's batches, and have the workers read theirs."""
        self.messages[EPOCH : FIRST + 1] = self.run.epoch - 1, self.run.batch
        self._release()
        return self._own_batches(self.run.epoch - 1, self.run.batch)

    def compute_gradients(self, X: FloatArray, y: npt.NDArray[Any]) -> None:
        """Pass the batch, of which `X`, `y` are rank 0's rows, forward and back; count its loss and score.

        Raises:
            TrainingDivergedError: if the loss is not finite.
        """
        run = self.run
        self._release()
        self._compute_gradients(X, y)
        self._wait_for_workers()
        examples, weight, loss_sum, score_sum, measured_weight, measured_sum = self.sums.sum(axis=0).tolist()
        run.batch_loss = loss_sum / weight
        if not math.isfinite(run.batch_loss):
            raise diverged(run, "loss", run.batch_loss)
        run.metrics.add_sums(int(examples), measured_weight, measured_sum, score_sum)

    def gradient_norm(self) -> float:
        """Return the gradient's norm, from those that the processes took of their parts if no penalty came after."""
        return math.hypot(*self.norms) if self.run.penalty is None else gradient_norm(self.run.parameters)

    def step(self) -> None:
        """Update the weights from rank 0's gradient."""
        optimizer = self.run.optimizer
        gradient = self.flat.grad
        self.messages[LEARNING_RATE : STEPS + 1] = optimizer.learning_rate, optimizer.steps
        self._release()
        self._update(gradient)
        self._wait_for_workers()

    def _work(self, worker: Worker) -> None:
        """Work as one of the workers until rank 0 says stop."""
        self.rank, self.itself = worker.rank, worker
        self.flat.move(self.flat.data, self.gradients[self.rank])
        self._take_parts()
        self.run.model.train()
        with suppress(_DismissedError), np.errstate(over="ignore", invalid="ignore"):
            while True:
                self._wait_for_rank_0()
                epoch, first = self.messages[EPOCH : FIRST + 1]
                for X, y in self._own_batches(int(epoch), int(first)):
                    self._wait_for_rank_0()
                    self._compute_gradients(X, y)
                    del X, y  # their memory serves for the next batch
                    worker.done.release()
                    self._wait_for_rank_0()
                    self._follow()
                    worker.done.release()

    def _own_batches(self, epoch: int, first: int) -> Iterator[tuple[FloatArray, npt.NDArray[Any]]]:
        """Yield this process's rows of the batches of an epoch; the batch's first row where there are too few rows."""
        self.model = self._with_divided_layers()
        self.computing = self.run.fastest(self.model)
        self.fused = fused(*self.computing, self.flat.data.size)

        def part(rows: int) -> slice:
            own = part_of(rows, self.rank, self.processes)
            self.rows, self.has_rows = rows, own.stop > own.start
            self.own = own if self.has_rows else slice(0, 1)
            for dropout in self.dropouts:
                dropout.others = (self.own.start, rows - self.own.stop)
            return self.own

        return fastest_loader(self.run.train_loader, self.flat.data.size).batches(epoch, first, part=part)

    def _compute_gradients(self, X: FloatArray, y: npt.NDArray[Any]) -> None:
        """Do this process's part of a batch: its rows forward and back, then its part of the sum of all gradients.

        A gradient is that of `(D_r/N)·ℓ_r` at first, since only N, the number of rows, is known to each process before
        they meet. Without weights it is D; else the sum is multiplied by N/D.
        """
        if self.model is not self.run.model:  # which may have got hooks since, or lost some
            vars(self.model).update({**vars(self.run.model), "layers": vars(self.model)["layers"]})
        if not self._computed_at_once(X, y):
            model, loss, measure = self.computing
            outputs = model(X)
            value = loss.forward(outputs, y)
            measured = value if measure is loss else measure.forward(outputs, y)
            weight, measured_weight = loss_weight(loss, len(X)), loss_weight(measure, len(X))
            score_sum, measured_sum = loss.score_sum(outputs, y), measured * measured_weight
            own = (len(X), weight, value * weight, score_sum, measured_weight, measured_sum)
            self.sums[self.rank] = own if self.has_rows else 0.0
            fraction = float(self.sums[self.rank, WEIGHT]) / self.rows
            with nn.fresh_gradients([*self.accumulated, *self.run.frozen]):
                model.backward_parameters(fraction * loss.backward())
        self.meet()
        gradient, *others = self.gradients
        for part in self.summed:
            for other in others:
                gradient[part] += other[part]
        if (total_weight := float(self.sums[:, WEIGHT].sum())) != self.rows:
            for part in self.parts:
                gradient[part] *= self.rows / total_weight
        self.norms[self.rank] = math.hypot(*(euclidean_norm(gradient[part]) for part in self.parts))

    def _computed_at_once(self, X: FloatArray, y: npt.NDArray[Any]) -> bool:
        """Compute the gradient of this process's rows and their sums by the fused step, if there is one for them."""
        if self.fused is None or not self.has_rows:
            return False
        n = len(X)
        if (done := self.fused.compute_gradients(X, y, n / self.rows)) is None:
            return False
        loss, hits = done
        self.sums[self.rank] = (n, n, loss * n, hits, n, loss * n)
        return True

    def _with_divided_layers(self) -> nn.Module:
        """Return a model that has the attributes of the trained one, and divided layers where it has those that are."""
        model = self.run.model
        in_place: dict[int, nn.Module] = {**self.divided, **self.norms_in_model}
        if not in_place:
            return model
        other = object.__new__(type(model))
        layers = tuple(in_place.get(place, layer) for place, layer in enumerate(vars(model)["layers"]))
        other.__dict__ = {**vars(model), "layers": layers}
        return other

    def _update(self, gradient: FloatArray) -> None:
        """Update this process's parts of the weights from rank 0's gradient."""
        optimizer = self.run.optimizer
        optimizer.steps += 1
        for part in self.parts:
            optimizer.update_part(part.start, part.stop, gradient)

    def _follow(self) -> None:
        """Take part in an update that rank 0 has begun."""
        optimizer = self.run.optimizer
        optimizer.learning_rate, steps = self.messages[LEARNING_RATE : STEPS + 1].tolist()
        optimizer.steps = int(steps)
        self._update(self.gradients[0])

    def meet(self) -> None:
        """Return once all processes have come here."""
        if self.rank == 0:
            self._wait_for_workers()
            self._release()
        else:
            self.itself.done.release()
            self._wait_for_rank_0()

    def _wait_for_rank_0(self) -> None:
        """Wait, in a worker, until it is to go on."""
        wait_for(self.itself.go, self.itself.has_rank_0)
        if self.messages[IS_OVER]:
            raise _DismissedError

    def _release(self) -> None:
        for worker in self.workers:
            worker.go.release()

    def _wait_for_workers(self) -> None:
        for worker in self.workers:
            try:
                wait_for(worker.done, worker.is_alive)
            except ChildProcessError:
                if (error := worker.last_words()) is not None:
                    raise error from None
                raise ChildProcessError(
                    f"fit: expected {self.processes} processes at work, found one ended by {worker.cause_of_end} at "
                    f"epoch {self.run.epoch}, after {self.run.step} steps; start again: a checkpoint, if there is one, "
                    "has what came before"
                ) from None
