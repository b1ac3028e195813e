"""Importing: readers joined to the corpus, with the sources kept, the scheme growing, and a report of what came in."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from tui_annotate.domain.interchange import ExchangedDocument, Problem
from tui_annotate.errors import AnnotateError, DataError, SchemeError
from tui_annotate.formats import registry
from tui_annotate.formats.base import Item, ReadOptions, SchemeHint
from tui_annotate.formats.registry import Group
from tui_annotate.formats.source import SourceFile
from tui_annotate.keymaps import keeping
from tui_annotate.services.fitting import Converted, fitted
from tui_annotate.services.labels_met import LabelsMet
from tui_annotate.store import copying, projects, settings, sources
from tui_annotate.store.connection import Corpus
from tui_annotate.store.intake import Intake, IntakeCounts
from tui_annotate.store.preparing import As

_MOST_PROBLEMS = 1000
_CHUNK_DOCUMENTS = 400
_CHUNK_CHARACTERS = 1 << 20


@dataclass(slots=True)
class FileReport:
    """What came of one file, or of the files of one folder or zip that hold a document each."""

    where: str
    format: str
    files: int = 1
    documents: int = 0
    noted: int = 0
    repaired: int = 0
    refused: int = 0


@dataclass(slots=True)
class ImportReport:
    """What an import did, or would do."""

    dry_run: bool = False
    counts: IntakeCounts = field(default_factory=IntakeCounts)
    files: list[FileReport] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    """The first thousand; `more_problems` counts the rest."""
    more_problems: int = 0
    added: list[str] = field(default_factory=list)
    """What joined the scheme, e.g. `entity type DRUG`."""

    def note(self, problem: Problem, file: FileReport | None) -> None:
        """Keep a problem, or count it, and count it for its file."""
        if file is not None:
            file.noted += problem.severity == "noted"
            file.repaired += problem.severity == "repaired"
            file.refused += problem.severity == "refused"
        if len(self.problems) < _MOST_PROBLEMS:
            self.problems.append(problem)
        else:
            self.more_problems += 1


def import_paths(
    corpus: Corpus,
    paths: Sequence[Path | str],
    *,
    annotator: str,
    format: str | None = None,
    as_: As = "auto",
    skip_duplicates: bool = False,
    dry_run: bool = False,
    strict: bool = False,
    options: ReadOptions | None = None,
    on_progress: Callable[[int], None] | None = None,
) -> ImportReport:
    """Import files, folders, zips and `-`; memory stays flat however much they hold.

    Args:
        strict: Refuse a document with a label that the scheme lacks; otherwise the label joins the scheme.
        dry_run: Import into a copy of the corpus that is thrown away, and report the same.
        on_progress: Gets the number of documents read so far, a few times a second at most.

    Raises:
        UsageError: A path or the format does not exist.
        StoreError: The corpus could not be written; what came in before stays, and importing again goes on from there.
    """
    if dry_run:
        with tempfile.TemporaryDirectory(prefix="tui-annotate-dry-run-") as folder:
            copy = Path(folder, corpus.path.name)
            copying.copy(corpus.connection, copy)
            with Corpus.open(copy) as tried:
                return _Import(tried, annotator, as_, skip_duplicates, strict, options, on_progress, True).run(
                    registry.groups(paths, format=format)
                )
    return _Import(corpus, annotator, as_, skip_duplicates, strict, options, on_progress, False).run(
        registry.groups(paths, format=format)
    )


class _Import:
    """One import while it runs."""

    def __init__(
        self,
        corpus: Corpus,
        annotator: str,
        as_: As,
        skip_duplicates: bool,
        strict: bool,
        options: ReadOptions | None,
        on_progress: Callable[[int], None] | None,
        dry_run: bool,
    ) -> None:
        self._corpus = corpus
        self._annotator = annotator
        self._strict = strict
        self._options = options or ReadOptions()
        self._on_progress = on_progress
        self._intake = Intake(corpus, as_=as_, skip_duplicates=skip_duplicates, annotator=annotator)
        self._stored = self._known = settings.scheme(corpus)
        self._labels = LabelsMet(self._stored)
        self._converted = Converted()
        self._report = ImportReport(dry_run=dry_run, counts=self._intake.counts)
        self._file: FileReport | None = None
        self._read = 0

    def run(self, groups: Iterable[Group | Problem]) -> ImportReport:
        for group in groups:
            if isinstance(group, Problem):
                self._report.note(group, None)
            elif group.format.many:
                for file in group.files:
                    self._begin(FileReport(file.where, group.format.name))
                    self._take_shared(group, file)
            else:
                where = group.where or ", ".join(file.where for file in group.files[:3])
                self._begin(FileReport(where, group.format.name, len(group.files)))
                self._take(group, group.files, None)
        self._file = None
        if not self._strict:
            self._labels.finish()
            self._write_scheme()
        self._report.counts = self._intake.counts
        self._report.added = self._labels.added
        return self._report

    def _begin(self, file: FileReport) -> None:
        self._file = file
        self._report.files.append(file)

    def _take_shared(self, group: Group, file: SourceFile) -> None:
        """Take in a file that many documents share, keeping the file itself."""
        try:
            with file.open() as stream:
                source = sources.keep(self._corpus, file.where, stream)
        except DataError as error:
            reason = error.message.removeprefix(f"{file.where}: ")
            self._report.note(Problem("refused", file.where, "", reason), self._file)
            return
        self._take(group, (file,), source)

    def _take(self, group: Group, files: Sequence[SourceFile], source: int | None) -> None:
        assert group.format.read is not None
        options = replace(self._options, scheme=self._labels.scheme)
        self._intake.source = source
        for problem in self._intake.add(self._documents(group.format.read(files, options))):
            self._report.note(problem, self._file)
        for problem in self._converted.problems():
            self._report.note(problem, self._file)

    def _documents(self, items: Iterator[Item]) -> Iterator[ExchangedDocument]:
        """Yield the documents of a reader in chunks, each after the scheme has what they are labelled with."""
        waiting: list[ExchangedDocument] = []
        size = 0
        for item in items:
            if isinstance(item, ExchangedDocument):
                waiting.append(item)
                size += sum(len(part.text) for part in item.document.parts)
                if len(waiting) >= _CHUNK_DOCUMENTS or size >= _CHUNK_CHARACTERS:
                    yield from self._chunk(waiting)
                    waiting, size = [], 0
            elif isinstance(item, Problem):
                self._report.note(item, self._file)
            elif not self._strict:
                self._hint(item)
        yield from self._chunk(waiting)

    def _chunk(self, documents: list[ExchangedDocument]) -> Iterator[ExchangedDocument]:
        ready: list[ExchangedDocument] = []
        for document in documents:
            if document.versions and not self._is_taken(document):
                self._intake.counts.refused += 1
                continue
            ready.append(document)
        self._write_scheme()
        labels = {label.name: label for label in self._labels.scheme.labels}
        for document in ready:
            if document.versions and labels:
                document, problems = fitted(document, labels, self._converted)
                for problem in problems:
                    self._report.note(problem, self._file)
            if self._file is not None:
                self._file.documents += 1
            yield document
        self._read += len(documents)
        if self._on_progress is not None:
            self._on_progress(self._read)

    def _is_taken(self, document: ExchangedDocument) -> bool:
        """Let a document's labels join the scheme; when strict, refuse it for those that the scheme lacks."""
        if self._strict:
            unknown = self._labels.unknown(document)
            if unknown:
                reason = f"the scheme has no {', no '.join(unknown)}; refused because of --strict"
                self._report.note(Problem("refused", document.where, "", reason), self._file)
                return False
            return True
        try:
            self._labels.meet(document)
        except SchemeError as error:
            self._report.note(Problem("refused", document.where, "", error.message), self._file)
            return False
        return True

    def _hint(self, hint: SchemeHint) -> None:
        try:
            self._labels.hint(hint)
        except AnnotateError as error:
            self._report.note(Problem("refused", hint.where, "", error.message), self._file)
        if hint.came is not None:
            projects.keep(self._corpus, hint.where.rpartition("/")[0], hint.came.project, hint.came.files)

    def _write_scheme(self) -> None:
        if self._labels.scheme is not self._stored and self._labels.scheme != self._stored:
            self._stored = settings.set_scheme(
                self._corpus,
                # Those that come together share out what is free among them.
                keeping(self._known, self._labels.scheme),
                annotator=self._annotator,
                base=self._stored,
            )
            self._labels.renumbered(self._stored)
