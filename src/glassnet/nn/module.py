"""A module: a function of a batch that knows its derivative, its parameters and its state."""

import inspect
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any, ClassVar, Self, TypeAlias

import numpy as np

from glassnet.nn.arrays import FloatArray, describe
from glassnet.nn.checks import check_gradient
from glassnet.nn.parameter import Parameter
from glassnet.nn.summary import summary_table

Hook: TypeAlias = Callable[["Module", FloatArray, FloatArray], None]  # is called with module, input and output


class Module:
    """A differentiable function `Y = f(X; θ)` of a batch, with its own backward pass.

    The contract between `forward` and `backward`, for a loss ℓ computed from the outputs:

    - `forward(X)` returns `Y` and *saves* what its derivative needs;
    - `backward(dout)` receives `dout = ∂ℓ/∂Y`, *adds* `∂ℓ/∂θ` to the gradient of each parameter and returns
      `dX = ∂ℓ/∂X`. It takes what forward saved, once: each backward belongs to one forward.

    Because the loss is a scalar, every gradient has the shape of what it is the gradient of, and a network's backward
    pass is its layers' backward passes in reverse order: the chain rule, one link at a time (Rumelhart, Hinton &
    Williams, "Learning representations by back-propagating errors", Nature 1986).

    Nobody learns the data, so the first layer of a network need not compute `dX`. A module that can spare it takes
    `backward(dout, input_gradient=False)`, and then returns an empty array.

    Between the two calls neither the input nor the output may be changed in place: what is saved is often one of them,
    not a copy. And a module works once in a network: a second forward pass would replace what the first has saved.

    A subclass assigns its parameters and inner modules as attributes; they are found by looking at the attributes, not
    into lists (a `Sequential` holds several modules), in the order of their assignment. Arrays that are state but not
    learnt (running averages) are named in `buffer_names` and saved with the parameters.

    Chapter 6 of the course, docs/learn/6-framework.md, builds a small one.

    Attributes:
        training: True in training mode, False in evaluation mode; set by `train()` and `eval()`.
    """

    buffer_names: ClassVar[tuple[str, ...]] = ()
    training: bool = True
    _saved: tuple[tuple[int, ...], np.dtype[Any], tuple[Any, ...]] | None = None
    _hooks: tuple[Hook, ...] = ()

    def forward(self, X: FloatArray) -> FloatArray:
        """Return the module's output for the batch `X`."""
        raise NotImplementedError(f"{type(self).__name__}: expected a forward(X) of its own, found none")

    def backward(self, dout: FloatArray) -> FloatArray:
        """Return the gradient with respect to the input of the last `forward`, and add those of the parameters."""
        raise NotImplementedError(f"{type(self).__name__}: expected a backward(dout) of its own, found none")

    def backward_parameters(self, dout: FloatArray) -> None:
        """Add the gradients of the parameters, without computing that of the input where it can be spared.

        For a first layer with many inputs that saves up to a third of all multiplications of a training step.
        """
        if _has_option(type(self).backward):
            self.backward(dout, input_gradient=False)  # type: ignore[call-arg]  # it takes it, as was just seen
        else:
            self.backward(dout)

    def __call__(self, X: FloatArray) -> FloatArray:
        """Return `forward(X)`, and show it to the hooks."""
        Y = self.forward(X)
        self.show(X, Y)
        return Y

    def show(self, X: FloatArray, Y: FloatArray) -> None:
        """Show the hooks an input and the output for it."""
        for hook in self._hooks:
            hook(self, X, Y)

    def on_forward(self, hook: Hook) -> Callable[[], None]:
        """Have `hook(module, X, Y)` called with the input and the output of each call of this module.

        Containers call the modules inside them. A hook sees the arrays themselves, and changes none.

        Returns:
            A function that takes the hook away.
        """
        self._hooks = (*self._hooks, hook)

        def remove() -> None:
            self._hooks = tuple(each for each in self._hooks if each is not hook)

        return remove

    def save_for_backward(self, output: FloatArray, *values: Any) -> None:
        """Keep `values` for the backward pass that belongs to this `output`."""
        self._saved = (output.shape, output.dtype, values)

    def saved(self, dout: FloatArray) -> tuple[Any, ...]:
        """Return what `forward` saved, after checking that `dout` fits its output, and forget it.

        Raises:
            RuntimeError: if no forward pass is waiting for its backward pass.
            ValueError: if `dout` has another shape than the output.
            TypeError: if `dout` is no array or has another dtype than the output.
        """
        if self._saved is None:
            raise RuntimeError(
                f"{self!r}: backward expected a forward pass before it, received none since the last backward; "
                "call forward, then backward once"
            )
        shape, dtype, values = self._saved
        check_gradient(self, dout, shape, dtype)
        self._saved = None
        return values

    @property
    def has_hooks(self) -> bool:
        """Whether a hook sees this module's input and output."""
        return bool(self._hooks)

    @property
    def is_random(self) -> bool:
        """Whether each `forward` from here on would draw random numbers of its own (Dropout in training mode)."""
        return any(child.is_random for _, child in self.children())

    def children(self) -> Iterator[tuple[str, "Module"]]:
        """Yield the modules directly inside this one, with their names."""
        for name, value in vars(self).items():
            if isinstance(value, Module):
                yield name, value

    def modules(self) -> Iterator["Module"]:
        """Yield this module and every module inside it, outermost first."""
        for _, module in self.named_modules():
            yield module

    def named_modules(self, name: str = "") -> Iterator[tuple[str, "Module"]]:
        """Yield this module and every module inside it, outermost first, with their dotted names."""
        yield name, self
        for child_name, child in self.children():
            yield from child.named_modules(f"{name}.{child_name}".lstrip("."))

    def named_parameters(self, prefix: str = "") -> Iterator[tuple[str, Parameter]]:
        """Yield every parameter once, with its dotted name such as "0.W"."""
        seen: set[int] = set()
        for name, module in self.named_modules(prefix.rstrip(".")):
            for own, value in vars(module).items():
                if isinstance(value, Parameter) and id(value) not in seen:
                    seen.add(id(value))
                    yield f"{name}.{own}".lstrip("."), value

    def parameters(self) -> list[Parameter]:
        """Return every parameter once, in the order of `named_parameters`."""
        return [parameter for _, parameter in self.named_parameters()]

    def named_buffers(self, prefix: str = "") -> Iterator[tuple[str, FloatArray]]:
        """Yield every buffer (state that is not learnt) with its dotted name."""
        for name, module in self.named_modules(prefix.rstrip(".")):
            for own in module.buffer_names:
                yield f"{name}.{own}".lstrip("."), getattr(module, own)

    def zero_grad(self) -> None:
        """Start the sum of every parameter's gradients again, at zero."""
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
        return summary_table(self, in_features)

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"

    def __getstate__(self) -> dict[str, Any]:
        """A copy starts with no forward pass pending, and without hooks."""
        return {name: value for name, value in vars(self).items() if name not in ("_saved", "_hooks")}


@cache
def _has_option(backward: Callable[..., FloatArray]) -> bool:
    return "input_gradient" in inspect.signature(backward).parameters
