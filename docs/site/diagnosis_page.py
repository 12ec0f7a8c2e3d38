"""The reference of the diagnosis: each finding with its rule, its thresholds and its advice, read from the code."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache

from docs.site.links import ROOT
from docs.site.setting_types import ROWS
from glassnet.diagnostics.diagnosis import CHECKS

FOLDER = ROOT / "src" / "glassnet" / "diagnostics" / "diagnosis"


@dataclass
class Source:
    """A file of the diagnosis: its functions, and its thresholds with what is noted beside them."""

    name: str
    text: str
    functions: dict[str, ast.FunctionDef] = field(default_factory=dict)
    thresholds: dict[str, tuple[str, str]] = field(default_factory=dict)
    imported: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Rule:
    """A function that makes a finding.

    Attributes:
        names: of the findings that it makes.
        function: its name.
        file: its file, from the root of the repository.
        line: where it begins.
        about: its docstring.
        thresholds: what it compares with, by name: the value, and what is noted beside it.
        code: its text.
    """

    names: tuple[str, ...]
    function: str
    file: str
    line: int
    about: str
    thresholds: dict[str, tuple[str, str]]
    code: str


def diagnosis_page() -> str:
    """Return the page."""
    lines = [
        "# Every diagnosis",
        "",
        "What `diagnostics.diagnose` and the report find, each with its rule. Losses are fractions of the random "
        "baseline: 0 is a network that has learnt all it was taught, 1 one that knows nothing. `t` is a "
        "[`Training`](library/diagnostics.md#glassnet.diagnostics.Training). The thresholds with a name are listed; "
        "the rule itself, to the last comparison, is the code below each. "
        "[How often the diagnosis is right](../explanation/the-report.md#how-often-it-is-right) has been measured.",
        "",
    ]
    for rule in rules():
        lines += [f"## {' · '.join(rule.names)}", "", rule.about, ""]
        if rule.thresholds:
            lines += [ROWS, "", "| threshold | value | what it is of |", "|---|---|---|"]
            lines += [f"| `{name}` | `{value}` | {_cell(said)} |" for name, (value, said) in rule.thresholds.items()]
            lines += ["", "</div>", ""]
        code = "\n".join(f"    {line}" if line else "" for line in rule.code.splitlines())
        place = f"[{rule.file}](../../{rule.file}#L{rule.line})"
        lines += [f'??? note "The rule as it is computed: `{rule.function}`"', "", f"    In {place}.", ""]
        lines += ["    ```python", code, "    ```", ""]
    return "\n".join(lines)


def rules() -> Iterator[Rule]:
    """Yield every function of the diagnosis that makes a finding, itself or by a helper; those of the curves first."""
    for source in _sources().values():
        makers = {name: names for name, function in source.functions.items() if (names := _findings(function))}
        helpers = {
            name: [each.id for each in ast.walk(function) if isinstance(each, ast.Name) and each.id in makers]
            for name, function in source.functions.items()
            if name in {check.__name__ for check in CHECKS} - makers.keys()
        }
        helping = {helper for names in helpers.values() for helper in names}
        for name, function in source.functions.items():
            parts = list(dict.fromkeys([name, *helpers.get(name, [])]))
            if (name in makers or name in helpers) and name not in helping:
                names = tuple(each for part in parts for each in makers.get(part, ()))
                used = {key: _sources()[at].thresholds[key] for at, key in _thresholds(source.name, name)}
                code = [ast.get_source_segment(source.text, source.functions[part]) or "" for part in parts]
                about = re.sub(r"\n +", "\n", ast.get_docstring(function) or "")
                file = f"src/glassnet/diagnostics/diagnosis/{source.name}.py"
                yield Rule(names, name, file, function.lineno, about, used, "\n\n\n".join(code))


@cache
def _sources() -> dict[str, Source]:
    """Return the files of the diagnosis: those of `CHECKS` first, in the order in which they are asked."""
    asked = list(dict.fromkeys(check.__module__.rpartition(".")[2] for check in CHECKS))
    others = sorted(path.stem for path in FOLDER.glob("*.py") if path.stem not in {"__init__", *asked})
    return {name: _read(name) for name in [*asked, *others]}


def _read(name: str) -> Source:
    text = (FOLDER / f"{name}.py").read_text(encoding="utf-8")
    source = Source(name, text)
    for node in ast.parse(text).body:
        if isinstance(node, ast.FunctionDef):
            source.functions[node.name] = node
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("glassnet.diagnostics.diagnosis."):
            source.imported |= {each.name: (node.module or "").rpartition(".")[2] for each in node.names}
        elif isinstance(node, ast.Assign):
            said = _comment(text.splitlines(), node)
            pairs = list(_pairs(node))
            parts = said.split("; ")  # one for each name, or one that is of all of them
            for number, (key, value) in enumerate(pairs):
                if isinstance(value, ast.Dict | ast.Tuple | ast.Call):  # a table of names, nothing to compare with
                    continue
                source.thresholds[key] = (ast.unparse(value), parts[number] if len(parts) == len(pairs) else said)
    return source


def _pairs(node: ast.Assign) -> Iterator[tuple[str, ast.expr]]:
    """Yield the upper-case names of an assignment, each with its value."""
    (target,) = node.targets
    if isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple):
        pairs = list(zip(target.elts, node.value.elts, strict=True))
    else:
        pairs = [(target, node.value)]
    yield from ((each.id, value) for each, value in pairs if isinstance(each, ast.Name) and each.id.isupper())


def _comment(lines: list[str], node: ast.Assign) -> str:
    """Return the comment behind an assignment, after the one above it."""
    above: list[str] = []
    for line in reversed(lines[: node.lineno - 1]):
        if not line.startswith("#"):
            break
        above.insert(0, line.lstrip("# "))
    behind = re.findall(r"  # (.+)$", lines[(node.end_lineno or node.lineno) - 1])
    return " ".join([*above, *behind])


def _findings(function: ast.FunctionDef) -> tuple[str, ...]:
    """Return the names of the findings that a function makes: every string that the name can be."""
    names: list[str] = []
    for node in ast.walk(function):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Finding" and node.args:
            first = node.args[0]
            names += _assigned(function, first.id) if isinstance(first, ast.Name) else [_string(first)]
    return tuple(dict.fromkeys(names))


def _assigned(function: ast.FunctionDef, name: str) -> list[str]:
    """Return the strings that a function assigns to a variable."""
    for node in ast.walk(function):
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and node.targets[0].id == name:
            value = node.value
            return [_string(each) for each in ([value.body, value.orelse] if isinstance(value, ast.IfExp) else [value])]
    raise ValueError(f"{function.name}: expected a name of its finding that is assigned in it, found none")


def _string(node: ast.expr) -> str:
    """Return the text of a string, with … for what is put in when the finding is made."""
    return re.sub(r"\{.*?\}", "…", ast.unparse(node).removeprefix("f").strip("'\""))


def _thresholds(file: str, name: str, seen: frozenset[tuple[str, str]] = frozenset()) -> list[tuple[str, str]]:
    """Return the thresholds that a function reads, itself or by the helpers of its file, each with its file."""
    source, found = _sources()[file], []
    for node in ast.walk(source.functions[name]):
        if not isinstance(node, ast.Name):
            continue
        at = source.imported.get(node.id, file)
        if node.id in _sources()[at].thresholds:
            found.append((at, node.id))
        elif node.id.startswith("_") and node.id in source.functions and (file, node.id) not in seen:
            found += _thresholds(file, node.id, seen | {(file, name), (file, node.id)})
    return list(dict.fromkeys(found))


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
