"""Reading any PATH with the format that fits."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tui_annotate.domain.interchange import Problem
from tui_annotate.errors import DataError, UsageError
from tui_annotate.formats.base import Format, Item, ReadOptions
from tui_annotate.formats.files import Tree, open_trees
from tui_annotate.formats.known import FORMATS as FORMATS
from tui_annotate.formats.source import SourceFile

_SNIFFED_BYTES = 4096
_OPEN_ENDS = (".json", ".xml")
"""Extensions that say too little to name a format: content is looked at even inside folders."""
_PLAIN = ("text", "tsv")
"""Formats that take anything, so that what shows itself to be another is looked for first."""
_BLANKS = b" \t\r\n\xef\xbb\xbf"


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


def ensure(format: Format) -> Format:
    """Return a format when what it needs is installed; raises UsageError that names the extra otherwise."""
    if format.lacking:
        raise UsageError(f"The format {format.name!r} needs {format.needs}, which is missing.", hint=_get_it(format))
    return format


def for_target(target: Path | str) -> Format:
    """Return the format that a target's name asks for: by its extension; anndoc for a folder or a `.zip`.

    Raises:
        UsageError: The name says not which format; the message lists those that would do.
    """
    name = Path(target).name.lower()
    if str(target) == "-":
        raise UsageError("Standard output has no name that says the format.", hint="Say it with --to.")
    if name.endswith(".zip") or "." not in name:
        return FORMATS["anndoc"]
    found = [fmt for fmt in _by_extension(name) if fmt.writes]
    own = [fmt for fmt in found if name.endswith(f".{fmt.name}")]
    if len(found) == 1 or own:
        return (own or found)[0]
    names = [fmt.name for fmt in found or FORMATS.values() if fmt.writes]
    raise UsageError(f"{target}: its name says not which format.", hint=f"Say it with --to: {', '.join(names)}.")


def groups(paths: Sequence[Path | str], *, format: str | None = None, own: bool = False) -> Iterator[Group | Problem]:
    """Yield the files of all paths by tree and format, and a problem for each file that no format takes.

    Raises:
        UsageError: A path or the format does not exist, or the format is not read, or needs what is not installed.
    """
    forced = ensure(get(format)) if format else None
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
            yield from read_group(group, options or ReadOptions())


def read_group(group: Group, options: ReadOptions) -> Iterator[Item]:
    """Yield what the files of a group hold."""
    assert group.format.read is not None
    return group.format.read(group.files, options)


def _groups_of(tree: Tree, forced: Format | None) -> Iterator[Group | Problem]:
    by_format: dict[str, list[SourceFile]] = {}
    claimed = {} if forced else _claimed(tree.files)
    for file in tree.files:
        found = forced or claimed.get(file.where) or _format_of(file, named=not tree.where)
        if isinstance(found, Problem):
            yield found
        elif found.lacking:
            yield Problem("refused", file.where, "", f"is {found.name}, which needs {found.needs}. {_get_it(found)}")
        else:
            if found.shows is not None and not forced and not file.name.lower().endswith(found.extensions):
                reason = f"its first lines show that it is {found.name}; --format text takes it as words"
                yield Problem("noted", file.where, "", reason)
            by_format.setdefault(found.name, []).append(file)
    for name, files in by_format.items():
        yield Group(tree.where, FORMATS[name], tuple(files))


def _get_it(format: Format) -> str:
    return f"Install it with: {format.lacking}"


def _claimed(files: Sequence[SourceFile]) -> dict[str, Format]:
    """Return the files that formats of several files a document take together, by where they lie."""
    taken: dict[str, Format] = {}
    for fmt in FORMATS.values():
        if fmt.claims is not None:
            for file in fmt.claims(files):
                taken.setdefault(file.where, fmt)
    return taken


def _format_of(file: SourceFile, *, named: bool) -> Format | Problem:
    """Tell one file's format: by content where several share its extension or it has none of ours, else by that."""
    lower = file.name.lower()
    found = _by_extension(lower)
    plain = [fmt for fmt in found if fmt.sniff is None]
    takes_all = not found or any(fmt.name in _PLAIN for fmt in plain)
    if len(plain) == len(found) and not takes_all:
        return found[0]
    if lower.endswith(".zip"):
        return Problem("refused", file.where, "", "is called .zip, and is none; was it cut off, or renamed?")
    head = _head(file)
    shown = _shown(head) if takes_all and head is not None else None
    if shown is not None:
        return shown
    if found and len(plain) == len(found):
        return found[0]
    if not (found or named or lower.endswith(_OPEN_ENDS)):
        return Problem("refused", file.where, "", f"of no known format; known are {_known()}. Force one with --format")
    if head is None:
        return (plain or found or [FORMATS["text"]])[0]
    for fmt in found or FORMATS.values():
        if fmt.sniff is not None and fmt.sniff(lower, head):
            return fmt
    if plain:
        return plain[0]
    if head.lstrip(_BLANKS).startswith(b"{") and (b'"text"' in head or b'"tokens"' in head):
        return FORMATS["jsonl"]
    if found:
        tried = ", ".join(fmt.name for fmt in found)
        return Problem("refused", file.where, "", f"is none of {tried} by its content. Force one with --format")
    if named and b"\x00\x00\x00" not in head:
        return FORMATS["text"]
    tried = ", ".join(fmt.name for fmt in FORMATS.values() if fmt.sniff is not None) or "jsonl"
    return Problem("refused", file.where, "", f"of no known format; tried {tried}. Force one with --format")


def _shown(head: bytes) -> Format | None:
    """Return the format that a file's first bytes show beyond doubt."""
    whole = len(head) < _SNIFFED_BYTES
    return next((fmt for fmt in FORMATS.values() if fmt.shows is not None and fmt.shows(head, whole)), None)


def _by_extension(lower: str) -> list[Format]:
    """Return the formats whose extension a name has; only those with the longest one that fits."""
    best, longest = [], 0
    for fmt in FORMATS.values():
        if lower.endswith(fmt.extensions):
            length = max(len(extension) for extension in fmt.extensions if lower.endswith(extension))
            if length > longest:
                best, longest = [fmt], length
            elif length == longest:
                best.append(fmt)
    return best


def _known() -> str:
    return ", ".join(dict.fromkeys(extension for fmt in FORMATS.values() for extension in fmt.extensions))


def _head(file: SourceFile) -> bytes | None:
    """Return a file's first bytes; None when it cannot be read, which its reader then says."""
    try:
        with file.open() as stream:
            return stream.read(_SNIFFED_BYTES)
    except DataError:
        return None
