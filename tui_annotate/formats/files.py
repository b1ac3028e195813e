"""Opening PATHs: files, folders, zips and `-` become trees of source files, and each file finds its format."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from tui_annotate.domain.interchange import Problem
from tui_annotate.errors import DataError, UsageError
from tui_annotate.formats.archives import check_is_zip, members
from tui_annotate.formats.source import SourceFile


@dataclass(slots=True)
class Tree:
    """Files that belong together: a folder's, a zip's, or those named one by one."""

    where: str
    files: list[SourceFile] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    keep: object = None
    """What must live as long as the files do."""


def open_trees(paths: Sequence[Path | str], *, own: bool = False) -> Iterator[Tree]:
    """Yield a tree per folder and zip, and one for all files named one by one.

    Args:
        own: The paths are what we have just written: an archive may hold what it likes.

    Raises:
        UsageError: A path does not exist.
    """
    for path in paths:
        if str(path) != "-" and not Path(path).exists():
            raise UsageError(f"{path}: no such file or folder.", hint="`-` is standard input.")
    loose = Tree("")
    for path in paths:
        if str(path) == "-":
            yield from _stdin_tree(loose)
        elif Path(path).is_dir():
            yield from _folder_trees(Path(path))
        elif _is_zip(Path(path)):
            yield _zip_tree(Path(path), own=own)
        else:
            named = Path(path)
            loose.files.append(SourceFile(named.name, str(path)[: -len(named.name)], _opener(named.parent)))
    if loose.files:
        yield loose


def _is_zip(path: Path) -> bool:
    try:
        with path.open("rb") as stream:
            return check_is_zip(stream.read(4))
    except OSError:
        return False


def _opener(folder: Path) -> Callable[[str], BinaryIO]:
    def open_file(name: str) -> BinaryIO:
        return (folder / name).open("rb")

    return open_file


def _zip_tree(path: Path, where: str = "", keep: object = None, *, own: bool = False) -> Tree:
    tree = Tree(where or str(path), keep=keep)
    for found in members(path, tree.where, own=own):
        if isinstance(found, Problem):
            tree.problems.append(found)
        else:
            tree.files.append(found)
    return tree


def _folder_trees(root: Path) -> Iterator[Tree]:
    """Yield the folder's own tree, then one per zip that lies in it."""
    tree = Tree(str(root))
    open_file, prefix = _opener(root), f"{root}/"
    zips: list[Path] = []
    real_root = root.resolve()
    for folder, folders, names in os.walk(root, onerror=lambda error: tree.problems.append(_unreadable(error))):
        for hidden in [name for name in folders if name.startswith(".")]:
            tree.problems.append(Problem("noted", str(Path(folder, hidden)), "", "hidden folder, skipped"))
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for linked in [name for name in folders if Path(folder, name).is_symlink()]:
            tree.problems.append(
                Problem("refused", str(Path(folder, linked)), "", "a link to a folder; name the folder itself")
            )
        for name in sorted(names):
            path = Path(folder, name)
            fault = _file_fault(path, real_root)
            if fault:
                tree.problems.append(fault)
            elif _is_zip(path):
                zips.append(path)
            else:
                tree.files.append(SourceFile(path.relative_to(root).as_posix(), prefix, open_file))
    tree.files.sort(key=lambda file: file.name)
    yield tree
    for path in zips:
        yield _zip_tree(path)


def _file_fault(path: Path, real_root: Path) -> Problem | None:
    if path.name.startswith("."):
        return Problem("noted", str(path), "", "hidden file, skipped")
    if path.is_symlink():
        target = path.resolve()
        if not target.is_relative_to(real_root):
            return Problem("refused", str(path), "", "a link that leaves the folder; name its target itself")
    if not path.is_file():
        return Problem("refused", str(path), "", "is no regular file")
    return None


def _unreadable(error: OSError) -> Problem:
    return Problem("refused", str(error.filename), "", f"the folder cannot be read: {error.strerror}")


def _stdin_tree(loose: Tree) -> Iterator[Tree]:
    """Keep standard input in a temporary file, so that it can be sniffed, read, and kept as the source."""
    spool = tempfile.NamedTemporaryFile(prefix="tui-annotate-", suffix=".stdin")  # noqa: SIM115 - lives with the tree
    try:
        shutil.copyfileobj(sys.stdin.buffer, spool)
        spool.flush()
    except OSError as error:
        raise DataError(f"standard input cannot be kept while it is read: {error.strerror}.") from error

    def reopen(_: str) -> BinaryIO:
        return Path(spool.name).open("rb")

    if _is_zip(Path(spool.name)):
        yield _zip_tree(Path(spool.name), "-", spool)
    else:
        loose.files.append(SourceFile("-", "", reopen))
