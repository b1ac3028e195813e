"""Every export is written aside, read back, compared in meaning, and only then renamed to its place."""

from __future__ import annotations

import errno
import glob
import io
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from tui_annotate.domain.interchange import ExchangedDocument, Problem
from tui_annotate.errors import AnnotateError, DataError, DiskFullError, ReadOnlyError, StoreError, UsageError
from tui_annotate.formats import reading_back
from tui_annotate.formats.base import Format, Item, ReadOptions, WriteOptions
from tui_annotate.formats.meaning import Tally, with_place
from tui_annotate.formats.reading_back import Order
from tui_annotate.formats.registry import ensure, read_paths
from tui_annotate.formats.zips import ZipWriter

_MOST_KEPT = 1000
_DATABASE = b"SQLite format 3\0"
_SYNCED_SINGLY = 50
"""Files of a folder that are put on the disk one by one; of more the whole system's are, at once."""
_READ_AS_ONE = 2000
"""Files that are read back as an import reads them, all names at once."""
_LEFT_AFTER = 24 * 3600
"""Seconds after which what was written aside was left by an export that was killed."""
_MARKS = ("annotations-legend.json", ".tui-annotate-export")
"""Files that show that a folder is an export of ours, or at least anndoc, and may be replaced."""


@dataclass(slots=True)
class Written:
    """What an export wrote."""

    target: str
    documents: int = 0
    files: int = 0
    problems: list[Problem] = field(default_factory=list)
    """The first thousand; `more_problems` counts the rest."""
    more_problems: int = 0

    def note(self, problem: Problem) -> None:
        """Keep a problem, or count it."""
        if len(self.problems) < _MOST_KEPT:
            self.problems.append(problem)
        else:
            self.more_problems += 1


def write(
    documents: Iterable[ExchangedDocument],
    format: Format,
    target: Path | str,
    options: WriteOptions,
    *,
    overwrite: bool = False,
) -> Written:
    """Write documents to a file, a folder, a `.zip`, or `-` for standard output.

    Raises:
        UsageError: The target exists and `overwrite` is not set, or the format cannot go there.
        DataError: What was written reads back differently; nothing is left behind.
        StoreError: The disk is full, or the place may not be written.
    """
    check(format, target, overwrite=overwrite)
    written = Written(str(target))
    if str(target) == "-":
        _to_stdout(documents, format, options, written)
        return written
    path = Path(target)
    with told_where(path), _aside(path) as aside, closing(Order()) as order:
        if format.write_stream is not None:
            with aside.open("wb") as stream:
                tally = _fill_stream(documents, format, stream, options, written)
        elif path.suffix.lower() == ".zip":
            with aside.open("wb") as stream:
                tally = _fill_zip(documents, format, stream, options, written, order)
        elif _is_one_file(path, format):
            tally = _fill_one(documents, format, aside, options, written)
        else:
            tally = _fill_folder(documents, format, aside, options, written, order)
        with closing(tally):
            _compare(aside, path, format, options, tally, order)
        _replace(aside, path)
        _sync(path.absolute().parent)
    return written


def check(format: Format, target: Path | str, *, overwrite: bool = False) -> None:
    """Raise UsageError when a format cannot be written, or not to this place; `write` does it too."""
    if not format.writes:
        raise UsageError(f"The format {format.name!r} is read only.")
    ensure(format)
    if str(target) != "-":
        _check_target(Path(target), format, overwrite)
    elif format.write_stream is None:
        raise UsageError(f"The format {format.name!r} is many files.", hint="Give a folder or a .zip, not `-`.")


def _to_stdout(documents: Iterable[ExchangedDocument], format: Format, options: WriteOptions, written: Written) -> None:
    with told_where(Path(tempfile.gettempdir())), tempfile.TemporaryDirectory(prefix="tui-annotate-") as folder:
        aside = Path(folder, f"export{format.extensions[0]}")
        with aside.open("wb") as stream:
            tally = _fill_stream(documents, format, stream, options, written)
        with closing(tally), closing(Order()) as order:
            _compare(aside, Path("-"), format, options, tally, order)
        with told_where(Path("standard output")), aside.open("rb") as stream:
            shutil.copyfileobj(stream, sys.stdout.buffer)
            sys.stdout.buffer.flush()


def _check_target(path: Path, format: Format, overwrite: bool) -> None:
    if not path.absolute().parent.is_dir():
        raise UsageError(f"{path}: the folder {path.absolute().parent} does not exist.", hint="Create it first.")
    if path.is_dir():
        if format.write_stream is not None:
            raise UsageError(f"{path} is a folder, and {format.name} is one file.", hint="Name a file.")
        if any(path.iterdir()):
            if not overwrite:
                raise UsageError(f"{path} exists and is not empty.", hint="Name another, or say to overwrite it.")
            if not any((path / mark).exists() for mark in _MARKS):
                raise UsageError(
                    f"{path} holds files that are no export, and would be lost.", hint="Name another folder."
                )
    elif format.write_stream is not None and path.suffix.lower() == ".zip":
        raise UsageError(
            f"{path} is called a zip, and {format.name} is one file.", hint=f"Name it {_named(path, format)}."
        )
    elif path.exists():
        if not overwrite:
            raise UsageError(f"{path} exists.", hint="Name another, or say to overwrite it.")
        if _is_database(path):
            raise UsageError(f"{path} is a corpus, or another database, and would be lost.", hint="Name another file.")


def _named(path: Path, format: Format) -> str:
    return path.with_suffix(format.extensions[0]).name


def _is_one_file(path: Path, format: Format) -> bool:
    """Say whether a target of a format with a file per document names such a file, not a folder."""
    return format.write_tree is not None and path.name.lower().endswith(format.extensions) and not path.is_dir()


def _is_database(path: Path) -> bool:
    try:
        with path.open("rb") as stream:
            return stream.read(len(_DATABASE)) == _DATABASE
    except OSError:
        return False


@contextmanager
def _aside(path: Path) -> Iterator[Path]:
    """Give a name beside the target that ends as the target does; whatever is left there is removed."""
    aside = path.absolute().with_name(f".{path.stem}.{os.getpid()}.part{path.suffix}")
    _remove(aside)
    for left in aside.parent.glob(f".{glob.escape(path.stem)}.*.part{glob.escape(path.suffix)}"):
        if time.time() - left.stat().st_mtime > _LEFT_AFTER:
            _remove(left)
    try:
        yield aside
    finally:
        _remove(aside)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def _tallied(documents: Iterable[ExchangedDocument], tally: Tally) -> Iterator[ExchangedDocument]:
    for document in documents:
        tally.add(document)
        yield document


def _fill_stream(
    documents: Iterable[ExchangedDocument], format: Format, stream: BinaryIO, options: WriteOptions, written: Written
) -> Tally:
    assert format.write_stream is not None
    tally = Tally(format.meaning, options)
    for problem in format.write_stream(_tallied(documents, tally), stream, options):
        written.note(problem)
    stream.flush()
    os.fsync(stream.fileno())
    written.documents, written.files = len(tally), 1
    return tally


def _fill_zip(
    documents: Iterable[ExchangedDocument],
    format: Format,
    stream: BinaryIO,
    options: WriteOptions,
    written: Written,
    order: Order,
) -> Tally:
    assert format.write_tree is not None
    tally = Tally(with_place(format), options)
    root = f"{options.project}/" if format.is_project else ""
    with ZipWriter(stream) as archive:

        def put(name: str, content: bytes) -> None:
            archive.put(root + name, content)
            order.add(name)

        for problem in format.write_tree(order.told(_tallied(documents, tally)), put, options):
            written.note(problem)
    stream.flush()
    os.fsync(stream.fileno())
    written.documents, written.files = len(tally), order.files
    return tally


def _fill_one(
    documents: Iterable[ExchangedDocument], format: Format, aside: Path, options: WriteOptions, written: Written
) -> Tally:
    assert format.write_tree is not None
    tally = Tally(format.meaning, options)

    def put(name: str, content: bytes) -> None:
        if written.files:
            raise UsageError(
                f"There is more than one file to write, and {format.name} gives each document its own.",
                hint="Name a folder or a .zip.",
            )
        aside.write_bytes(content)
        written.files = 1

    for problem in format.write_tree(_tallied(documents, tally), put, options):
        written.note(problem)
    written.documents = len(tally)
    return tally


def _fill_folder(
    documents: Iterable[ExchangedDocument],
    format: Format,
    aside: Path,
    options: WriteOptions,
    written: Written,
    order: Order,
) -> Tally:
    assert format.write_tree is not None
    tally = Tally(with_place(format), options)
    aside.mkdir()
    made: set[Path] = {aside}

    def put(name: str, content: bytes) -> None:
        file = aside / name
        if file.parent not in made:
            file.parent.mkdir(parents=True, exist_ok=True)
            made.add(file.parent)
        with file.open("xb") as stream:
            stream.write(content)
            if order.files < _SYNCED_SINGLY:
                os.fsync(stream.fileno())
        order.add(name)

    for problem in format.write_tree(order.told(_tallied(documents, tally)), put, options):
        written.note(problem)
    written.documents, written.files = len(tally), order.files
    if order.files > _SYNCED_SINGLY:
        os.sync()
    for folder in made:
        _sync(folder)
    return tally


def _sync(folder: Path) -> None:
    """Put a folder's own entries on the disk, where the system can."""
    try:
        number = os.open(folder, os.O_RDONLY)
    except OSError:
        return
    try:
        os.fsync(number)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.EBADF, errno.ENOTSUP):
            raise
    finally:
        os.close(number)


def _compare(aside: Path, path: Path, format: Format, options: WriteOptions, tally: Tally, order: Order) -> None:
    """Read back what was written and compare it; raises DataError with the first that differs."""
    refused: list[str] = []
    found = 0
    with closing(Tally(tally.meaning, options)) as back:
        for item in _read_back(aside, format, options, order) if len(tally) else ():
            if isinstance(item, ExchangedDocument):
                back.add(item)
            elif isinstance(item, Problem) and item.severity == "refused":
                refused.append(str(item).replace(str(aside), str(path)))
        if tally.matches(back):
            return
        found = len(back)
    differing = (
        item.document.key
        for item in _read_back(aside, format, options, order)
        if isinstance(item, ExchangedDocument) and not tally.has(item)
    )
    first = next(differing, "")
    named = f"the first is {first!r}" if first else f"{len(tally)} were written, {found} read"
    raise DataError(
        f"{path}: what was written reads back differently: {named}. {' '.join(refused[:3])}".rstrip(),
        hint="Nothing was left there. This is a fault of the program; please report it with the document.",
    )


def _read_back(aside: Path, format: Format, options: WriteOptions, order: Order) -> Iterator[Item]:
    """Read what was written as any import would; of very many files only a few at a time, in flat memory."""
    reading = ReadOptions(scheme=options.scheme, text_column="text", id_column="id", empty=True)
    if order.files > _READ_AS_ONE:
        return reading_back.read(aside, format, order, reading)
    return read_paths([aside], format=format.name, options=reading, own=True)


def _replace(aside: Path, path: Path) -> None:
    if aside.is_dir() and path.exists():
        old = path.absolute().with_name(f".{path.name}.{os.getpid()}.old")
        path.rename(old)
        try:
            aside.rename(path)
        except OSError:
            old.rename(path)
            raise
        shutil.rmtree(old, ignore_errors=True)
    else:
        os.replace(aside, path)


@contextmanager
def told_where(path: Path) -> Iterator[None]:
    """Turn the operating system's errors into ours, with the path; a pipe whose reader has left is no error of it."""
    try:
        yield
    except BrokenPipeError:
        raise
    except (OSError, ValueError) as error:
        raise _translated(error, path) from error


def _translated(error: OSError | ValueError, path: Path) -> AnnotateError:
    if not isinstance(error, OSError) or isinstance(error, io.UnsupportedOperation):
        return DataError(f"{path}: cannot be written: {error}.")
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return DiskFullError(f"{path}: the disk is full; nothing was left there.", hint="Make room, then export again.")
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return ReadOnlyError(f"{path}: may not be written: {error.strerror}.", hint="Name another place.")
    return StoreError(f"{path}: cannot be written: {error.strerror or error}.")
