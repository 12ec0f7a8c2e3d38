"""Times training beside libraries that people would pick instead, and writes docs/explanation/speed.md's table.

    make bench        or, in the project's environment:
    python -m tests.benchmarks.speed [--rounds 5] [--networks narrow wide] [--data FOLDER] [--against CHECKOUT]
        [--no-write]

In each round every contestant trains one epoch, in turn; the minimum of the rounds counts. Libraries that are not
installed are left out, with a note. In the column "beside a busy process" another process takes all of a core that it
can get. With --against, `fit` of another checkout takes part, the default of which is one process.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from tests.benchmarks.speed.worker import CONTESTANTS
from tests.benchmarks.speed.workload import BATCHES, DEBIAN, NETWORKS, write_data

ROOT = Path(__file__).resolve().parents[3]
PAGE = ROOT / "docs" / "explanation" / "speed.md"
BEGIN, END = "<!-- what `make bench` measured: begin -->", "<!-- what `make bench` measured: end -->"
OURS, PRODUCTS = "glassnet", "products alone"
FIT, BLAS, DATA_PARALLEL = "glassnet fit", "glassnet fit, BLAS on all cores", "glassnet fit, a process a core"
DISTRIBUTIONS = {"numpy": "numpy", "jax": "jax", "torch": "torch", "sklearn": "scikit-learn"}
COLD_BATCH, COLD_ACCURACY = 256, 0.87
BUSY = "import os; parent = os.getppid()\nwhile os.getppid() == parent: pass"  # no longer than this process runs
PAUSE = 0.15  # seconds before each measurement: the last contestant's BLAS threads spin for a while before they sleep

Times = dict[str, float]


class Worker:
    """A contestant's process."""

    def __init__(self, name: str, folder: Path, checkout: Path | None = None) -> None:
        """Start it, in another checkout if one is given; it loads its library and the data."""
        self.name = f"{name}, {checkout.name}" if checkout else name
        where = (checkout or ROOT).resolve()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.benchmarks.speed.worker", name, str(folder)],
            cwd=where, env=environment() | {"PYTHONPATH": str(where / "src")}, text=True, stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )  # fmt: skip

    def ask(self, request: object) -> float:
        """Send a request and return the seconds of the answer."""
        time.sleep(PAUSE)
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        print(json.dumps(request), file=self._process.stdin, flush=True)
        answer = self._process.stdout.readline()
        if not answer:
            sys.exit(f"bench: {self.name} ended without an answer; its message is above")
        return float(answer)

    def stop(self) -> None:
        """End the process."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()


def environment() -> dict[str, str]:
    """Return ours, but for what would choose BLAS kernels for NumPy alone."""
    return {name: value for name, value in os.environ.items() if name != "OPENBLAS_CORETYPE"}


def epoch_times(workers: list[Worker], sizes: list[int], batch_size: int, rounds: int) -> tuple[Times, Times]:
    """Return each contestant's seconds for the first epoch, with compilation, and for its fastest later one."""
    for worker in workers:
        worker.ask({"sizes": sizes, "batch_size": batch_size})
    first = {worker.name: worker.ask("epoch") for worker in workers}
    best = dict.fromkeys(first, float("inf"))
    for _ in range(rounds):
        for worker in workers:
            best[worker.name] = min(best[worker.name], worker.ask("epoch"))
    return first, best


def times_beside_a_busy_process(workers: list[Worker], sizes: list[int], batch_size: int, rounds: int) -> Times:
    """Return each contestant's seconds for its fastest epoch, while another process computes without end."""
    able = [worker for worker in workers if worker.name != PRODUCTS]
    with subprocess.Popen([sys.executable, "-c", BUSY]) as busy:
        try:
            return epoch_times(able, sizes, batch_size, rounds)[1]
        finally:
            busy.kill()


def prediction_times(workers: list[Worker], rounds: int) -> Times:
    """Return each contestant's fastest seconds for the probabilities of 10,000 rows."""
    able = [
        worker for worker in workers if worker.name != PRODUCTS and not worker.name.startswith(FIT)
    ]  # the model of fit is ours
    best = {worker.name: float("inf") for worker in able}
    for _ in range(4 * rounds):
        for worker in able:
            best[worker.name] = min(best[worker.name], worker.ask("predict"))
    return best


def cold_times(names: list[str], folder: Path, rounds: int) -> dict[str, tuple[float, int]]:
    """Return seconds from the start of the process to the accuracy, and the epochs that it took."""
    best: dict[str, tuple[float, int]] = {}
    arguments = (str(folder), json.dumps(NETWORKS["narrow"]), str(COLD_BATCH), str(COLD_ACCURACY))
    for _ in range(rounds):
        for name in names:
            command = [sys.executable, "-m", "tests.benchmarks.speed.worker", name, *arguments]
            started = time.perf_counter()
            done = subprocess.run(command, cwd=ROOT, env=environment(), text=True, stdout=subprocess.PIPE, check=True)
            seconds = time.perf_counter() - started
            best[name] = min(best.get(name, (float("inf"), 0)), (seconds, int(done.stdout)))
    return best


def cell(seconds: float, *ours: float, fraction: bool = False) -> str:
    """Return seconds, and how many times each of ours they are (or which fraction of it)."""
    ratios = ", ".join(f"{seconds / own:.0%}" if fraction else f"{seconds / own:.2f}×" for own in ours)
    return f"{seconds:.3f} ({ratios})" if seconds not in ours else f"**{seconds:.3f}**"


def network_table(name: str, results: dict[int, tuple[Times, Times]], busy: Times) -> list[str]:
    """Return the lines of a network's table: a row a contestant, a column a batch size."""
    lines = [
        f"Seconds an epoch, {'-'.join(map(str, NETWORKS[name]))} (in brackets: how many times those of our bare loop, "
        "and of the fastest setting of our `fit`)",
        "",
        f"| | {' | '.join(f'batch {size}' for size in results)} | batch {BATCHES[0]}, beside a busy process | "
        "first epoch more, at most |",
        f"|---|{'---|' * len(results)}---|---|",
    ]
    for contestant in next(iter(results.values()))[1]:
        cells = [
            cell(best[contestant], best[OURS], fastest_of_ours(best), fraction=contestant == PRODUCTS)
            for _, best in results.values()
        ]
        cells += [cell(busy[contestant], busy[OURS], fastest_of_ours(busy)) if contestant in busy else ""]
        more = max(first[contestant] - best[contestant] for first, best in results.values())
        lines.append(f"| {contestant} | {' | '.join(cells)} | {max(more, 0):.1f} |")
    return [*lines, ""]


def fastest_of_ours(best: Times) -> float:
    """Return the seconds of the setting of `fit` that took the fewest."""
    return min(best[name] for name in (FIT, BLAS, DATA_PARALLEL))


def versions(installed: list[str]) -> str:
    """Return what was compared, on what."""
    import numpy as np
    from threadpoolctl import threadpool_info

    np.ones(1) @ np.ones(1)
    blas = next(info for info in threadpool_info() if info["user_api"] == "blas")
    packages = ", ".join(f"{DISTRIBUTIONS[name]} {version(DISTRIBUTIONS[name])}" for name in installed)
    return (
        f"Python {platform.python_version()}, {packages}; {blas['internal_api']} {blas['version']} "
        f"({blas['architecture']} kernels, {blas['num_threads']} threads); {os.cpu_count()} cores"
    )


def write_page(text: str) -> None:
    """Put the text where the page shows it."""
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
    _, marker, after = rest.partition(END)
    if not marker:
        sys.exit(f"bench: expected the lines {BEGIN} and {END} in {PAGE}, found them missing")
    PAGE.write_text(f"{before}{BEGIN}\n{text}\n{END}{after}", encoding="utf-8")


def measure(networks: list[str], rounds: int, source: Path, checkout: Path | None) -> str:
    """Return the report of the whole comparison as markdown."""
    installed = [package for package in DISTRIBUTIONS if find_spec(package) is not None]
    for package in DISTRIBUTIONS.keys() - set(installed):
        print(f"bench: {package} is not installed and is left out; pip install -e '.[peers]'", file=sys.stderr)
    names = [name for name, (package, _) in CONTESTANTS.items() if package in installed]
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        what = write_data(source, folder)
        workers = [Worker(name, folder) for name in names]
        workers += [Worker(FIT, folder, checkout)] if checkout else []
        lines = [
            f"{what}, ReLU, Adam, float32; minima of {rounds} interleaved rounds (wide network: {min(rounds, 3)}).",
            f"{versions(installed)}.",
            "",
        ]
        predictions: Times = {}
        for network in networks:
            results = {}
            for batch_size in BATCHES:  # epochs of the wide network are long, and vary less
                times = rounds if network == "narrow" else min(rounds, 3)
                results[batch_size] = epoch_times(workers, NETWORKS[network], batch_size, times)
                print(f"bench: {network}, batch {batch_size}: {results[batch_size][1]}", file=sys.stderr)
            busy = times_beside_a_busy_process(workers, NETWORKS[network], BATCHES[0], min(rounds, 3))
            print(f"bench: {network}, batch {BATCHES[0]}, beside a busy process: {busy}", file=sys.stderr)
            lines += network_table(network, results, busy)
            predictions = predictions or prediction_times(workers, rounds)
        for worker in workers:
            worker.stop()
        able = [name for name in names if name != PRODUCTS]
        cold = cold_times(able, folder, min(rounds, 3)) if source.is_dir() else {}
    last = ["", "probabilities of 10,000 rows, ms"]
    last += [f"from a cold process to {COLD_ACCURACY:.0%} test accuracy, s (epochs)"] if cold else []
    lines += [f"| {' | '.join(last)} |", "|---" * len(last) + "|"]
    for name in able:
        cells = [cell(1e3 * predictions[name], 1e3 * predictions[OURS]) if name in predictions else ""]
        cells += [f"{cell(cold[name][0], cold[OURS][0])} ({cold[name][1]})"] if cold else []
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(lines)


def main() -> None:
    """Measure, print, and write."""
    parser = argparse.ArgumentParser(description="time training beside other libraries")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--networks", nargs="+", choices=NETWORKS, default=list(NETWORKS))
    parser.add_argument("--data", type=Path, default=DEBIAN, help="the folder of the four Fashion-MNIST files")
    parser.add_argument("--against", type=Path, metavar="CHECKOUT", help="another checkout, whose fit takes part")
    parser.add_argument("--no-write", action="store_true", help="leave the page as it is")
    arguments = parser.parse_args()
    text = measure(arguments.networks, arguments.rounds, arguments.data, arguments.against)
    print(text)
    if not arguments.no_write:
        write_page(text)


if __name__ == "__main__":
    main()
