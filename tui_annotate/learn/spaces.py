"""Keeps what engines learned from all text, in `NAME.runs/cache/`, and encoded documents, in memory."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import msgspec

from tui_annotate.domain.documents import Document
from tui_annotate.domain.selection import TEST_TAG
from tui_annotate.errors import LearnError
from tui_annotate.learn import data
from tui_annotate.learn.engines.base import EngineFactory, Progress
from tui_annotate.store import counters, documents
from tui_annotate.store.connection import Corpus
from tui_annotate.store.files import sweep

SPACE_FILE = "space.npz"
"""Its name in a run's folder."""
GROWTH = 0.05
"""A cached space is learned anew when the corpus has grown or shrunk by this share."""
MOST_BYTES = 300 << 20
"""Of encoded documents in memory; then all are let go."""


class CacheKey(msgspec.Struct, frozen=True):
    """What corpus a cached space was learned from."""

    documents: int
    probe: str
    """Hash over a few texts of the beginning: another corpus under the same name is noticed."""
    version: int = 2
    test: str = ""
    """Which documents are a fixed test, whose texts nothing was learned from."""


def _probe(corpus: Corpus) -> str:
    digest = sha256()
    for batch in documents.batches(corpus, size=20):
        for id, document in batch:
            digest.update(f"{id} {document.key} {document.text[:1000]}".encode("utf-8", "surrogatepass"))
        break
    return digest.hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class SpaceFile:
    """The file of the cache that holds a space, as it was when the space was read or written."""

    path: Path
    mark: tuple[int, ...]
    """Tells that file from one that another process has put in its place since."""


def _mark(path: Path) -> tuple[int, ...]:
    with suppress(OSError):
        found = path.stat()
        return found.st_ino, found.st_mtime_ns, found.st_size
    return ()


def current(corpus: Corpus, factory: EngineFactory, *, seed: int, progress: Progress) -> tuple[Any, SpaceFile]:
    """Return an engine's space for a corpus, from the cache or learned now, and the file that holds it."""
    folder = corpus.runs_folder / "cache"
    path, key_path = folder / f"{factory.name}.npz", folder / f"{factory.name}.json"
    key = CacheKey(counters.progress(corpus).total, _probe(corpus), test=documents.tag_digest(corpus, TEST_TAG))
    if _fits(key_path, key):
        mark = _mark(path)
        try:
            space = factory.load_space(path)
            return space, SpaceFile(path, mark if mark == _mark(path) else ())
        except LearnError as error:
            progress(0.0, f"learning from the texts again: {error}")
    space = factory.learn(data.texts(corpus, seed=seed), seed=seed, progress=progress)
    folder.mkdir(parents=True, exist_ok=True)
    mark = _aside(path, space.save)
    _aside(key_path, lambda aside: aside.write_bytes(msgspec.json.encode(key)))
    return space, SpaceFile(path, mark)


def _fits(path: Path, key: CacheKey) -> bool:
    try:
        kept = msgspec.json.decode(path.read_bytes(), type=CacheKey)
    except (OSError, msgspec.DecodeError):
        return False
    close = abs(kept.documents - key.documents) <= GROWTH * max(kept.documents, 1)
    return close and (kept.probe, kept.version, kept.test) == (key.probe, key.version, key.test)


def _aside(path: Path, write: Callable[[Path], object]) -> tuple[int, ...]:
    """Write under another name of this process, then rename: two processes may do so at once. Returns the mark."""
    sweep(path.parent, f".{path.name}.*")
    aside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        write(aside)
        mark = _mark(aside)
        aside.replace(path)
        return mark
    finally:
        aside.unlink(missing_ok=True)


def link(kept: SpaceFile, space: Any, folder: Path) -> None:
    """Put a space into a run's folder, sharing the bytes with the cache where the disk can.

    What lies in the cache may be another process's by now; then the space itself is written.
    """
    target = folder / SPACE_FILE
    try:
        os.link(kept.path, target)
    except OSError:
        with suppress(OSError):
            shutil.copyfile(kept.path, target)
        there = _mark(kept.path)
    else:
        there = _mark(target)
    if not kept.mark or there != kept.mark:
        target.unlink(missing_ok=True)
        space.save(target)


class Encoded:
    """Documents encoded in one space, by id; only those asked for that are new are encoded."""

    def __init__(self, space: Any) -> None:
        self.space = space
        self._rows: dict[int, int] = {}
        self._all: Any = None
        self._bytes = 0
        """Counted as documents come: to weigh all of them anew for each page of a pool takes longer and longer."""

    def get(self, ids: Sequence[int], load: Callable[[Sequence[int]], dict[int, Document]]) -> tuple[list[int], Any]:
        """Return the ids that exist, and the encodings of those.

        Args:
            load: Called with the ids that are not in memory.
        """
        missing = [id for id in dict.fromkeys(ids) if id not in self._rows]
        if missing:
            if self._bytes > MOST_BYTES:
                self._rows, self._all, self._bytes = {}, None, 0
                missing = list(dict.fromkeys(ids))
            loaded = load(missing)
            found = [id for id in missing if id in loaded]
            if found:
                new = self.space.encode([loaded[id] for id in found])
                self._bytes += new.size
                first = len(self._rows)
                self._all = new if self._all is None else self._all.join(new)
                self._rows.update((id, first + place) for place, id in enumerate(found))
        known = [id for id in ids if id in self._rows]
        if self._all is None:
            return [], self.space.encode([])
        return known, self._all.select([self._rows[id] for id in known])
