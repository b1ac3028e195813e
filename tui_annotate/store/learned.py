"""Which texts a run was trained on, by hash, in its folder: what it is measured on later must not be among them.

A document may be tagged `Test`, or drawn for an audit, after a run has learned its text, or that of a twin; and a run
attached from another corpus may have learned there what is held out here.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import msgspec

FILE_NAME = "learned.json"


def write_learned(folder: Path, hashes: Iterable[int]) -> None:
    """Write the hashes of the texts, see `domain.documents.text_hash`."""
    (folder / FILE_NAME).write_bytes(msgspec.json.encode(sorted(set(hashes))))


def learned(folder: Path) -> frozenset[int]:
    """Return the hashes; none where the run does not say, as one that was exported and attached again does not."""
    try:
        return frozenset(msgspec.json.decode((folder / FILE_NAME).read_bytes(), type=list[int]))
    except (OSError, msgspec.DecodeError):
        return frozenset()
