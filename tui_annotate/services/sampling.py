"""Which documents come next, said from outside: by a list, or by a function of the user's own.

A sampler is a Python file with `sample(documents)`: it is given the pending documents one after the other, as
dictionaries with `id`, `text`, `name`, `folder` and `tags`, and returns or yields those that are to come next, best
first. It runs in a process of its own, so whatever it imports or breaks stays there.
"""

from __future__ import annotations

import contextlib
import subprocess
import sys
import threading
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import IO

import msgspec

from tui_annotate.domain.documents import DocumentState
from tui_annotate.errors import AnnotateError, LearnError, NothingToDoError, UsageError
from tui_annotate.services import sampler_child
from tui_annotate.store import documents, identical
from tui_annotate.store.connection import Corpus
from tui_annotate.store.queue import MOST_ASKED

_LARGEST_ANSWER = 64 << 20
_encode = msgspec.json.Encoder().encode


class Unknown(list[str]):
    """Lines of a list that are no document here."""


def listed(corpus: Corpus, lines: Iterable[str]) -> tuple[list[int], Unknown]:
    """Return the documents that lines name, in their order, by id, by name where only one has it, or by their text."""
    found: list[int] = []
    unknown = Unknown()
    for line in lines:
        wanted = line.rstrip("\r\n")
        if not wanted.strip():
            continue
        id = documents.find(corpus, wanted.strip())
        if id is None:
            name = wanted.strip()
            named = [row.id for row in documents.page(corpus, text=name, limit=50) if row.name == name]
            id = named[0] if len(named) == 1 else next(iter(identical.with_text(corpus, wanted)), None)
        if id is None:
            unknown.append(wanted)
        else:
            found.append(id)
    return found, unknown


def sampled(corpus: Corpus, script: Path, *, count: int = 100, timeout: float = 600.0) -> list[int]:
    """Return the first `count` pending documents that a sampler chooses.

    Raises:
        UsageError: There is no such file.
        LearnError: The script failed, hung, or named documents that do not exist.
        StoreError: The documents could not all be read.
        NothingToDoError: It chose nothing.
    """
    if not script.is_file():
        raise UsageError(f"There is no sampler at {script}.", hint="Name a Python file with a function `sample`.")
    wanted = min(count, MOST_ASKED)
    command = [sys.executable, str(Path(sampler_child.__file__)), str(script.absolute())]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        trouble: list[AnnotateError] = []
        writer = threading.Thread(target=_feed, args=(corpus.path, process.stdin, trouble), daemon=True)
        ending = threading.Timer(timeout, process.kill)
        writer.start()
        ending.start()
        try:
            chosen = list(islice(_answers(process.stdout, script), wanted))
            # One that has named enough is not waited for.
            killed = len(chosen) < wanted and process.wait() < 0
        finally:
            ending.cancel()
            process.kill()
            writer.join(5)
    if trouble:
        raise trouble[0]
    if killed:
        raise LearnError(f"{script} was ended after {timeout:g} seconds, or by the system.")
    if not chosen:
        raise NothingToDoError(f"{script} chose no document.")
    ids = [documents.find(corpus, key) for key in chosen]
    unknown = [key for key, id in zip(chosen, ids, strict=True) if id is None]
    if unknown:
        raise LearnError(f"{script} chose {unknown[0]!r}, which is no id here.", hint="Return ids, or the documents.")
    return [id for id in ids if id is not None]


def _feed(path: Path, stdin: IO[bytes], trouble: list[AnnotateError]) -> None:
    """Write the pending documents, until they end or nobody reads any more; on a connection of this thread.

    Why not all of them could be read goes into `trouble`.
    """
    try:
        with contextlib.suppress(OSError), stdin, Corpus.open(path, readonly=True) as corpus:
            for batch in documents.batches(corpus, states=(DocumentState.PENDING,)):
                for _, one in batch:
                    row = {"id": one.key, "text": one.text, "name": one.name, "folder": one.folder, "tags": one.tags}
                    stdin.write(_encode(row) + b"\n")
    except AnnotateError as error:
        trouble.append(error)


def _answers(stdout: IO[bytes], script: Path) -> Iterator[str]:
    read = 0
    for line in stdout:
        read += len(line)
        if read > _LARGEST_ANSWER:
            raise LearnError(f"{script} returns without end.")
        answer = msgspec.json.decode(line)
        if isinstance(answer, dict):
            raise LearnError(f"{script} failed: {answer['failed']}.", hint="Its output stands above.")
        yield answer
