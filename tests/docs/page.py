"""A page of the documentation, played: its blocks run in their order in a folder, and print what is shown below them.

Sybil reads the Markdown. A page is one session, as for somebody who types along: Python blocks share their names, shell
blocks what they export, and all of them a folder. A `text` block is what the block above it prints; a line `…` in it
stands for any lines. What is not shown on the page is said in comments of its source:

- `<!-- file: my_package.py -->` above a block: it is the text of that file.
- `<!-- invisible-code: sh … -->`: runs, but is not shown.
- `<!-- skip: next "reason" -->`: the next block does not run, for that reason.
"""

import contextlib
import io
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest import SkipTest

from sybil import Document, Example, Region, Sybil
from sybil.parsers.markdown import CodeBlockParser, SkipParser
from sybil.parsers.markdown.lexers import DirectiveInHTMLCommentLexer
from sybil.typing import Parser

RunShell = Callable[[Path, str], str]
LANGUAGES = ("python", "sh", "text", "yaml")


class Play:
    """What plays a page.

    Attributes:
        ran: how many blocks ran, or were compared.
        skipped: why others were not, each by the line where it stands.
    """

    def __init__(self, page: Path, folder: Path, run_shell: RunShell) -> None:
        """Read a page; `run_shell` runs a script in `folder` and returns what it printed."""
        self.ran = 0
        self.skipped: dict[int, str] = {}
        self._folder, self._run_shell = folder, run_shell
        self._names: dict[str, Any] = {"__name__": "__main__"}
        self._file: str | None = None
        self._printed: str | None = None
        self._end = 0
        parsers: list[Parser] = [
            SkipParser(),
            self._files,
            *(CodeBlockParser(language, self._evaluate) for language in LANGUAGES),
        ]
        self._examples = list(Sybil(parsers).parse(page).examples())

    def play(self) -> None:
        """Run all blocks.

        Raises:
            AssertionError: if a block prints something else than the page shows, or a command fails.
        """
        with contextlib.chdir(self._folder):
            for example in self._examples:
                try:
                    example.evaluate()
                except SkipTest as reason:
                    self.skipped[example.line] = str(reason)
                    self._printed = None
                self._end = example.region.end

    def _evaluate(self, example: Example) -> None:
        text, language = str(example.parsed), str(example.region.lexemes["arguments"])
        place = f"{example.path}, line {example.line}"
        self.ran += 1
        if self._file is not None:
            (self._folder / self._file).parent.mkdir(parents=True, exist_ok=True)
            (self._folder / self._file).write_text(text, encoding="utf-8")
            self._file = self._printed = None
        elif language == "python":
            with contextlib.redirect_stdout(io.StringIO()) as printed:
                exec(compile("\n" * example.line + text, example.path, "exec"), self._names)  # noqa: S102
            self._printed = printed.getvalue()
        elif language == "sh":
            self._printed = self._run_shell(self._folder, text)
        elif language == "text":
            between = example.document.text[self._end : example.region.start].strip()
            assert not between, f"{place}: expected the output of the block above it, received {between!r} between them"
            assert self._printed is None or _is_as_shown(text, self._printed), (
                f"{place}: expected what the page shows\n{text}\nreceived\n{self._printed}"
            )
        else:
            raise AssertionError(f"{place}: expected `<!-- file: … -->` above a block of {language}, received none")

    def _files(self, document: Document) -> list[Region]:
        """Find the comments that name a file; Sybil calls it with the page."""
        lexed = DirectiveInHTMLCommentLexer("file", ".+?")(document)
        return [Region(each.start, each.end, each.lexemes["arguments"].strip(), self._take_name) for each in lexed]

    def _take_name(self, example: Example) -> None:
        self._file = example.parsed


def _is_as_shown(shown: str, printed: str) -> bool:
    """Return whether a text is what was printed; a line `…` stands for any lines, and spaces at ends do not count."""
    lines = [
        r"(?:.*\n)*?" if line.strip() == "…" else re.escape(line.rstrip()) + r" *\n" for line in shown.splitlines()
    ]
    return re.fullmatch("".join(lines), printed.rstrip("\n") + "\n" if printed else "") is not None
