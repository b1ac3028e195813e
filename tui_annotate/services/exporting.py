"""Exporting: the corpus's documents as they go out, streamed through a writer that reads them back."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from difflib import get_close_matches
from itertools import chain
from pathlib import Path
from typing import BinaryIO

import msgspec

from tui_annotate.domain.documents import DocumentState
from tui_annotate.domain.interchange import MASTER, ExchangedDocument, Problem
from tui_annotate.errors import NothingToDoError, UsageError
from tui_annotate.formats import registry, writing
from tui_annotate.formats.base import ProjectFiles, WriteOptions
from tui_annotate.formats.losses import Losses, may_lose
from tui_annotate.formats.safety import safe_name
from tui_annotate.services.outgoing_versions import exchanged
from tui_annotate.store import annotators, log, projects, settings
from tui_annotate.store.connection import Corpus
from tui_annotate.store.outgoing import Outgoing, has_several_versions, outgoing

_PROGRESS_EVERY = 100
_PROJECT = "corpus"
"""What a project is called that nobody named: an imported one keeps the name of its folder."""
_encode = msgspec.json.Encoder(enc_hook=dict).encode


@dataclass(slots=True)
class ExportReport:
    """What an export wrote."""

    target: str
    format: str
    documents: int = 0
    files: int = 0
    loses: str = ""
    """What the format cannot hold."""
    lost: dict[str, int] = field(default_factory=dict)
    """How much of it there was: counted, and said, before anything was written."""
    decisions: str = ""
    """Where the decisions were written, when they were asked for."""
    problems: list[Problem] = field(default_factory=list)
    """The first thousand; `more_problems` counts the rest."""
    more_problems: int = 0


def export(
    corpus: Corpus,
    target: Path | str,
    *,
    format: str = "anndoc",
    confirmed: bool = False,
    version: str = "",
    ids: Collection[int] | None = None,
    decisions: bool = False,
    project: str = _PROJECT,
    overwrite: bool = False,
    on_losses: Callable[[Losses], None] | None = None,
    on_progress: Callable[[int], None] | None = None,
) -> ExportReport:
    """Write a corpus to a file, a folder, a `.zip` or `-`, in flat memory, each document consistent in itself.

    Args:
        confirmed: Only confirmed documents, and of these only confirmed versions.
        version: Only this annotator's versions; `master` for the agreed ones.
        ids: Only these documents, by row id.
        decisions: Also write the log beside the target, `NAME.decisions.jsonl`: what was rejected is only there.
        project: Name of the folder inside a project zip. Not taken from a file's name: equal corpora give equal bytes.
        overwrite: The user said that an older export there may be replaced.
        on_losses: Called before anything is written when something will be lost; may raise to stop the export.

    Raises:
        UsageError: The target exists and `overwrite` is not set, or the format does not go there.
        NothingToDoError: No document fits.
        DataError: What was written reads back differently; nothing is left behind.
        StoreError: The target could not be written.
    """
    fmt = registry.get(format)
    _check_version(corpus, version)
    writing.check(fmt, target, overwrite=overwrite)
    states = (DocumentState.CONFIRMED,) if confirmed else ()
    imported, files = projects.kept(corpus)
    name = imported if imported and project == _PROJECT else project
    options = WriteOptions(settings.scheme(corpus), version, safe_name(name), came=ProjectFiles(imported, files))
    tie = settings.load(corpus).tie

    def going_out() -> Iterator[tuple[Outgoing, ExchangedDocument]]:
        for one in outgoing(corpus, states=states, ids=ids):
            yield one, exchanged(one, tie=tie, confirmed=confirmed, version=version)

    losses = Losses(fmt, options)
    if may_lose(fmt, options.scheme, versions=not version and has_several_versions(corpus)):
        for _, document in going_out():
            losses.add(document)
    if losses.counts and on_losses is not None:
        on_losses(losses)
    found = going_out()
    first = next(found, None)
    if first is None:
        raise NothingToDoError("No document fits." if confirmed or ids is not None else "The corpus has no documents.")
    with ExitStack() as stack:
        sidecar = stack.enter_context(_Sidecar(corpus, target, overwrite=overwrite)) if decisions else None

        def documents() -> Iterator[ExchangedDocument]:
            for number, (one, document) in enumerate(chain((first,), found), 1):
                if sidecar is not None:
                    sidecar.write(one)
                yield document
                if on_progress is not None and number % _PROGRESS_EVERY == 0:
                    on_progress(number)

        written = writing.write(documents(), fmt, target, options, overwrite=overwrite)
        report = ExportReport(str(target), fmt.name, written.documents, written.files, fmt.loses, losses.ordered())
        report.problems, report.more_problems = written.problems, written.more_problems
        if sidecar is not None:
            report.decisions = sidecar.finish()
    return report


def _check_version(corpus: Corpus, version: str) -> None:
    names = [MASTER, *(name for name in annotators.names(corpus) if name != MASTER)]
    if version and version not in names:
        near = get_close_matches(version, names, n=1)
        hint = f"Did you mean {near[0]}?" if near else f"There are {', '.join(names)}."
        raise UsageError(f"Nobody called {version} has a version here.", hint=hint)


class _Sidecar:
    """The log of the exported documents, a decision per line, written aside and renamed at the end."""

    def __init__(self, corpus: Corpus, target: Path | str, *, overwrite: bool) -> None:
        if str(target) == "-":
            raise UsageError("The decisions go into a file of their own.", hint="Name a file instead of `-`.")
        self._corpus = corpus
        self._path = Path(target).with_name(f"{Path(target).stem}.decisions.jsonl")
        self._aside = self._path.with_name(f".{self._path.name}.{os.getpid()}.part")
        if self._path.exists() and not overwrite:
            raise UsageError(f"{self._path} exists.", hint="Name another target, or say to overwrite it.")

    def __enter__(self) -> _Sidecar:
        with writing.told_where(self._path):
            self._stream: BinaryIO = self._aside.open("wb")
        return self

    def __exit__(self, *_: object) -> None:
        self._stream.close()
        self._aside.unlink(missing_ok=True)

    def write(self, one: Outgoing) -> None:
        """Write the decisions on a document, the oldest first."""
        held = []
        before: int | None = None
        while page := log.history(self._corpus, document=one.id, before=before, limit=500):
            held += page
            before = page[-1].sequence
        with writing.told_where(self._path):
            for logged in reversed(held):
                decision = logged.decision
                row = {
                    "document": one.document.key,
                    "sequence": logged.sequence,
                    "at": logged.at,
                    "step": logged.step,
                    "annotator": decision.annotator,
                    "kind": decision.kind,
                    "changes": decision.changes,
                    "details": dict(decision.details),
                    "milliseconds": decision.milliseconds,
                    "keys": decision.keys,
                }
                self._stream.write(_encode(row) + b"\n")

    def finish(self) -> str:
        """Put the file in its place and return where that is."""
        with writing.told_where(self._path):
            self._stream.flush()
            os.fsync(self._stream.fileno())
            os.replace(self._aside, self._path)
        return str(self._path)
