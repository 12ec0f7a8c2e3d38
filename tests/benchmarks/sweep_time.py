"""Times a sweep of small trainings, one after another and side by side, and what a job costs beyond its training.

    python tests/benchmarks/sweep_time.py

Each round runs every variant once, in turn. Processor seconds are printed beside those of the clock: on a machine that
others use, too, they vary less.
"""

import argparse
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FEW = 4  # jobs, of the sweep whose cost is taken off that of the whole: starting, and the table at the end
LAUNCHERS = ("basic", "joblib")


def sweep_seconds(folder: Path, jobs: int, launcher: str) -> tuple[float, float]:
    """Return the seconds by the clock and of the processors that an untracked sweep over seeds takes."""
    command = [sys.executable, "-m", "glassnet.stages.train", "-m", "tracking=none", f"seed=range({jobs})"]
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run(
        [*command, f"hydra/launcher={launcher}", f"hydra.sweep.dir={folder / 'sweep'}"],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": "src"},
        capture_output=True,
        text=True,
        check=False,
    )
    seconds, after = time.perf_counter() - started, resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        sys.exit(f"{' '.join(command)}: exit status {done.returncode}\n{done.stdout}\n{done.stderr}")
    shutil.rmtree(folder / "sweep")
    return seconds, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def training_seconds() -> float:
    """Return the processor seconds of the training of one such job, the fastest of several."""
    from glassnet.config import training_plan
    from glassnet.config.compose import composed, register_resolvers, to_settings
    from glassnet.tables import open_prepared
    from glassnet.training import train_network

    os.chdir(ROOT)
    register_resolvers(Path("conf"))
    settings = to_settings(composed(["tracking=none"]), "conf/")
    prepared = open_prepared(settings.data.choice(), Path("data/prepared"), by_dvc=False)
    train, validation = prepared.split("train"), prepared.split("validation")
    plan = training_plan(settings, train.X.shape[1], len(prepared.class_names) or None)
    best = float("inf")
    for _ in range(10):
        started = time.process_time()
        train_network(plan, train, validation, [])
        best = min(best, time.process_time() - started)
    return best


def main() -> None:
    """Print the ratio of both launchers, and the cost of a job."""
    parser = argparse.ArgumentParser(description="time a sweep of small trainings")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--jobs", type=int, default=64)
    given = parser.parse_args()
    best: dict[tuple[str, int], tuple[float, float]] = {}
    with tempfile.TemporaryDirectory() as temporary:
        for _ in range(given.rounds):
            for variant in [("basic", FEW), *((launcher, given.jobs) for launcher in LAUNCHERS)]:
                seconds = sweep_seconds(Path(temporary), variant[1], variant[0])
                former = best.get(variant, seconds)
                best[variant] = (min(former[0], seconds[0]), min(former[1], seconds[1]))
    print(
        f"{given.jobs} trainings of the default settings with other seeds, untracked; minima of {given.rounds} rounds"
    )
    for launcher in LAUNCHERS:
        clock, processor = best[launcher, given.jobs]
        print(f"  {launcher:6}  {clock:6.2f} s, of the processors {processor:6.2f} s")
    print(f"  joblib is {best['basic', given.jobs][0] / best['joblib', given.jobs][0]:.2f}x as fast")
    job = (best["basic", given.jobs][1] - best["basic", FEW][1]) / (given.jobs - FEW)
    training = training_seconds()
    print(f"  a job: {job:.3f} s of a processor, its training {training:.3f}, beyond it {job - training:.3f}")


if __name__ == "__main__":
    main()
