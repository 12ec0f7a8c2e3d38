"""README and docs/: links lead somewhere, commands exist, and leave nothing that Git would commit."""

import inspect
import re
import subprocess
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import unquote

import pytest

ROOT = Path(__file__).resolve().parents[1]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)


def _name(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def _blocks(*languages: str) -> list[tuple[str, str]]:
    """Return the blocks of all pages in these languages, each with its page."""
    found = [(_name(page), *each) for page in PAGES for each in BLOCK.findall(page.read_text(encoding="utf-8"))]
    return [(page, text) for page, language, text in found if language in languages]


def _prose(page: Path) -> str:
    return BLOCK.sub("", page.read_text(encoding="utf-8"))


def _anchors(page: Path) -> set[str]:
    """Return the anchors that GitHub gives the headings of a page."""
    headings = re.findall(r"^#+ (.+)$", _prose(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_links_lead_somewhere(page: Path) -> None:
    """To a file that Git has, and to a heading of it."""
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    for target in re.findall(r"\]\(([^)\s]+)\)", _prose(page)):
        if re.match(r"https?:", target):
            continue
        file, _, anchor = unquote(target).partition("#")
        path = (page.parent / file).resolve() if file else page
        assert any(name == _name(path) or name.startswith(f"{_name(path)}/") for name in tracked), target
        if path.suffix == ".md":
            assert not anchor or anchor in _anchors(path), target


def test_every_page_is_reached_from_readme() -> None:
    """Nobody looks into the folder for more; the table of contents in docs/ has the same; that of the course counts."""

    def linked_from(start: Path) -> set[Path]:
        return {(start.parent / name).resolve() for name in re.findall(r"\]\(([^)#\s]+\.md)", _prose(start))}

    for start in (ROOT / "README.md", ROOT / "docs" / "README.md"):
        linked = linked_from(start) | linked_from(ROOT / "docs" / "learn" / "README.md")
        assert set((ROOT / "docs").rglob("*.md")) - {ROOT / "docs" / "README.md"} <= linked, start
        assert {ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md"} <= linked, start


def test_readme_is_a_front_page() -> None:
    """Whoever comes for the first time reads it to its end."""
    assert len((ROOT / "README.md").read_text(encoding="utf-8").splitlines()) <= 130


def test_commands_exist() -> None:
    """Modules that are started, targets of make, and choices in conf/."""
    text = "\n".join(_prose(page) for page in PAGES) + "\n".join(block for _, block in _blocks("sh"))
    of_the_pages = set(re.findall(r"<!-- file: (\S+) -->", text))
    modules = set(re.findall(r"python -m (glassnet[\w.]*\w)", text))
    assert len(modules) >= 8
    assert not [module for module in modules if find_spec(module) is None]
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    asked = set(re.findall(r"(?:`|^|&& )make ([a-z][a-z-]*)(?= *[`#&\n]| [A-Z]+=)", text, re.MULTILINE))
    assert {"repro", "test", "params", "lint", "ui"} <= asked <= targets
    for group in ("data", "model", "optimizer", "schedule", "experiment"):
        for choices in re.findall(rf"(?<![\w./]){group}=([a-z][\w,]*)", text):
            for choice in choices.split(","):
                name = f"conf/{group}/{choice}.yaml"
                assert name in of_the_pages or (ROOT / name).is_file(), f"{group}={choice}"


def test_the_picture_of_the_rooms_has_them_all() -> None:
    """A folder of the package that is new, or has another name, is a row of docs/architecture.md."""
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    rooms = {path.parent.name for path in (ROOT / "src" / "glassnet").glob("*/__init__.py")}
    assert set(re.findall(r"^\| `src/glassnet/(\w+)`", text, re.MULTILINE)) == rooms


def _public_names(package: str) -> dict[str, str]:
    """Return the public names of a package; what is a class or a function with the first line of its docstring."""
    module = import_module(f"glassnet.{package}")
    values = {name: getattr(module, name) for name in module.__all__}
    described = {
        name for name, value in values.items() if inspect.isclass(value) or inspect.isfunction(inspect.unwrap(value))
    }
    lines = {name: values[name].__doc__.splitlines()[0] for name in described}
    return {name: lines.get(name, "").replace("|", "\\|") for name in values}


@pytest.mark.parametrize("package", ["nn", "optim", "data", "training", "diagnostics", "evaluation"])
def test_the_public_names_are_listed(package: str) -> None:
    """All of them, in one place, and each with what its docstring says first."""
    text = (ROOT / "docs" / "reference" / "library.md").read_text(encoding="utf-8")
    section = text.partition(f"## glassnet.{package}\n")[2].partition("\n## ")[0]
    listed = dict(re.findall(r"^\| `(\w+)` \| (.+) \|$", section, re.MULTILINE))
    names = _public_names(package)
    assert sorted(listed) == sorted(names)
    assert {name: listed[name] for name, line in names.items() if line} == {
        n: line for n, line in names.items() if line
    }


def test_what_the_examples_write_is_ignored() -> None:
    """Files that a command is told to write, and the folders of runs, figures and records."""
    blocks = "\n".join(text for _, text in _blocks("sh"))
    written = set(re.findall(r" >(\w[\w./]*)| output=(\w[\w./]*)|to_csv\('([\w./]*)'", blocks))
    names = {name for pair in written for name in pair if name}
    assert names >= {"queue.log", "patients.csv", "predictions.csv", "token"}
    names |= {
        "outputs/x",
        "multirun/x",
        "range_test/x",
        "dvc_plots/index.html",
        "dist/x",
        "mlflow.db",
        "mlruns/0",
        "mlartifacts/x",
    }
    for name in names:
        done = subprocess.run(["git", "check-ignore", "-q", "--no-index", name], cwd=ROOT, check=False)
        assert done.returncode == 0, name
