"""What was written into a folder or zip, read back a few documents at a time, so that memory stays flat.

Which files belong to which document is known from the writing. What was written before the first document and after the
last one belongs to all of them: a legend, a scheme.
"""

from __future__ import annotations

import io
import tempfile
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from tui_annotate.domain.interchange import ExchangedDocument, Problem
from tui_annotate.errors import DataError
from tui_annotate.formats import zips
from tui_annotate.formats.base import Format, Item, ReadOptions
from tui_annotate.formats.source import SourceFile

_FILES_AT_ONCE = 400


class Order:
    """The names of the files that were written, in their order, with the document that each is of."""

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as the order
        self._document = 0
        self.files = 0
        self.shared: list[str] = []
        """Files of no document."""

    def close(self) -> None:
        """Drop the names."""
        self._file.close()

    def told(self, documents: Iterable[ExchangedDocument]) -> Iterator[ExchangedDocument]:
        """Pass documents on to a writer, noting which of them the files that come next are of."""
        for number, document in enumerate(documents, 1):
            self._document = number
            yield document
        self._document = 0

    def add(self, name: str) -> None:
        """Note a file that is written now."""
        self.files += 1
        if not self._document:
            self.shared.append(name)
        self._file.write(f"{self._document}\t{name}\n".encode("utf-8", "surrogatepass"))

    def groups(self) -> Iterator[list[str]]:
        """Yield the names of some documents' files at a time, never of half a document."""
        self._file.seek(0)
        waiting: list[str] = []
        last = 0
        for line in self._file:
            number, _, name = line.decode("utf-8", "surrogatepass").rstrip("\n").partition("\t")
            document = int(number)
            if not document:
                continue
            if document != last and len(waiting) >= _FILES_AT_ONCE:
                yield waiting
                waiting = []
            waiting.append(name)
            last = document
        if waiting:
            yield waiting
        self._file.seek(0, 2)


def read(path: Path, format: Format, order: Order, options: ReadOptions) -> Iterator[Item]:
    """Yield what a format reads in a folder or zip that was written in an order.

    Raises:
        DataError: A file is not there, or not whole.
    """
    assert format.read is not None
    with ExitStack() as stack:
        tree: _Tree = _Folder(path)
        if not path.is_dir():
            stream = stack.enter_context(path.open("rb"))
            tree = _Zip(path, stream, order.shared, has_root=format.is_project)
        shared = [tree.file(name) for name in order.shared]
        for names in order.groups():
            for item in format.read([*shared, *map(tree.file, names)], options):
                if isinstance(item, ExchangedDocument) or (isinstance(item, Problem) and item.severity == "refused"):
                    yield item
        tree.finish()


class _Tree(ABC):
    """Gives out files by name, in the order in which they were written."""

    @abstractmethod
    def file(self, name: str) -> SourceFile:
        """Return a file."""

    def finish(self) -> None:  # noqa: B027 - a folder has nothing to check
        """Check that nothing is left over."""


@dataclass(slots=True)
class _Folder(_Tree):
    path: Path

    def file(self, name: str) -> SourceFile:
        return SourceFile(name, f"{self.path}/", lambda name: (self.path / name).open("rb"))


class _Zip(_Tree):
    """Follows the directory of a zip."""

    def __init__(self, path: Path, stream: BinaryIO, shared: list[str], *, has_root: bool) -> None:
        self._where = f"{path}/"
        self._stream = stream
        self._has_root = has_root
        entries = ((self._inside(entry), entry) for entry in zips.entries(stream))
        self._shared = {name: entry for name, entry in entries if name in shared}
        self._rest = (entry for entry in zips.entries(stream) if self._inside(entry) not in self._shared)

    def file(self, name: str) -> SourceFile:
        entry = self._shared.get(name)
        if entry is None:
            entry = next(self._rest, None)
        if entry is None or self._inside(entry) != name:
            raise DataError(f"{self._where}{name}: is not in the archive where it should be.")
        found = entry
        return SourceFile(name, self._where, lambda _: io.BytesIO(zips.content(self._stream, found)))

    def finish(self) -> None:
        if next(self._rest, None) is not None:
            raise DataError(f"{self._where}: holds more than was written.")

    def _inside(self, entry: zips.Entry) -> str:
        """Return a member's name below the folder of the project."""
        return entry.name.partition("/")[2] if self._has_root else entry.name
