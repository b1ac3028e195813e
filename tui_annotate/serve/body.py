"""What a request brought: the values of its parameters, and its files, all of them in one file on disk.

Memory does not grow with what is sent, and a request takes one open file, however many it brings.
"""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from tempfile import SpooledTemporaryFile
from typing import Any

from tui_annotate.services.uploaded import Uploaded

_IN_MEMORY = 1 << 20
"""Bytes of a request's files that are kept in memory; more are on disk."""


@dataclass(slots=True)
class Body:
    """What a request brought."""

    fields: dict[str, list[str]] = field(default_factory=dict)
    files: list[Uploaded] = field(default_factory=list)
    json: Any = None
    """The JSON body as it came; None when there is none."""
    _store: SpooledTemporaryFile[bytes] | None = None
    """All files, one behind the other."""

    def add(self, name: str, value: str) -> None:
        """Add a value of a parameter."""
        self.fields.setdefault(name, []).append(value)

    def close(self) -> None:
        """Delete the files."""
        if self._store is not None:
            self._store.close()

    def store(self) -> SpooledTemporaryFile[bytes]:
        """Return where files are written, one after the other."""
        if self._store is None:
            self._store = SpooledTemporaryFile(  # noqa: SIM115 - closed with the request
                max_size=_IN_MEMORY, prefix="tui-annotate-upload-"
            )
        return self._store

    def keep(self, name: str, start: int, size: int) -> None:
        """Add a file that is written to the store from `start` on."""
        store = self.store()
        self.files.append(Uploaded(name, size, lambda: io.BufferedReader(_Piece(store, start, size))))


class _Piece(io.RawIOBase):
    """A file that is a piece of another one, read by one thread at a time."""

    def __init__(self, store: SpooledTemporaryFile[bytes], start: int, size: int) -> None:
        self._store = store
        self._start = start
        self._size = size
        self._at = 0

    def readable(self) -> bool:
        """Say that it can be read."""
        return True

    def seekable(self) -> bool:
        """Say that it can be read from anywhere."""
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go on reading elsewhere."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        self._at = max(0, base + offset)
        return self._at

    def tell(self) -> int:
        """Return where it is read next."""
        return self._at

    def readinto(self, buffer: Any) -> int:
        """Read some bytes; 0 at the end."""
        self._store.seek(self._start + self._at)
        found = self._store.read(max(0, min(len(buffer), self._size - self._at)))
        buffer[: len(found)] = found
        self._at += len(found)
        return len(found)
