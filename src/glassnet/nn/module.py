"""A module: a function of a batch that knows its derivative, its parameters and its state."""

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, Self

import numpy as np

from glassnet.buffers import Buffered
from glassnet.nn.arrays import FloatArray, describe
from glassnet.nn.parameter import Parameter


class Module(Buffered):
    """A differentiable function `Y = f(X; θ)` of a batch, with its own backward pass.

    The contract between `forward` and `backward`, for a loss ℓ computed from the outputs:

    - `forward(X)` returns `Y` and *remembers* what its derivative needs;
    - `backward(dout)` receives `dout = ∂ℓ/∂Y`, *adds* `∂ℓ/∂θ` to the gradient of each parameter and returns
      `dX = ∂ℓ/∂X`. It *recalls* what forward remembered, once: each backward belongs to one forward.

    Because the loss is a scalar, every gradient has the shape of what it is the gradient of, and a network's
    backward pass is its layers' backward passes in reverse order: the chain rule, one link at a time
    (Rumelhart, Hinton & Williams, "Learning representations by back-propagating errors", Nature 1986).

    Between the two calls neither the input nor the output may be changed in place: what is remembered is often one of
    them, not a copy. And a module works once in a network: a second forward pass would forget the first.

    A subclass assigns its parameters and inner modules as attributes; they are found by looking at the attributes, not
    into lists (a `Sequential` holds several modules), in the order of their assignment. Arrays that are state but not
    learnt (running averages) are named in `buffer_names` and saved with the parameters. `self.buffer(shape, dtype)` is
    memory for a result, which the module gets again at a later step, once nobody refers to the result any more (see
    `glassnet.buffers`).

    Attributes:
        training: True in training mode, False in evaluation mode; set by `train()` and `eval()`.
    """

    buffer_names: ClassVar[tuple[str, ...]] = ()
    training: bool = True
    _memory: tuple[tuple[int, ...], np.dtype[Any], tuple[Any, ...]] | None = None

    def __init_subclass__(cls, **options: Any) -> None:
        """Give a class with a `backward` of its own the `backward_parameters` that calls it, unless it has its own too.

        An inherited one belongs to the inherited `backward`, and would pass the new one by in a first layer.
        """
        super().__init_subclass__(**options)
        methods = {"backward", "backward_parameters"}
        nearest = next(methods & vars(base).keys() for base in cls.__mro__ if methods & vars(base).keys())
        if "backward_parameters" not in nearest:
            cls.backward_parameters = Module.backward_parameters  # type: ignore[method-assign]

    def forward(self, X: FloatArray) -> FloatArray:
        """Return the module's output for the batch `X`."""
        raise NotImplementedError(f"{type(self).__name__}: expected a forward(X) of its own, found none")

    def backward(self, dout: FloatArray) -> FloatArray:
        """Return the gradient with respect to the input of the last `forward`, and add those of the parameters."""
        raise NotImplementedError(f"{type(self).__name__}: expected a backward(dout) of its own, found none")

    def backward_parameters(self, dout: FloatArray) -> None:
        """Do what `backward` does but for `dX`: enough for the first layer, since nobody learns the data.

        A module whose parameters' gradients can be had without its input's overrides this, and saves the work:
        for a first layer with many inputs that is up to a third of all multiplications of a training step. Its
        `backward` then does not call it, or a subclass with another `backward` would call itself for ever.
        """
        self.backward(dout)

    def __call__(self, X: FloatArray) -> FloatArray:
        """Call `forward`."""
        return self.forward(X)

    @property
    def is_random(self) -> bool:
        """Whether each `forward` from here on would draw random numbers of its own (Dropout in training mode)."""
        return any(child.is_random for _, child in self.children())

    def remember(self, output: FloatArray, *values: Any) -> None:
        """Keep `values` for the backward pass that belongs to this `output`."""
        self._memory = (output.shape, output.dtype, values)

    def recall(self, dout: FloatArray) -> tuple[Any, ...]:
        """Return what `forward` remembered, after checking that `dout` fits its output, and forget it.

        Raises:
            RuntimeError: if no forward pass is waiting for its backward pass.
            ValueError: if `dout` has another shape than the output.
            TypeError: if `dout` is no array or has another dtype than the output.
        """
        if self._memory is None:
            raise RuntimeError(
                f"{self!r}: backward expected a forward pass before it, received none since the last backward; "
                "call forward, then backward once"
            )
        shape, dtype, values = self._memory
        if not isinstance(dout, np.ndarray) or dout.dtype != dtype:
            raise TypeError(f"{self!r}: backward expected {dtype} of shape {shape}, received {describe(dout)}")
        if dout.shape != shape:
            raise ValueError(f"{self!r}: backward expected shape {shape}, received {describe(dout)}")
        self._memory = None
        return values

    def children(self) -> Iterator[tuple[str, "Module"]]:
        """Yield the modules directly inside this one, with their names."""
        for name, value in vars(self).items():
            if isinstance(value, Module):
                yield name, value

    def modules(self) -> Iterator["Module"]:
        """Yield this module and every module inside it, outermost first."""
        yield self
        for _, child in self.children():
            yield from child.modules()

    def named_parameters(self, prefix: str = "") -> Iterator[tuple[str, Parameter]]:
        """Yield every parameter once, with its dotted name such as "0.W"."""
        seen: set[int] = set()
        for name, parameter in self._walk_parameters(prefix):
            if id(parameter) not in seen:
                seen.add(id(parameter))
                yield name, parameter

    def _require_nothing_hidden(self) -> None:
        """Refuse what a list, tuple or dictionary holds besides the attributes: it would stay untrained and unsaved."""
        found = {id(value) for value in vars(self).values()} | {id(child) for _, child in self.children()}
        for name, value in vars(self).items():
            inside = value.values() if isinstance(value, dict) else value if isinstance(value, list | tuple) else ()
            if any(isinstance(item, Module | Parameter) and id(item) not in found for item in inside):
                raise TypeError(
                    f"{type(self).__name__}: expected every parameter and inner module as an attribute of its own, "
                    f"received some in the {type(value).__name__} {name!r}, where they are not found; a Sequential "
                    "holds several modules"
                )

    def _walk_parameters(self, prefix: str) -> Iterator[tuple[str, Parameter]]:
        for name, value in vars(self).items():
            if isinstance(value, Parameter):
                yield prefix + name, value
        for name, child in self.children():
            yield from child._walk_parameters(f"{prefix}{name}.")

    def parameters(self) -> list[Parameter]:
        """Return every parameter once, in the order of `named_parameters`."""
        return [parameter for _, parameter in self.named_parameters()]

    def named_buffers(self, prefix: str = "") -> Iterator[tuple[str, FloatArray]]:
        """Yield every buffer (state that is not learnt) with its dotted name."""
        for name in self.buffer_names:
            yield prefix + name, getattr(self, name)
        for name, child in self.children():
            yield from child.named_buffers(f"{prefix}{name}.")

    def zero_grad(self) -> None:
        """Count the gradient of every parameter as zero from here on."""
        for parameter in self.parameters():
            parameter.zero_grad()

    def train(self) -> Self:
        """Switch this module and all inside it to training mode."""
        return self._set_mode(training=True)

    def eval(self) -> Self:
        """Switch this module and all inside it to evaluation mode: nothing dropped, no running average moved."""
        return self._set_mode(training=False)

    def _set_mode(self, *, training: bool) -> Self:
        for module in self.modules():
            module._require_nothing_hidden()
            module.training = training
        return self

    def state_dict(self) -> dict[str, FloatArray]:
        """Return copies of all parameters and buffers by name, the whole of what a forward pass in evaluation uses."""
        return {name: array.copy() for name, array in self._named_arrays()}

    def _named_arrays(self) -> Iterator[tuple[str, FloatArray]]:
        for module in self.modules():
            module._require_nothing_hidden()
        for name, parameter in self.named_parameters():
            yield name, parameter.data
        yield from self.named_buffers()

    def load_state_dict(self, state: Mapping[str, FloatArray]) -> None:
        """Copy `state` into the parameters and buffers; strict, and all or nothing.

        Raises:
            ValueError: if an entry is missing, extra, or of another shape or dtype. The message lists them all,
                and the module is left as it was.
        """
        if not isinstance(state, Mapping):
            raise TypeError(f"{type(self).__name__}: expected a state as arrays by name, received {describe(state)}")
        own = dict(self._named_arrays())
        problems = [f"missing {name} {array.shape}" for name, array in own.items() if name not in state]
        problems += [f"unexpected {name}" for name in state if name not in own]
        for name in own.keys() & state.keys():
            value, array = state[name], own[name]
            if not isinstance(value, np.ndarray) or value.shape != array.shape or value.dtype != array.dtype:
                problems.append(f"{name}: expected {describe(array)}, received {describe(value)}")
        if problems:
            raise ValueError(f"{type(self).__name__}: the state does not fit: " + "; ".join(sorted(problems)))
        for name, array in own.items():
            np.copyto(array, state[name])

    def summary(self, in_features: int | None = None) -> str:
        """Return a table of modules, output shapes and parameter counts, as text.

        Args:
            in_features: the width D of the input, where the first module that states one does not tell it.
        """
        from glassnet.nn.summary import summary_table

        return summary_table(self, in_features)

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"

    def __getstate__(self) -> dict[str, Any]:
        """A copy starts with no forward pass pending, and nobody observes it (see `glassnet.diagnostics.telemetry`)."""
        return {
            name: value
            for name, value in vars(self).items()
            if name != "_memory" and not getattr(value, "is_observer", False)
        }
