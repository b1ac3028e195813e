"""Zip archives from outside: only members that stay inside, are plain files and have a sane size."""

from __future__ import annotations

import stat
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from tui_annotate.domain.interchange import Problem
from tui_annotate.formats.safety import member_fault
from tui_annotate.formats.source import SourceFile

LARGEST_TOTAL = 32 << 30
"""Bytes that all members of an archive may have unpacked."""
LARGEST_RATIO = 250
"""How often a member may be larger than its packed size; text seldom packs better than 1:20."""
RATIO_FROM = 128 << 20
"""Unpacked bytes from which the ratio is looked at."""
_JUNK = ("__MACOSX/", ".DS_Store")


def members(path: Path, where: str, *, own: bool = False) -> Iterator[SourceFile | Problem]:
    """Yield the members of a zip in path order, and a problem for each that is refused.

    Of an archive that is our `own` the sizes are not looked at.

    The archive stays open until the last of the yielded files is dropped.
    """
    tree = f"{where}/"
    try:
        archive = zipfile.ZipFile(path)
    except (OSError, zipfile.BadZipFile, NotImplementedError, EOFError, ValueError) as error:
        yield Problem("refused", where, "", f"cannot be opened as a zip: {error}")
        return
    infos = archive.infolist()
    fault = "" if own else _archive_fault(infos, path.stat().st_size)
    if fault:
        yield Problem("refused", where, "", fault)
        return

    def open_member(name: str) -> BinaryIO:
        return archive.open(name)  # type: ignore[return-value]

    for info in sorted(infos, key=lambda info: info.filename):
        if info.is_dir() or info.filename.startswith(_JUNK) or info.filename.endswith(_JUNK):
            continue
        fault = _member_fault(info, own)
        if not fault and archive.NameToInfo[info.filename] is not info:
            fault = "stands twice in the archive; the last one is read"
        if fault:
            yield Problem("refused", tree + info.filename, "", fault)
        else:
            yield SourceFile(info.filename, tree, open_member)


def _archive_fault(infos: list[zipfile.ZipInfo], size: int) -> str:
    total = sum(info.file_size for info in infos)
    if total > LARGEST_TOTAL:
        return f"unpacks to {total:,} bytes, more than the {LARGEST_TOTAL:,} that are read from one archive"
    if sum(info.compress_size for info in infos) > size:
        return "its members overlap, as in a zip bomb; it is not read"
    return ""


def _member_fault(info: zipfile.ZipInfo, own: bool) -> str:
    fault = member_fault(info.filename)
    if fault:
        return f"{fault}; the member is not read"
    if stat.S_ISLNK(info.external_attr >> 16):
        return "is a symbolic link; links in archives are not followed"
    if info.flag_bits & 0x1:
        return "is encrypted; unpack it with its password first"
    if not own and info.file_size > RATIO_FROM and info.file_size > LARGEST_RATIO * max(info.compress_size, 1):
        return f"unpacks to {info.file_size:,} bytes, over {LARGEST_RATIO} times its packed size, as in a zip bomb"
    if info.filename.lower().endswith(".zip"):
        return "is a zip inside a zip; unpack the outer one first"
    return ""


def check_is_zip(head: bytes) -> bool:
    """Say whether a file's first bytes are those of a zip."""
    return head.startswith((b"PK\x03\x04", b"PK\x05\x06"))
