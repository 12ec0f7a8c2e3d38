"""The manifest of a run, models/run.json: what was trained with which settings and inputs, and what came of it."""

import json
import shutil
from collections.abc import Mapping
from typing import NotRequired, TypedDict, cast

from glassnet.files import JsonObject, JsonValue
from glassnet.runs.layout import Layout
from glassnet.training import minimized
from glassnet.training.monitor import LOSS

BEST = "best_validation_"


class RunIdentity(TypedDict):
    """What tells a run from others.

    Attributes:
        key: a digest of the digests.
        digests: of the settings, the data and the code, by these names; of changes on the way, if there were any.
        rows: how many rows each split has.
    """

    key: str
    digests: dict[str, str]
    rows: dict[str, int]


class WentOn(TypedDict):
    """How a training went on with other settings, where one from the start would have ended otherwise.

    Attributes:
        after_epoch: from where on.
        changed: the value before and after, by the name of the setting.
        rates: the learning rates of the last step before and of the first after it, if the schedule changed.
    """

    after_epoch: int
    changed: dict[str, list[JsonValue]]
    rates: NotRequired[list[float]]


class Member(TypedDict):
    """The training of a member of an ensemble.

    Attributes:
        rows: from how many it learnt.
        epochs: how many it ran.
        best_epoch: the one whose weights were kept.
        best_validation_loss: of that epoch, on the fold that it did not learn from.
        best_validation_accuracy: the same, for a classification.
        best_validation_mae: the same, for a regression.
    """

    rows: int
    epochs: int
    best_epoch: int
    best_validation_loss: float
    best_validation_accuracy: NotRequired[float]
    best_validation_mae: NotRequired[float]


class Manifest(RunIdentity):
    """The content of models/run.json.

    Attributes:
        settings: those that the result depends on, nested as in conf/. They are those of the version that trained.
        epochs: how many the training ran.
        members: of an ensemble; all else is of the single network beside it.
        went_on: what was changed on the way, if it went on otherwise than a training from the start.
        stopped: why it did not come to its end; such a manifest has no best epoch.
        best_epoch: the one whose weights were kept.
        best_validation_loss: of that epoch.
        best_validation_accuracy: of that epoch, for a classification.
        best_validation_mae: of that epoch, for a regression. A monitored score that is neither is there likewise.
    """

    settings: JsonObject
    epochs: int
    members: NotRequired[list[Member]]
    went_on: NotRequired[list[WentOn]]
    stopped: NotRequired[str]
    best_epoch: NotRequired[int]
    best_validation_loss: NotRequired[float]
    best_validation_accuracy: NotRequired[float]
    best_validation_mae: NotRequired[float]


EVERY_RUN = {"key": str, "digests": dict, "rows": dict, "settings": dict, "epochs": int}
WHOLE_TRAINING = {"best_epoch": int, f"{BEST}loss": float}


def read_manifest(layout: Layout) -> Manifest:
    """Read the manifest of a run.

    Raises:
        FileNotFoundError: if there is none.
        ValueError: if it is damaged.
    """
    path = layout.manifest
    if not path.is_file():
        raise FileNotFoundError(f"{path}: expected the manifest of a trained run here, found no file; run train first")
    try:
        content = json.loads(path.read_bytes())
    except ValueError as error:
        raise _damaged(str(path), f"no JSON: {error}") from error
    return parse_manifest(content, str(path))


def parse_manifest(content: object, source: str) -> Manifest:
    """Return the content of a JSON file as a manifest; `source` says which file, in the error if it is none.

    Raises:
        ValueError: naming the first entry that is missing or of another type.
    """
    if not isinstance(content, dict):
        raise _damaged(source, f"a {type(content).__name__}")
    for name, kind in (EVERY_RUN if "stopped" in content else {**EVERY_RUN, **WHOLE_TRAINING}).items():
        if name not in content:
            raise _damaged(source, f"without {name}")
        if not isinstance(content[name], (float, int) if kind is float else kind):
            raise _damaged(source, f"{name} is a {type(content[name]).__name__}, not a {kind.__name__}")
    return cast(Manifest, content)


def best_scores(manifest: Manifest) -> dict[str, float]:
    """Return the validation scores of the best epoch by their names: "loss", "accuracy" or "mae", the monitored one."""
    return {name.removeprefix(BEST): cast(float, value) for name, value in manifest.items() if name.startswith(BEST)}


def monitor_of(manifest: Manifest) -> str:
    """Return the name of the score that chose the best epoch."""
    training = manifest["settings"].get("training")
    return str(training.get("monitor", LOSS.name)) if isinstance(training, Mapping) else LOSS.name


def minimized_of(manifest: Manifest) -> float:
    """Return the monitored score of the best epoch as trainings are compared by it: lower is better.

    Raises:
        ValueError: if the manifest lacks it.
    """
    name, scores = monitor_of(manifest), best_scores(manifest)
    if name not in scores:
        raise ValueError(f"expected the {BEST}{name} of the monitored score in a manifest, received none; train again")
    return minimized(name, scores[name])


def learns_logarithm(settings: JsonObject) -> bool:
    """Return whether it is the logarithm of a regression's target that is learnt, by settings nested as in conf/."""
    data = settings.get("data")
    return isinstance(data, Mapping) and data.get("target_transform") == "log"


def learnt_target(settings: JsonObject) -> str:
    """Return what a regression learns, which the losses and errors of its training and validation rows are of."""
    return "the standardized logarithm of the target" if learns_logarithm(settings) else "the standardized target"


def make_way_for(layout: Layout, key: str) -> None:
    """Remove what was made of another training in a folder, so that nothing of it passes for the one with `key`.

    DVC does so itself with what it knows, which the page under glass is no part of. The manifest goes last: as long as
    it is there, this is done again after an interruption.
    """
    if layout.by_dvc:
        layout.look.unlink(missing_ok=True)
    if layout.by_dvc or not layout.manifest.is_file() or _key_in(layout) == key:
        return
    for path in (
        layout.metrics, layout.analysis, layout.predictions, layout.improvements, layout.report, layout.report_page,
        layout.look,
    ):  # fmt: skip
        path.unlink(missing_ok=True)
    if layout.figures.is_dir():
        shutil.rmtree(layout.figures)
    layout.manifest.unlink()


def _key_in(layout: Layout) -> str | None:
    """Return the key of the training in a folder; a damaged manifest is of none."""
    try:
        return read_manifest(layout)["key"]
    except ValueError:
        return None


def _damaged(source: str, received: str) -> ValueError:
    return ValueError(f"{source}: expected the manifest of a run, received a damaged one ({received}); train again")
