"""A zip written so that equal contents give equal bytes, and read back, in flat memory however many members it has.

The standard library keeps an object per member until the end; here the central
directory waits in a temporary file, and is read as a stream.
"""

from __future__ import annotations

import struct
import tempfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from types import TracebackType
from typing import BinaryIO

from tui_annotate.errors import DataError

_VERSION = 45
_DEFLATED, _STORED = 8, 0
_UTF8 = 0x800
_DATE, _TIME = (1 << 5) | 1, 0
_MODE = 0o100644 << 16
_LIMIT = 0xFFFFFFFF
_SMALL = 64
_SHORT = 4096


class ZipWriter:
    """Writes whole members into a stream; call `close` for the directory at the end."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._at = stream.tell()
        self._count = 0
        self._directory = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the writer

    def __enter__(self) -> ZipWriter:
        return self

    def __exit__(self, type: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if type is None:
            self.close()
        self._directory.close()

    def put(self, name: str, content: bytes) -> None:
        """Add a member; every one has the same date, 1980-01-01, and mode 0644."""
        encoded = name.encode("utf-8")
        if len(content) > _LIMIT:
            raise ValueError(f"{name} is larger than 4 GB")
        method, packed = _STORED, content
        if len(content) >= _SMALL:
            # A window as large as the member: setting up one of 32 kB costs more than packing a short text.
            short = len(content) <= _SHORT
            squeezer = zlib.compressobj(6, zlib.DEFLATED, -12 if short else -15, 5 if short else 8)
            method, packed = _DEFLATED, squeezer.compress(content) + squeezer.flush()
        common = (_UTF8, method, _TIME, _DATE, zlib.crc32(content), len(packed), len(content), len(encoded))
        self._stream.write(struct.pack("<4sHHHHHIIIHH", b"PK\x03\x04", _VERSION, *common, 0) + encoded)
        self._stream.write(packed)
        self._add_entry(encoded, common)
        self._at += 30 + len(encoded) + len(packed)
        self._count += 1

    def _add_entry(self, encoded: bytes, common: tuple[int, ...]) -> None:
        far = self._at >= _LIMIT
        more = struct.pack("<HHQ", 1, 8, self._at) if far else b""
        made_by = (3 << 8) | _VERSION
        head = struct.pack("<4sHHHHHHIIIH", b"PK\x01\x02", made_by, _VERSION, *common)
        tail = struct.pack("<HHHHII", len(more), 0, 0, 0, _MODE, _LIMIT if far else self._at)
        self._directory.write(head + tail + encoded + more)

    def close(self) -> None:
        """Write the directory; 64-bit records only where they are needed."""
        size = self._directory.tell()
        self._directory.seek(0)
        while piece := self._directory.read(1 << 20):
            self._stream.write(piece)
        if self._count >= 0xFFFF or self._at >= _LIMIT or size >= _LIMIT:
            end = self._at + size
            record = (44, _VERSION, _VERSION, 0, 0, self._count, self._count, size, self._at)
            self._stream.write(struct.pack("<4sQHHIIQQQQ", b"PK\x06\x06", *record))
            self._stream.write(struct.pack("<4sIQI", b"PK\x06\x07", 0, end, 1))
        count, size, at = min(self._count, 0xFFFF), min(size, _LIMIT), min(self._at, _LIMIT)
        self._stream.write(struct.pack("<4sHHHHIIH", b"PK\x05\x06", 0, 0, count, count, size, at, 0))


@dataclass(frozen=True, slots=True)
class Entry:
    """One member, as the directory of an archive has it."""

    name: str
    at: int
    """Where its header begins."""
    packed: int
    size: int
    method: int
    crc: int


def entries(stream: BinaryIO) -> Iterator[Entry]:
    """Yield the members of an archive that `ZipWriter` wrote, in their order, reading its directory as a stream.

    Raises:
        DataError: It is none.
    """
    count, at = _directory(stream)
    for _ in range(count):
        stream.seek(at)
        head = stream.read(46)
        if len(head) < 46 or not head.startswith(b"PK\x01\x02"):
            raise DataError("the directory of the archive is damaged.")
        method, crc, packed, size, name_length, more_length = struct.unpack_from("<10xH4xIIIHH", head)
        (begins,) = struct.unpack_from("<42xI", head)
        name = stream.read(name_length)
        more = stream.read(more_length)
        if begins == _LIMIT:
            (begins,) = struct.unpack_from("<4xQ", more)
        at += 46 + name_length + more_length
        yield Entry(name.decode("utf-8"), begins, packed, size, method, crc)


def content(stream: BinaryIO, entry: Entry) -> bytes:
    """Return what a member holds; raises DataError where it is damaged."""
    stream.seek(entry.at)
    head = stream.read(30)
    if len(head) < 30 or not head.startswith(b"PK\x03\x04"):
        raise DataError(f"{entry.name}: its header is damaged.")
    name_length, more_length = struct.unpack_from("<26xHH", head)
    name = stream.read(name_length + more_length)[:name_length]
    packed = stream.read(entry.packed)
    try:
        body = zlib.decompressobj(-15).decompress(packed) if entry.method == _DEFLATED else packed
    except zlib.error as error:
        raise DataError(f"{entry.name}: it is damaged: {error}.") from error
    if name.decode("utf-8", "replace") != entry.name or len(body) != entry.size or zlib.crc32(body) != entry.crc:
        raise DataError(f"{entry.name}: it is not what the directory of the archive says.")
    return body


def _directory(stream: BinaryIO) -> tuple[int, int]:
    """Return the number of members, and where the directory begins."""
    end = stream.seek(0, 2)
    stream.seek(max(0, end - 22))
    tail = stream.read(22)
    if len(tail) < 22 or not tail.startswith(b"PK\x05\x06"):
        raise DataError("the end of the archive is missing.")
    count, at = struct.unpack_from("<10xH4xI", tail)
    stream.seek(max(0, end - 42))
    locator = stream.read(20)
    if locator.startswith(b"PK\x06\x07"):
        (record,) = struct.unpack_from("<8xQ", locator)
        stream.seek(record)
        count, at = struct.unpack_from("<32xQ8xQ", stream.read(56))
    return count, at
