"""Times `dvc repro` on Wine beside its floor: DVC running the same graph with stages that do nothing.

    make bench-pipeline

Each round runs every variant once, in turn; the minimum of each is reported, and its ratio to the floor's minimum.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
STAGES = ("check", "fetch", "prepare", "train", "evaluate", "improve", "report")
QUIET = {"DVC_NO_ANALYTICS": "1", "MLFLOW_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "1", "PYTHONPATH": "src"}


def run(folder: Path, *command: str) -> float:
    """Run a command in `folder` and return its seconds; a failure ends the benchmark with what it printed."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    # Where this is set, every stage compiles the package anew; users have the compiled files.
    usual = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    started = time.perf_counter()
    done = subprocess.run(
        command, cwd=folder, env=usual | QUIET | {"PATH": path}, capture_output=True, text=True, check=False
    )
    seconds = time.perf_counter() - started
    if done.returncode:
        sys.exit(f"{' '.join(command)}: exit status {done.returncode}\n{done.stdout}\n{done.stderr}")
    return seconds


def clone(folder: Path, *, tracking: bool) -> Path:
    """Return a clone of the committed project with the pipeline run once."""
    run(ROOT, "git", "clone", "--quiet", str(ROOT), str(folder))
    shutil.copy(ROOT / ".dvc" / "vega.js", folder / ".dvc")
    if not tracking:
        conf = folder / "conf" / "config.yaml"
        conf.write_text(conf.read_text().replace("tracking: mlflow", "tracking: none"))
        run(folder, sys.executable, "-m", "glassnet.config")
    run(folder, "dvc", "repro")
    return folder


def idle_copy(project: Path, folder: Path) -> Path:
    """Return a copy of the project whose stages only create their outputs: the same graph, no work."""
    shutil.copytree(project, folder)
    pipeline: dict[str, Any] = yaml.safe_load((folder / "dvc.yaml").read_text())
    for stage in pipeline["stages"].values():
        outs = [next(iter(out)) if isinstance(out, dict) else out for out in stage["outs"]]
        stage["cmd"] = " && ".join(f"mkdir -p {Path(out).parent} && touch {out}" for out in outs)
    (folder / "dvc.yaml").write_text(yaml.safe_dump(pipeline, sort_keys=False))
    run(folder, "dvc", "repro", "-f")
    return folder


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description="time dvc repro beside its floor")
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    with tempfile.TemporaryDirectory() as temporary:
        base = Path(temporary)
        tracked = clone(base / "tracked", tracking=True)
        folders = {
            "with tracking": tracked,
            "without tracking": clone(base / "untracked", tracking=False),
            "floor": idle_copy(tracked, base / "idle"),
        }
        commands = {"cold (dvc repro -f)": ("dvc", "repro", "-f"), "nothing to do (dvc repro)": ("dvc", "repro")}
        best: dict[tuple[str, str], float] = {}
        for _ in range(rounds):
            for what, command in commands.items():
                for name, folder in folders.items():
                    best[what, name] = min(best.get((what, name), float("inf")), run(folder, *command))
        stages = {}
        for stage in STAGES:
            started = [run(tracked, sys.executable, "-m", f"glassnet.stages.{stage}") for _ in range(rounds)]
            stages[stage] = min(started)
    print(f"minimum of {rounds} rounds, seconds and ratio to the floor of the same run")
    for what in commands:
        for name in folders:
            seconds = best[what, name]
            print(f"{what:26}  {name:17} {seconds:6.2f} s  {seconds / best[what, 'floor']:5.2f}x")
    print("each stage by itself (with tracking): " + ", ".join(f"{name} {s:.2f} s" for name, s in stages.items()))


if __name__ == "__main__":
    main()
