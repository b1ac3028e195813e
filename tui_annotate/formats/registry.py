"""The formats by name, and reading any PATH with the format that fits."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tui_annotate.domain.interchange import Problem
from tui_annotate.errors import DataError, UsageError
from tui_annotate.formats import anndoc, docbin, jsonl, tables, text
from tui_annotate.formats.base import Format, Item, ReadOptions
from tui_annotate.formats.files import Tree, open_trees
from tui_annotate.formats.source import SourceFile

FORMATS: dict[str, Format] = {
    fmt.name: fmt for fmt in (anndoc.FORMAT, jsonl.FORMAT, tables.CSV, tables.TSV, docbin.FORMAT, text.FORMAT)
}
_SNIFFED_BYTES = 4096


@dataclass(frozen=True, slots=True)
class Group:
    """Files of one tree that one format reads together."""

    where: str
    """The folder or zip; empty for files named one by one."""
    format: Format
    files: tuple[SourceFile, ...]


def get(name: str) -> Format:
    """Return a format by name; raises UsageError with the nearest name."""
    if name in FORMATS:
        return FORMATS[name]
    near = difflib.get_close_matches(name, FORMATS, 1)
    hint = f"Did you mean {near[0]}?" if near else f"Formats are {', '.join(FORMATS)}."
    raise UsageError(f"There is no format {name!r}.", hint=hint)


def groups(paths: Sequence[Path | str], *, format: str | None = None, own: bool = False) -> Iterator[Group | Problem]:
    """Yield the files of all paths by tree and format, and a problem for each file that no format takes.

    Raises:
        UsageError: A path or the format does not exist, or the format is not read.
    """
    forced = get(format) if format else None
    if forced is not None and forced.read is None:
        raise UsageError(f"The format {forced.name!r} is written only.")
    for tree in open_trees(paths, own=own):
        yield from tree.problems
        yield from _groups_of(tree, forced)


def read_paths(
    paths: Sequence[Path | str], *, format: str | None = None, options: ReadOptions | None = None, own: bool = False
) -> Iterator[Item]:
    """Yield what all paths hold, in path order within each format.

    Args:
        own: The paths are what we have just written.
    """
    for group in groups(paths, format=format, own=own):
        if isinstance(group, Problem):
            yield group
        else:
            assert group.format.read is not None
            yield from group.format.read(group.files, options or ReadOptions())


def _groups_of(tree: Tree, forced: Format | None) -> Iterator[Group | Problem]:
    by_format: dict[str, list[SourceFile]] = {}
    is_project = any(anndoc.is_project_file(file) for file in tree.files)
    for file in tree.files:
        found = forced or _format_of(file, named=not tree.where, in_project=is_project)
        if isinstance(found, Problem):
            yield found
        else:
            by_format.setdefault(found.name, []).append(file)
    for name, files in by_format.items():
        yield Group(tree.where, FORMATS[name], tuple(files))


def _format_of(file: SourceFile, *, named: bool, in_project: bool) -> Format | Problem:
    lower = file.name.lower()
    if in_project and (anndoc.is_side_file(file) or lower.endswith(anndoc.FORMAT.extensions)):
        return anndoc.FORMAT
    sniffing = [fmt for fmt in FORMATS.values() if fmt.sniff is not None]
    head = _head(file) if sniffing else b""
    for fmt in sniffing:
        if fmt.sniff is not None and fmt.sniff(lower, head):
            return fmt
    for fmt in FORMATS.values():
        if lower.endswith(fmt.extensions):
            return fmt
    if named or lower.endswith(".json"):
        sniffed = _sniff(file, named=named)
        if sniffed is not None:
            return sniffed
    known = ", ".join(extension for fmt in FORMATS.values() for extension in fmt.extensions)
    return Problem("refused", file.where, "", f"of no known format; known are {known}. Force one with --format")


def _head(file: SourceFile) -> bytes:
    """Return a file's first bytes; none of one that cannot be read, which its reader then reports."""
    try:
        with file.open() as stream:
            return stream.read(_SNIFFED_BYTES)
    except DataError:
        return b""


def _sniff(file: SourceFile, *, named: bool) -> Format | None:
    """Tell a format by the first bytes; a file that the user named is text when nothing else fits."""
    try:
        with file.open() as stream:
            head = stream.read(_SNIFFED_BYTES)
    except DataError:
        return FORMATS["text"] if named else None
    if head.lstrip().startswith(b"{") and (b'"text"' in head or b'"tokens"' in head):
        return FORMATS["jsonl"]
    return FORMATS["text"] if named and b"\x00\x00\x00" not in head else None
