"""What is to be said of the columns of a table: a sentence for each kind of remark, naming all columns concerned."""

from collections import defaultdict
from collections.abc import Container, Iterable
from dataclasses import dataclass, field

from glassnet.columns.naming import with_details
from glassnet.overrides import as_setting
from glassnet.sources.csv.options import CSVOptions

SENTENCES = {
    "counter": "left out as a count of the rows: {columns}; {keep} learns from it",
    "only counter": "learnt from, since there is no other column, though it counts the rows: {columns}",
    "constant": "left out as constant or empty: {columns}",
    "many": "left out as strings with more different values than data.most_categories={most}: {columns}",
    "repeated": "left out as strings with more different values than data.most_categories={most}, though they repeat: "
    "{columns}; data.most_categories={needed} learns from them",
    "kept": "learnt from as categories, since they repeat, though there are more than {most}: {columns}; "
    "data.most_categories={most} leaves them out",
    "written": "read as numbers: {columns}",
    "thousands": "read as numbers with three decimals: {columns}; if the point parts their thousands, set data.decimal "
    "(\"data.decimal=','\")",
    "grouped": "read as numbers whose thousands a comma parts: {columns}; if it stands for decimals, set data.decimal "
    "(\"data.decimal=','\")",
    "dates": "read as dates, which become days, and month and weekday where those vary: {columns}; {strings} keeps "
    "strings",
    "ambiguous": "read as dates, though nothing tells the day from the month: {columns}",
    "decimals": "taken for strings, though they look like numbers with a decimal {character}: {columns}; set "
    "data.decimal to read them as such (\"data.decimal='{other}'\")",
    "forms": "taken for strings, since their numbers are written in different forms: {columns}",
    "missing": "taken for strings, though most are numbers: {columns}; declare in data.missing_values what marks a "
    "missing value ({declared})",
    "stray": "taken for strings, though most are numbers: {columns}",
    "missing dates": "taken for strings, though most are dates: {columns}; declare in data.missing_values what marks a "
    "missing value ({declared})",
    "plain dates": "read as numbers, though they may be dates: {columns}; {plain} reads them as dates",
    "padded": "read as numbers, though zeros before them make all as long, as codes are: {columns}; {codes} takes them "
    "for categories",
    "stray dates": "taken for strings, though most are dates: {columns}",
    "equal": "equal numbers are one category: {columns}",
    "alike": "strings that differ in case or spaces, a hyphen or a stop alone are categories of their own: {columns}",
}
MOST_CATEGORIES, MOST_REPEATED = 50, 300  # where the settings leave it open: of any strings, of those that repeat
REPEATED = 5  # rows of each string on average, from which they do


@dataclass
class Remarks:
    """Remarks on columns.

    Attributes:
        about: for each kind of remark, the columns that it is about, each with a detail or "".
        strays: strings that may mark a missing value.
        needed: the most categories that a column has whose strings repeat.
        shown: for each form in which values are written, the example that is shown for all columns of it.
    """

    about: defaultdict[str, dict[str, str]] = field(default_factory=lambda: defaultdict(dict))
    strays: list[str] = field(default_factory=list)
    needed: int = 0
    shown: dict[str, str] = field(default_factory=dict)

    def add(self, kind: str, column: str, detail: str = "") -> None:
        """Add a remark of a kind in `SENTENCES`."""
        self.about[kind][column] = detail

    def example(self, form: str, string: str) -> str:
        """Return the example of a form: this string, unless there is one, so that its columns are named together."""
        return self.shown.setdefault(form, repr(string))

    def add_many(self, column: str, different: int, rows: int, *, kept: bool) -> None:
        """Add the remark that a column has many different strings, and is learnt from nevertheless, or is not."""
        if rows < REPEATED * different:
            self.add("many", column, f"{different} different strings in {rows} rows")
        else:
            self.needed = max(self.needed, different)
            detail = f"{different} different strings, each in {rows / different:.1f} rows on average"
            self.add("kept" if kept else "repeated", column, detail)

    def take_over(self, other: "Remarks", known: Container[str]) -> None:
        """Add what `other` says of columns that are not among the known ones."""
        for kind, columns in other.about.items():
            self.about[kind] |= {name: detail for name, detail in columns.items() if name not in known}
        self.strays += other.strays
        self.needed = max(self.needed, other.needed)

    def sentences(self, options: CSVOptions, markers: Iterable[str]) -> list[str]:
        """Return the remarks as sentences; `markers` are the strings that stood for missing values in the file."""
        other, character = (".", "point") if options.decimal == "," else (",", "comma")
        terms = {
            "most": options.most_categories or MOST_CATEGORIES,
            "needed": self.needed,
            "keep": as_setting("data.keep", self.about["counter"]),
            "strings": as_setting("data.categorical", self.about["dates"]),
            "codes": as_setting("data.categorical", self.about["padded"]),
            "plain": as_setting("data.dates", self.about["plain dates"]),
            "character": character,
            "other": other,
            "declared": as_setting("data.missing_values", dict.fromkeys([*markers, *self.strays])),
        }
        return [
            sentence.format(columns=with_details(self.about[kind]), **terms)
            for kind, sentence in SENTENCES.items()
            if self.about[kind]
        ]
