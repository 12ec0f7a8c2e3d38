"""From the bytes of a CSV file to its text, or one line that says which encoding it may have."""

import codecs
from pathlib import Path

NO_TEXT = "expected a CSV file, received binary data; unpack an archive, and save a spreadsheet or arrays as CSV"
WIDE = ("utf-16", "utf-32")
# In this order, since UTF-32's mark for little ends begins with UTF-16's.
MARKED = {
    codecs.BOM_UTF32_LE: "utf-32-le",
    codecs.BOM_UTF32_BE: "utf-32-be",
    codecs.BOM_UTF16_LE: "utf-16-le",
    codecs.BOM_UTF16_BE: "utf-16-be",
}


def decode(path: Path, content: bytes, encoding: str) -> str:
    """Return the text of the file, without a byte order mark.

    Raises:
        ValueError: if it is empty, binary, or in another encoding.
    """
    if not content.strip():
        raise ValueError(f"{path}: expected a table with a header, received an empty file")
    try:
        declared = codecs.lookup(encoding).name
        marked = next((name for mark, name in MARKED.items() if content.startswith(mark)), None)
        if marked and declared not in {marked, marked[:6]}:
            family = marked[:6]
            raise ValueError(f"{path}: expected {encoding} text, received {family.upper()}; set data.encoding={family}")
        if not marked and (declared.startswith(WIDE) or b"\x00" in content):
            _require_encoding(path, content, encoding, declared)
        text = content.decode(encoding).removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        raise ValueError(
            f"{path}: expected {encoding} text, received byte 0x{content[error.start]:02x} at {error.start}; set "
            f"data.encoding={_likely(content)} if the file has another"
        ) from error
    except LookupError as error:
        raise ValueError(f"data.encoding: expected the name of an encoding, received {encoding!r}") from error
    if "\x00" in text:
        raise ValueError(f"{path}: {NO_TEXT}")
    return text


def _require_encoding(path: Path, content: bytes, encoding: str, declared: str) -> None:
    """Raise a `ValueError` if content without a byte order mark has another encoding of several bytes, or none."""
    wide = _wide_encoding(content)
    if wide is None and not declared.startswith(WIDE):
        raise ValueError(f"{path}: {NO_TEXT}")
    # Without a byte order mark, Python takes the little end. Rare characters say nothing against the encoding.
    if wide == (f"{declared}-le" if declared in WIDE else declared) or (wide is None and b"\x00" in content):
        return
    received = f"{wide[:6].upper()} without a byte order mark" if wide else "text of single bytes"
    raise ValueError(f"{path}: expected {encoding} text, received {received}; set data.encoding={wide or 'utf-8'}")


def _wide_encoding(content: bytes) -> str | None:
    """Return which encoding of several bytes a character makes lines of printable text, if one does."""
    sample = content[: 1 << 16]
    for encoding in ("utf-32-le", "utf-32-be", "utf-16-le", "utf-16-be"):
        try:
            text = codecs.getincrementaldecoder(encoding)().decode(sample)
        except UnicodeDecodeError:
            continue
        plain = sum(each.isascii() and (each.isprintable() or each in "\t\r\n") for each in text)
        if (
            "\n" in text
            and 2 * plain > len(text)
            and all(each.isprintable() or each in "\t\r\n\ufeff" for each in text)
        ):
            return encoding
    return None


def _likely(content: bytes) -> str:
    """Return the encodings to try, the likelier first: Windows' has characters where latin-1 has none."""
    try:
        content.decode("cp1252")
    except UnicodeDecodeError:
        return "latin-1"
    return "cp1252 (Windows) or latin-1"
