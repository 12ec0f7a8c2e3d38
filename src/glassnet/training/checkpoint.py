"""The state of a training as one file: everything that its remaining steps depend on, in a form that runs no code."""

import hashlib
import json
import os
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple, TypedDict

import numpy as np

from glassnet import nn
from glassnet.files import JsonObject, whole_file
from glassnet.nn import FloatArray
from glassnet.nn.arrays import describe
from glassnet.training.history_file import Row
from glassnet.training.run import Callback, TrainingRun
from glassnet.training.state import State, arrays_below

FORMAT = "glassnet checkpoint 4"
OF_VERSION_0_1 = "glassnet checkpoint 3"  # whose Adam kept its moments divided by 1 − β
CURRENT, PREVIOUS, DAMAGED = "checkpoint.safetensors", "previous.safetensors", "damaged.safetensors"


class Values(TypedDict):
    """What JSON can hold of a training's state; see `TrainingRun` for most of it.

    Attributes:
        tally: the sums over the current epoch's examples, by the name that version 0.1 gave them.
        generators: the states of the random generators of model and loss.
        loader_epochs: the epoch that each loader would deal out next.
        callbacks: what each remembers, but for arrays.
    """

    epoch: int
    step: int
    batch: int
    history: list[Row]
    stop_reason: str
    learning_rate: float
    tally: dict[str, float]
    norms: list[float]
    seconds: float
    is_over: bool
    generators: list[dict[str, Any]]  # as NumPy has them
    loader_epochs: list[int]
    callbacks: dict[str, JsonObject]


class Snapshot(NamedTuple):
    """The state of a training: arrays by name, and what JSON can hold."""

    arrays: dict[str, FloatArray]
    values: Values


class OldCheckpointError(ValueError):
    """A checkpoint of an earlier version, from which a training would go on to other weights."""


class DamagedCheckpointError(ValueError):
    """A file is no checkpoint, or not the one that was written."""


def capture(run: TrainingRun) -> Snapshot:
    """Return the state of a training at a safe point: arrays by name, and what JSON can hold.

    The data need no entry but the number of the epoch that each loader would deal out next: an epoch's order and a
    batch's augmentation are functions of seed, epoch and batch. Nor do schedules, which are functions of the step.
    Callbacks that remember nothing leave nothing in it.
    """
    arrays = {f"model.{name}": array for name, array in run.model.state_dict().items()}
    arrays |= {f"optimizer.{name}": array for name, array in run.optimizer.state_dict().items()}
    callbacks: dict[str, JsonObject] = {}
    for callback_name, callback in _named(run.callbacks).items():
        if not (remembered := callback.state_dict()):
            continue
        callbacks[callback_name] = {n: value for n, value in remembered.items() if not isinstance(value, np.ndarray)}
        arrays |= {f"callback.{callback_name}.{n}": a for n, a in remembered.items() if isinstance(a, np.ndarray)}
    values: Values = {
        "epoch": run.epoch,
        "step": run.step,
        "batch": run.batch,
        "history": run.history,
        "stop_reason": run.stop_reason,
        "learning_rate": run.optimizer.learning_rate,
        "tally": vars(run.metrics),
        "norms": run.norms if run.batch else [],
        "seconds": run.seconds,
        "is_over": run.is_over,
        "generators": [_generator_state(generator) for generator in generators(run.model, run.loss)],
        "loader_epochs": [getattr(loader, "epoch", 0) for loader in (run.train_loader, run.val_loader)],
        "callbacks": callbacks,
    }
    return Snapshot(arrays, values)


def restore(run: TrainingRun, state: Snapshot) -> None:
    """Bring a training back to a captured state.

    Callbacks find their state by their name, wherever in the list they stand. One that remembers things but was not
    there before begins with this run, and a line says so.

    Raises:
        ValueError: if the state is that of another model or optimizer.
    """
    arrays, values = state
    drawn_from = generators(run.model, run.loss)
    kinds = [type(generator.bit_generator).__name__ for generator in drawn_from]
    saved_kinds = [saved["bit_generator"] for saved in values["generators"]]
    if kinds != saved_kinds:
        raise ValueError(
            f"checkpoint: expected the states of the random generators {kinds} of this model and loss, received those "
            f"of {saved_kinds}"
        )
    given: State = {**arrays}
    run.model.load_state_dict(arrays_below(given, "model."))
    run.optimizer.load_state_dict(arrays_below(given, "optimizer."))
    run.optimizer.learning_rate = values["learning_rate"]
    for generator, saved in zip(drawn_from, values["generators"], strict=True):
        generator.bit_generator.state = saved
    for loader, epoch in zip((run.train_loader, run.val_loader), values["loader_epochs"], strict=True):
        if hasattr(loader, "epoch"):
            loader.epoch = epoch
    for name, callback in _named(run.callbacks).items():
        if name in values["callbacks"]:
            callback.load_state_dict({**values["callbacks"][name], **arrays_below(given, f"callback.{name}.")})
        elif callback.state_dict():
            print(f"checkpoint: {name} was not there before, and knows nothing of the epochs until now", flush=True)
    run.epoch, run.step, run.batch = values["epoch"], values["step"], values["batch"]
    run.history[:] = values["history"]
    run.stop_reason, run.norms, run.seconds = values["stop_reason"], values["norms"], values["seconds"]
    vars(run.metrics).update(values["tally"])


def write_checkpoint(folder: Path, state: Snapshot, identity: JsonObject) -> None:
    """Write a checkpoint, keeping the one before it.

    At every instant one of the two is whole under its own name: a new file is complete before it takes a name, and the
    old one is renamed, never overwritten. A digest of the content tells a file that was changed later.
    """
    from safetensors.numpy import save

    # safetensors takes the memory as it lies, also where an array's rows do not lie end to end.
    arrays = {name: np.asarray(array, array.dtype.newbyteorder("="), order="C") for name, array in state.arrays.items()}
    # In their own order, which the columns of a history have.
    body = json.dumps({"identity": identity, "values": state.values}, default=_plain)
    header = json.dumps({"format": FORMAT, "body": body, "digest": _digest(body, arrays)})
    content = save(dict(sorted(arrays.items())), metadata={"glassnet": header})
    folder.mkdir(parents=True, exist_ok=True)
    with whole_file(folder / CURRENT) as part:
        part.write_bytes(content)
        if (folder / CURRENT).is_file():
            os.replace(folder / CURRENT, folder / PREVIOUS)


def read_checkpoint(path: Path) -> tuple[Snapshot, JsonObject]:
    """Return the state in a checkpoint file, and the identity it was written with.

    Raises:
        DamagedCheckpointError: if it is truncated, changed, or not a checkpoint.
        OldCheckpointError: if glassnet 0.1 wrote it.
    """
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="numpy") as file:
            header = json.loads((file.metadata() or {}).get("glassnet", "{}"))
            arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118  # not a mapping
        if header.get("format") == OF_VERSION_0_1:
            raise OldCheckpointError(
                f"{path}: expected a checkpoint of glassnet 0.2, received one of 0.1, whose optimizers kept other "
                "numbers; finish that training with glassnet 0.1, or start it anew without resume"
            )
        if header.get("format") != FORMAT:
            raise DamagedCheckpointError(f"{path}: expected a {FORMAT} file, received format {header.get('format')!r}")
        if header["digest"] != _digest(header["body"], arrays):
            raise DamagedCheckpointError(f"{path}: expected the content that was written, received a changed one")
        body = json.loads(header["body"])
        return Snapshot(arrays, body["values"]), body["identity"]
    except (SafetensorError, ValueError, KeyError, AttributeError, TypeError, OSError) as error:
        if isinstance(error, DamagedCheckpointError | OldCheckpointError):
            raise
        reason = " ".join(str(error).split()) or type(error).__name__
        raise DamagedCheckpointError(f"{path}: expected a {FORMAT} file, received something else: {reason}") from error


def _digest(body: str, arrays: dict[str, FloatArray]) -> str:
    digest = hashlib.sha256(body.encode())
    for name, array in sorted(arrays.items()):
        digest.update(f"{name} {array.dtype} {array.shape}\n".encode())
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()


def _plain(value: object) -> object:
    """Return a NumPy scalar as the number or truth value that JSON can hold."""
    if isinstance(value, np.generic):
        return value.item()
    raise TypeError(
        f"checkpoint: expected a state of arrays by name, and of numbers, strings, lists and mappings of them, "
        f"received {describe(value)} in it"
    )


def generators(model: nn.Module, loss: nn.Loss | None = None) -> list[np.random.Generator]:
    """Return each random generator inside a model, and inside a loss, once: layers may share one."""
    found = {id(generator): generator for owner in (*model.modules(), loss) for generator in own_generators(owner)}
    return list(found.values())


def own_generators(owner: object) -> list[np.random.Generator]:
    """Return the random generators among the attributes of one module, or of a loss."""
    return [value for value in getattr(owner, "__dict__", {}).values() if isinstance(value, np.random.Generator)]


def _generator_state(generator: np.random.Generator) -> dict[str, Any]:
    """Return the state of a generator of any kind as JSON can hold it; some kinds keep arrays in theirs."""
    state: dict[str, Any] = json.loads(json.dumps(generator.bit_generator.state, default=np.ndarray.tolist))
    return state


def _named(callbacks: Sequence[Callback]) -> dict[str, Callback]:
    """Return each callback by its class's name, numbered from the second of a class on."""
    named: dict[str, Callback] = {}
    counts: Counter[str] = Counter()
    for callback in callbacks:
        kind = type(callback).__name__
        counts[kind] += 1
        named[kind if counts[kind] == 1 else f"{kind} {counts[kind]}"] = callback
    return named
