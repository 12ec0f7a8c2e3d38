"""Where a run keeps its files: the same names under the project's folder (by DVC) or under a folder of Hydra's."""

from dataclasses import dataclass
from pathlib import Path

from glassnet.runs.jobs import Sweep


@dataclass(frozen=True)
class Layout:
    """The files of one run, below `root`.

    Attributes:
        root: the project's folder when DVC runs a stage, Hydra's run folder when a stage is given overrides.
        sweep: the sweep that the run is a job of, if any.
    """

    root: Path
    sweep: Sweep | None = None

    @property
    def by_dvc(self) -> bool:
        """Whether these are the outputs that dvc.yaml declares."""
        return self.root == Path()

    @property
    def raw(self) -> Path:
        """The table as fetched, and what its columns mean."""
        return self.root / "data" / "raw"

    @property
    def fetched(self) -> Path:
        """What the raw data were fetched by."""
        return self.raw / "fetched.json"

    @property
    def prepared(self) -> Path:
        """The splits as arrays, the row assignment and the preprocessing."""
        return self.root / "data" / "prepared"

    @property
    def model(self) -> Path:
        """The trained network."""
        return self.root / "models" / "model.safetensors"

    @property
    def baseline(self) -> Path:
        """Softmax regression on the same data."""
        return self.root / "models" / "baseline.safetensors"

    @property
    def history(self) -> Path:
        """One row an epoch."""
        return self.root / "models" / "history.csv"

    @property
    def telemetry(self) -> Path:
        """What activations, gradients and updates looked like."""
        return self.root / "models" / "telemetry.csv"

    @property
    def checkpoints(self) -> Path:
        """The state of the training, to go on from; no output that DVC knows, for DVC removes those before a stage."""
        return self.root / "checkpoints"

    def timing(self, key: str) -> Path:
        """Seconds an epoch of the run with this key; kept apart from the history, since DVC hashes that.

        The key is in the name because DVC does not know the file: when it brings an earlier history back from its
        cache, the timing of a later run still lies there.
        """
        return self.root / "models" / "timing" / f"{key}.csv"

    @property
    def manifest(self) -> Path:
        """What identifies the run: its key, its settings, the digests of its inputs."""
        return self.root / "models" / "run.json"

    @property
    def recorded(self) -> Path:
        """The key of the run that was recorded, or the id that a job of a sweep got there."""
        return self.root / "models" / "recorded.json"

    @property
    def metrics(self) -> Path:
        """The scores on the test split."""
        return self.root / "reports" / "metrics.json"

    @property
    def analysis(self) -> Path:
        """The reliability curve and the analysis of the errors."""
        return self.root / "reports" / "analysis.json"

    @property
    def improvements(self) -> Path:
        """What was tried to make the run better."""
        return self.root / "reports" / "improvements.json"

    @property
    def predictions(self) -> Path:
        """The prediction for every test row."""
        return self.root / "reports" / "predictions.csv"

    @property
    def report(self) -> Path:
        """The model report."""
        return self.root / "reports" / "model_report.md"

    @property
    def report_page(self) -> Path:
        """The model report as a page that stands alone."""
        return self.root / "reports" / "model_report.html"

    @property
    def look(self) -> Path:
        """The training under glass, where somebody asked for it; no output that DVC knows."""
        return self.root / "reports" / "look.html"

    @property
    def figures(self) -> Path:
        """The report's figures."""
        return self.root / "reports" / "figures"
