"""Source files: things that a reader may open, whether they lie in a folder, a zip or came through a pipe."""

from __future__ import annotations

import codecs
import io
import re
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import BinaryIO, NoReturn

import msgspec

from tui_annotate.errors import DataError

JSON_ERRORS = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""What decoding JSON from outside may raise: bad syntax, bad bytes, brackets nested too deep."""


@dataclass(frozen=True, slots=True)
class SourceFile:
    """One file to read."""

    name: str
    """Path inside its folder or zip, `/` between levels, checked to stay inside."""
    tree: str
    """What reports put before the name: the folder or zip, with the slash."""
    opener: Callable[[str], BinaryIO]
    """Opens it by name; shared by all files of a tree, of which there may be millions."""

    @property
    def where(self) -> str:
        """What reports call it, e.g. `notes.zip/a.txt`."""
        return self.tree + self.name

    @property
    def folder(self) -> str:
        """The folders above the file inside its tree; empty at the top."""
        return self.name.rpartition("/")[0]

    @property
    def base(self) -> str:
        """The file's own name."""
        return self.name.rpartition("/")[2]

    @contextmanager
    def open(self) -> Iterator[BinaryIO]:
        """Open the file for reading bytes.

        Raises:
            DataError: It cannot be opened, or breaks while it is read.
        """
        try:
            with self.opener(self.name) as stream:
                yield stream
        except (OSError, EOFError, zlib.error, zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:
            self._fail(error)

    def read(self) -> bytes:
        """Return the whole content; raises DataError as `open` does."""
        with self.open() as stream:
            return stream.read()

    def _fail(self, error: Exception) -> NoReturn:
        reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
        raise DataError(f"{self.where}: cannot be read: {reason}.") from error


@dataclass(frozen=True, slots=True)
class Decoded:
    """A file's text, and what had to be known about its encoding to read it."""

    text: str
    note: str = ""
    """Empty for plain UTF-8."""


_LOOKED_AT = 4096
_FEWEST_BYTES = 12
"""From which on NULs at every other byte are no accident."""
_HALF = re.compile(
    r"(?<!\\)(?:\\\\)*(\\u[dD](?:[89abAB][0-9a-fA-F]{2}(?!\\u[dD][c-fC-F])|[c-fC-F][0-9a-fA-F]{2}))"
    r"(?<!\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2})"
)
"""An escape of half a pair, of either half, in JSON."""
_BOMS = (
    (codecs.BOM_UTF32_LE, "", "UTF-32"),
    (codecs.BOM_UTF32_BE, "", "UTF-32"),
    (codecs.BOM_UTF8, "utf-8", "UTF-8 with a byte order mark"),
    (codecs.BOM_UTF16_LE, "utf-16-le", "UTF-16, little endian"),
    (codecs.BOM_UTF16_BE, "utf-16-be", "UTF-16, big endian"),
)


def decode(content: bytes) -> Decoded:
    """Decode UTF-8, or what a byte order mark says.

    Raises:
        DataError: Neither; the message names the byte.
    """
    encoding, note = "utf-8", ""
    body = content
    for mark, name, said in _BOMS:
        if content.startswith(mark):
            if not name:
                raise DataError(f"is {said}, which is not read.", hint="Convert it to UTF-8.")
            encoding, note, body = name, f"read as {said}; the mark is not part of the text", content[len(mark) :]
            break
    try:
        text = body.decode(encoding)
        looks_like = "" if note else _without_mark(body)
        if looks_like:
            note = f"every other character is a NUL: it may be {looks_like} without a byte order mark; convert it then"
        return Decoded(text, note)
    except UnicodeDecodeError as error:
        at = error.start + len(content) - len(body)
        is_marked = encoding != "utf-8"
        hint = f"Convert it to UTF-8, e.g. with `iconv -f {_without_mark(body) or 'WINDOWS-1252'} -t UTF-8`."
        raise DataError(
            f"is not {'UTF-16' if is_marked else 'UTF-8'}: byte {at} (0x{content[at]:02x}) begins no character.",
            hint="It may be cut off; or it is something else, and begins like UTF-16." if is_marked else hint,
        ) from error


def _without_mark(content: bytes) -> str:
    """Return which UTF-16 a text without a mark is, by the NULs at every other byte; empty for none."""
    head = content[:_LOOKED_AT]
    for first, name in ((1, "UTF-16LE"), (0, "UTF-16BE")):
        nuls, others = head[first::2].count(0), head[1 - first :: 2].count(0)
        if len(head) >= _FEWEST_BYTES and nuls * 5 > len(head) * 2 and not others:
            return name
    return ""


def json_fault(raw: bytes, error: Exception, what: str = "it") -> str:
    """Return why something is no JSON that can be read.

    Args:
        what: What bytes are counted in, e.g. `the line`.
    """
    if isinstance(error, RecursionError):
        return "is nested too deep"
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as wrong:
        return f"is not UTF-8: byte {wrong.start} of {what} (0x{raw[wrong.start]:02x}) begins no character"
    half = _HALF.search(text)
    if half is not None:
        return (
            f"holds half a surrogate pair, `{half.group(1)}`, which is no character; remove it, or write the whole pair"
        )
    return f"is no JSON: {error}"


def utf8_lines(stream: BinaryIO) -> tuple[Iterator[bytes], str]:
    """Return the lines of a stream as UTF-8 bytes, byte order mark taken off, and a note on the encoding.

    Bytes that are no UTF-8 stay in their line, for the line's reader to report.
    """
    head = stream.read(4)
    rest = _Joined(head, stream)
    for mark, name, said in _BOMS:
        if head.startswith(mark):
            if not name:
                raise DataError(f"is {said}, which is not read.", hint="Convert it to UTF-8.")
            rest = _Joined(head[len(mark) :], stream)
            note = f"read as {said}"
            if name == "utf-8":
                return iter(io.BufferedReader(rest)), note
            text = io.TextIOWrapper(io.BufferedReader(rest), name, errors="replace", newline="\n")
            return (line.encode("utf-8", "surrogatepass") for line in text), note
    return iter(io.BufferedReader(rest, 1 << 18)), ""


class _Joined(io.RawIOBase):
    """A head that was read already, and the stream after it."""

    def __init__(self, head: bytes, stream: BinaryIO) -> None:
        self._head = head
        self._stream = stream

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        piece = self._head or self._stream.read(len(buffer))
        taken = piece[: len(buffer)]
        self._head = piece[len(buffer) :]
        buffer[: len(taken)] = taken
        return len(taken)
