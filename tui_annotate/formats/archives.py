"""Zip archives from outside: only members that stay inside, are plain files and have a sane size."""

from __future__ import annotations

import stat
import zipfile
from collections.abc import Callable, Iterator
from typing import BinaryIO

from tui_annotate.domain.interchange import Problem
from tui_annotate.formats.safety import member_fault
from tui_annotate.formats.source import SourceFile

LARGEST_TOTAL = 32 << 30
"""Bytes that all members of an archive may have unpacked."""
LARGEST_RATIO = 250
"""How often a member may be larger than its packed size; text seldom packs better than 1:20."""
RATIO_FROM = 32 << 20
"""Unpacked bytes from which the ratio is looked at."""
_JUNK = ("__MACOSX/", ".DS_Store")


def members(opener: Callable[[], BinaryIO], where: str) -> Iterator[SourceFile | Problem]:
    """Yield the members of a zip in path order, and a problem for each that is refused.

    The archive stays open until the last of the yielded files is dropped.
    """
    try:
        stream = opener()
        archive = zipfile.ZipFile(stream)
    except (OSError, zipfile.BadZipFile, NotImplementedError, EOFError, ValueError) as error:
        yield Problem("refused", where, "", f"cannot be opened as a zip: {error}")
        return
    infos = archive.infolist()
    fault = _archive_fault(infos, stream)
    if fault:
        yield Problem("refused", where, "", fault)
        return
    seen: set[str] = set()
    for info in sorted(infos, key=lambda info: info.filename):
        if info.is_dir() or info.filename.startswith(_JUNK) or info.filename.endswith(_JUNK):
            continue
        fault = _member_fault(info, seen)
        if fault:
            yield Problem("refused", f"{where}/{info.filename}", "", fault)
            continue
        seen.add(info.filename)
        yield SourceFile(info.filename, f"{where}/{info.filename}", info.file_size, _opener(archive, info))


def _opener(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Callable[[], BinaryIO]:
    def open_member() -> BinaryIO:
        return archive.open(info)  # type: ignore[return-value]

    return open_member


def _archive_fault(infos: list[zipfile.ZipInfo], stream: BinaryIO) -> str:
    total = sum(info.file_size for info in infos)
    if total > LARGEST_TOTAL:
        return f"unpacks to {total:,} bytes, more than the {LARGEST_TOTAL:,} that are read from one archive"
    packed = sum(info.compress_size for info in infos)
    stream.seek(0, 2)
    if packed > stream.tell():
        return "its members overlap, as in a zip bomb; it is not read"
    return ""


def _member_fault(info: zipfile.ZipInfo, seen: set[str]) -> str:
    fault = member_fault(info.filename)
    if fault:
        return f"{fault}; the member is not read"
    if stat.S_ISLNK(info.external_attr >> 16):
        return "is a symbolic link; links in archives are not followed"
    if info.flag_bits & 0x1:
        return "is encrypted; unpack it with its password first"
    if info.filename in seen:
        return "stands twice in the archive; the first one is read"
    if info.file_size > RATIO_FROM and info.file_size > LARGEST_RATIO * max(info.compress_size, 1):
        return f"unpacks to {info.file_size:,} bytes, over {LARGEST_RATIO} times its packed size, as in a zip bomb"
    if info.filename.lower().endswith(".zip"):
        return "is a zip inside a zip; unpack the outer one first"
    return ""


def check_is_zip(head: bytes) -> bool:
    """Say whether a file's first bytes are those of a zip."""
    return head.startswith((b"PK\x03\x04", b"PK\x05\x06"))
