"""Data from a function of one's own, named by `_target_` in conf/data: used as ours, and a mistake is one line."""

import json
import re
import shutil
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from glassnet.config import UserError, changes_from_conf, parse_settings, read_params, write_params
from glassnet.runs import Layout, read_jobs, run_stage
from glassnet.stages import check, evaluate, fetch, predict, prepare, train
from glassnet.tables import load_model
from tests.settings import PROJECT

ROOT = Path(__file__).resolve().parents[2]
SHORT = ("data=mine", "tracking=none", "training.epochs=2", "training.baseline.epochs=1", "hydra/job_logging=none")
MODULE = '''
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from glassnet.sources import MissingRules, RawImages, RawTable


def load(path: Path, target: str, rows: int = 60, steps: int = 3, colours: Sequence[str] = ("u", "v")) -> RawTable:
    """Numbers about 0, whose sign is the class, and a colour that is missing now and then."""
    x = np.random.default_rng(len(path.read_text().splitlines()[0]) + steps).normal(size=rows)
    frame = pd.DataFrame({"x": x, "c": [[*colours, None][i % (len(colours) + 1)] for i in range(rows)]})
    frame[target] = np.where(x > 0, "yes", "no").astype(object)
    rules = MissingRules("median", "most_frequent", values=("?",))
    return RawTable(
        "mine", "made up", frame, ("x", "c"), target, class_names=("no", "yes"), categorical=("c",), missing=rules
    )


def pictures(test_rows: int) -> RawImages:
    images = np.random.default_rng(0).integers(0, 256, (60, 2, 3)).astype(np.uint8)
    return RawImages("pictures", "made up", images, np.arange(60) % 2, ("a", "b"), test_rows)


def wrong(what: str):
    table = load(Path(__file__), "y")
    if what == "error":
        raise LookupError(f"no {what}")
    if what == "frame":
        return table.frame
    if what == "list":
        return RawImages("t", "d", [[[0]]], np.zeros(1, dtype=np.int64), ("a", "b"))
    if what == "dictionary":
        return RawTable("t", "d", {"x": [1.0]}, ("x",), "y", class_names=("no", "yes"))
    values = {"names": ("no", 1), "class_names": ("yes",), "name": "a/b"}
    values |= {"features": ("x", "z"), "target": "x", "categorical": ("y",)}
    if what == "numbers":
        return RawTable("t", "d", table.frame, ("c",), "y", class_names=("no", "yes"))
    if what == "rows":
        return RawTable("t", "d", table.frame[:0], ("x",), "y", class_names=("no", "yes"))
    if what == "regression":
        return RawTable("t", "d", table.frame, ("x",), "y", "regression")
    if what == "images":
        return RawImages("t", "d", np.zeros((9, 2, 2)), np.zeros(9, dtype=np.int64), ("a", "b"))
    if what == "labels":
        return RawImages("t", "d", np.zeros((9, 2, 2), dtype=np.uint8), np.arange(9), ("a", "b"))
    return RawTable(**{**vars(table), "class_names" if what == "names" else what: values[what]})
'''
SPLIT = "validation_fraction: 0.2\ntest_fraction: {fraction}\nsplit_seed: 0\nfolds: null\nfold: 0\nrepetition: 0\n"
FILES = {
    "mine": "_target_: {m}.load\npath: table.txt\ntarget: y\nrows: 60\nsteps: 3\ncolours: [u, v]\n" + SPLIT,
    "pictures": "_target_: {m}.pictures\npath: {m}.py\ntest_rows: 10\n" + SPLIT,
    "wrong": "_target_: {m}.wrong\npath: {m}.py\nwhat: error\n" + SPLIT,
}


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The name of a module with sources of one's own, in a project whose conf/ has a file for each."""
    name = f"own_{abs(hash(tmp_path)):x}"  # another one for each test, as Python imports a name once
    shutil.copytree(PROJECT / "conf", tmp_path / "conf")
    shutil.copy(ROOT / "dvc.yaml", tmp_path)
    (tmp_path / "src").symlink_to(ROOT / "src")
    (tmp_path / f"{name}.py").write_text(MODULE)
    (tmp_path / "table.txt").write_text("a file of the user's\n")
    for choice, text in FILES.items():
        (tmp_path / "conf" / "data" / f"{choice}.yaml").write_text(text.format(m=name, fraction=0.2))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setenv("HYDRA_FULL_ERROR", "0")
    return name


def _run(monkeypatch: pytest.MonkeyPatch, stage: Any, folder: str, *arguments: str) -> Layout:
    name = stage.__name__.rpartition(".")[2]
    monkeypatch.setattr(sys, "argv", [name, *SHORT, f"hydra.run.dir={folder}", *arguments])
    run_stage(name, stage.main, getattr(stage, "finish_sweep", None))
    return Layout(Path(folder))


def _about(layout: Layout) -> dict[str, Any]:
    about: dict[str, Any] = json.loads((layout.prepared / "preprocessing.json").read_text())
    return about


def _key(layout: Layout) -> str:
    return str(json.loads(layout.manifest.read_text())["key"])


def test_a_source_of_ones_own_goes_all_the_way(
    module: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Fetched and prepared by themselves as for a training; predicted for with the settings that the model has."""
    for stage in (fetch, prepare, train, evaluate):
        layout = _run(monkeypatch, stage, "run")
    assert _about(layout)["settings"]["_target_"] == f"{module}.load"
    assert _about(layout)["rows"] == {"train": 36, "validation": 12, "test": 12}
    assert layout.metrics.is_file()
    saved = load_model(layout.model)
    assert saved.preprocessing.feature_names == ["x", "c = u", "c = v"]
    rows = pd.DataFrame({"x": ["2", "?", "-1"], "c": ["u", "w", ""]})
    rows.to_csv("new.csv", index=False)
    monkeypatch.setattr(sys, "argv", ["predict", "input=new.csv", "output=out.csv", f"model={layout.model}"])
    capsys.readouterr()
    predict.main()
    assert "c has values that the training rows did not have: 'w'" in capsys.readouterr().err
    assert pd.read_csv("out.csv")["class"].isin(["no", "yes"]).all()


def test_the_example_of_the_documentation_trains(module: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """As it stands there: the function and its file in conf/."""
    page = (ROOT / "docs" / "how-to" / "use-your-own-classes.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^```\w+\n(.*?)^```$", page[page.index("## Data from a function") :], re.DOTALL | re.MULTILINE)
    Path("my_data.py").write_text(blocks[0], encoding="utf-8")
    Path("conf/data/rings.yaml").write_text(blocks[1], encoding="utf-8")
    layout = _run(monkeypatch, train, "run", "data=rings")
    assert load_model(layout.model).class_names == ("inner", "outer")


def test_images_of_ones_own_may_have_test_rows(module: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Which are the test split if there is no test fraction; without any, that is a line."""
    for stage in (fetch, prepare):
        layout = _run(monkeypatch, stage, "run", "data=pictures", "data.test_fraction=null")
    assert np.load(layout.prepared / "test" / "rows.npy").tolist() == [*range(50, 60)]
    with pytest.raises(SystemExit):
        _run(monkeypatch, train, "x", "data=pictures", "data.test_fraction=null", "data.test_rows=0")


def test_a_changed_module_is_another_origin_and_another_run(module: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its bytes are code: the data are fetched and prepared anew, and the run has another key."""
    first = _run(monkeypatch, train, "a")
    _run(monkeypatch, fetch, "f")
    assert _key(_run(monkeypatch, train, "b")) == _key(first)
    assert len([*Path("data/cache").glob("*.lock")]) == 1
    Path(f"{module}.py").write_text(MODULE + "# another line\n")
    assert _key(_run(monkeypatch, train, "c")) != _key(first)
    assert len([*Path("data/cache").glob("*.lock")]) == 2
    with pytest.raises(SystemExit):
        _run(monkeypatch, prepare, "f")  # what was fetched there is of another module


def test_a_sweep_goes_over_arguments_and_folds(module: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """As over those of ours."""
    _run(monkeypatch, train, "x", "-m", "data.rows=60,90", "data.folds=3", "data.fold=1", "hydra.sweep.dir=s")
    assert [job.status for job in read_jobs(Path("s"))] == ["finished"] * 2


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["data._target_=no_such_module.load"], "data._target_: expected a module in the project's folder"),
        (["data._target_={m}.lode"], "data._target_: expected a class of {m}, received 'lode'; it has"),
        (["+data.extra=1"], "data.extra: expected an argument of load, received 1; it takes path, target, rows, steps"),
        (["data.rows=a"], "data.rows: expected a valid integer, received 'a'"),
        (["data.colours=u"], "data.colours: expected a list, received 'u'"),
        (["data.path=none.txt"], "data.path: expected a file, received 'none.txt'"),
        (["data.test_fraction=2"], "data.test_fraction: expected a number less than 1, received 2"),
        (["~data.target"], "data.target: expected a value for load, received none"),
        (["~data.fold"], "data.fold: expected a value, received none"),
        (
            ["data.test_fraction=null"],
            "data.test_fraction: expected a fraction of the rows for mine, which has no test",
        ),
        (["data=wrong"], "data: expected data from {m}.wrong, received LookupError('no error') in {m}.py, line"),
        (["data=wrong", "data.what=frame"], "data._target_: expected {m}.wrong to return a RawTable or RawImages of"),
        (["data=wrong", "data.what=features"], "expected each feature and the target to be one column of the frame"),
        (["data=wrong", "data.what=target"], "one column of the frame, received 'x'; it has x, c, y"),
        (["data=wrong", "data.what=categorical"], "expected categorical and dates to name features, received y"),
        (["data=wrong", "data.what=class_names"], "expected two different class names or more, received yes"),
        (["data=wrong", "data.what=name"], "expected a name that may be that of a file, received 'a/b'"),
        (["data=wrong", "data.what=names"], "expected strings as class names, received 1"),
        (["data=wrong", "data.what=list"], "expected an array of images, received"),
        (["data=wrong", "data.what=dictionary"], "expected a frame of pandas, received"),
        (["data=wrong", "data.what=numbers"], "expected numbers in 'c', which is not categorical, received"),
        (["data=wrong", "data.what=rows"], "expected rows and features, received 0 rows and 1 features"),
        (["data=wrong", "data.what=regression"], "expected finite numbers and no class names of the target 'y'"),
        (["data=wrong", "data.what=images"], "expected images (N, height, width) of uint8, received (9, 2, 2) of"),
        (["data=wrong", "data.what=labels"], "expected labels below 2, the number of class names, received 0 to 8"),
    ],
)
def test_a_mistake_is_one_line(
    module: str, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], arguments: list[str], line: str
) -> None:
    """It says where, what was expected and what came."""
    with pytest.raises(SystemExit) as ended:
        _run(monkeypatch, train, "run", *(argument.format(m=module) for argument in arguments))
    assert ended.value.code == 1
    printed = capfd.readouterr().err
    assert printed.count("\n") == 1, printed
    assert line.format(m=module) in printed


def test_dvc_is_to_know_the_module(module: str) -> None:
    """Or it would not fetch again when the function changes; as data.path it knows it."""
    config = Path("conf/config.yaml")
    config.write_text(config.read_text().replace("data: wine", "data: mine"))
    write_params()
    with pytest.raises(UserError, match=rf"dvc\.yaml: expected {module}\.py among the deps of fetch"):
        check.main(read_params(), Layout(Path()))
    pipeline, usual = Path("dvc.yaml"), Path("dvc.yaml").read_text()
    pipeline.write_text(usual.replace("- src/glassnet/tables/raw_files.py", f"- {module}.py"))
    check.main(read_params(), Layout(Path()))
    pipeline.write_text(usual)
    values = read_params().model_dump()
    values["data"]["path"] = f"{module}.py"
    check.main(parse_settings(values, "test"), Layout(Path()))


def test_a_run_is_repeated_by_overrides(module: str) -> None:
    """The choice is that of its file, also where a source of ours is called like the function."""
    write_params()
    values = read_params().model_dump()
    own = {"_target_": f"{module}.load", "name": "wine", "path": "table.txt", "target": "z", "rows": 60, "steps": 3}
    split = {name: values["data"][name] for name in ("validation_fraction", "test_fraction", "split_seed")}
    values["data"] = {**own, "colours": ["u", "v"], **split, "folds": None, "fold": 0, "repetition": 0}
    settings = parse_settings(values, "test").describing_the_result()
    assert changes_from_conf(Path("conf"), settings) == ("data=mine", "data.name=wine", "data.target=z")
