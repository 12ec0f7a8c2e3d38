"""README's examples leave nothing behind that Git would offer to commit."""

import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def test_what_the_examples_write_is_ignored() -> None:
    """Files that a command is told to write, and the folders of runs, figures and records."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    blocks = "\n".join(re.findall(r"^```\w*\n(.*?)^```$", text, re.DOTALL | re.MULTILINE))
    written = set(re.findall(r" >(\w[\w./]*)| output=(\w[\w./]*)", blocks))
    names = {name for pair in written for name in pair if name}
    assert names >= {"queue.log", "predictions.csv", "token"}
    names |= {
        "outputs/x",
        "multirun/x",
        "range_test/x",
        "dvc_plots/index.html",
        "mlflow.db",
        "mlruns/0",
        "mlartifacts/x",
    }
    for name in names:
        done = subprocess.run(["git", "check-ignore", "-q", "--no-index", name], cwd=ROOT, check=False)
        assert done.returncode == 0, name
