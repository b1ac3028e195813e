"""Converting: from any format to any, without a corpus.

What comes in is read twice: first for its labels, whose kinds only all values show, and for what the target has no
room for; then once more into the writer. Memory stays flat wherever the readers' does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from tui_annotate.domain.interchange import ExchangedDocument, Problem
from tui_annotate.errors import AnnotateError, DataError
from tui_annotate.formats import registry, writing
from tui_annotate.formats.base import Format, Item, ProjectFiles, ReadOptions, WriteOptions
from tui_annotate.formats.losses import Losses, may_lose
from tui_annotate.formats.registry import Group
from tui_annotate.formats.safety import safe_name
from tui_annotate.services.fitting import Converted, fitted
from tui_annotate.services.labels_met import LabelsMet

_MOST_PROBLEMS = 1000
_PROGRESS_EVERY = 100


@dataclass(slots=True)
class ConvertedFile:
    """What came of one file, or of the files of one folder or zip that hold a document each."""

    where: str
    format: str
    files: int = 1
    documents: int = 0
    refused: int = 0


@dataclass(slots=True)
class ConvertReport:
    """What a conversion read and wrote."""

    target: str
    format: str
    documents: int = 0
    files: int = 0
    read: list[ConvertedFile] = field(default_factory=list)
    labels: list[str] = field(default_factory=list)
    """What was met, e.g. `entity type DRUG`."""
    lost: dict[str, int] = field(default_factory=dict)
    """What the target has no room for, counted before anything was written."""
    problems: list[Problem] = field(default_factory=list)
    """The first thousand; `more_problems` counts the rest."""
    more_problems: int = 0

    def note(self, problem: Problem) -> None:
        """Keep a problem, or count it."""
        if len(self.problems) < _MOST_PROBLEMS:
            self.problems.append(problem)
        else:
            self.more_problems += 1


@dataclass(frozen=True, slots=True)
class _Source:
    """Files that one reader takes, and the options it gets both times."""

    group: Group
    options: ReadOptions


def convert(
    paths: Sequence[Path | str],
    target: Path | str,
    *,
    from_: str | None = None,
    to: str | None = None,
    options: ReadOptions | None = None,
    project: str = "corpus",
    overwrite: bool = False,
    on_losses: Callable[[Losses], None] | None = None,
    on_progress: Callable[[str, int], None] | None = None,
) -> ConvertReport:
    """Read files, folders, zips or `-` and write them in another format, read back and compared as exports are.

    Args:
        from_: The format of the paths; otherwise each file is told by itself.
        to: The format of the target; otherwise its extension says it.
        on_losses: Called before anything is written when something will be lost; may raise to stop.
        on_progress: Gets `reading` or `writing` and the number of documents.

    Raises:
        UsageError: A path or format does not exist, or the target is there already or says not which format.
        DataError: No document could be read; or what was written reads back differently, and nothing is left.
        StoreError: The target could not be written.
    """
    fmt = registry.get(to) if to else registry.for_target(target)
    writing.check(fmt, target, overwrite=overwrite)
    report = ConvertReport(str(target), fmt.name)
    work = _Conversion(report, fmt, options or ReadOptions(), on_progress or _nothing)
    work.look(list(registry.groups(paths, format=from_)), safe_name(project))
    if not report.documents:
        why = "; ".join(map(str, report.problems[:3])) or "there were no documents"
        raise DataError("Nothing could be read.", hint=why + ".")
    report.lost = work.losses.ordered()
    if report.lost and on_losses is not None:
        on_losses(work.losses)
    written = writing.write(work.documents(), fmt, target, work.write, overwrite=overwrite)
    report.documents, report.files = written.documents, written.files
    for problem in written.problems:
        report.note(problem)
    report.more_problems += written.more_problems
    return report


class _Conversion:
    """One conversion while it runs."""

    def __init__(
        self, report: ConvertReport, format: Format, options: ReadOptions, on_progress: Callable[[str, int], None]
    ) -> None:
        self._report = report
        self._format = format
        self._read = options
        self._on_progress = on_progress
        self._sources: list[_Source] = []
        self._met = 0
        self._refused: set[int] = set()
        """Which documents, in reading order, no scheme has room for."""
        self._projects: list[ProjectFiles] = []
        self.write = WriteOptions()
        self.losses = Losses(format, self.write)

    def look(self, groups: Sequence[Group | Problem], project: str) -> None:
        """Read everything once: report the problems, learn the labels, count the losses."""
        labels = LabelsMet(self._read.scheme)
        # What a format counts by itself may ask for the scheme, which is whole only after all is read.
        is_early = self._format.counts_lost is None
        for group in groups:
            if isinstance(group, Problem):
                self._report.note(group)
                continue
            for piece in _pieces(group):
                source = _Source(piece, replace(self._read, scheme=labels.scheme))
                self._sources.append(source)
                self._look_at(source, labels, count=is_early)
        labels.finish()
        self._report.labels = labels.added
        # Legend, README and guidelines go along as they came, where all came from one project.
        came = self._projects[0] if len(self._projects) == 1 else ProjectFiles()
        self.write = WriteOptions(scheme=labels.scheme.numbered(), project=project, came=came)
        if not is_early and may_lose(self._format, self.write.scheme):
            self.losses = Losses(self._format, self.write)
            for document in self._again():
                self.losses.add(document)

    def documents(self) -> Iterator[ExchangedDocument]:
        """Read everything again, for the writer: label values of the right kinds, no id twice."""
        seen: set[int] = set()
        converted = Converted()
        labels = {label.name: label for label in self.write.scheme.labels}
        for number, document in enumerate(self._again(), 1):
            if document.versions and labels:
                document, problems = fitted(document, labels, converted)
                for problem in problems:
                    self._report.note(problem)
            if "ids" in self._format.holds:
                document = self._of_its_own(document, seen)
            yield document
            if number % _PROGRESS_EVERY == 0:
                self._on_progress("writing", number)
        for problem in converted.problems():
            self._report.note(problem)

    def _look_at(self, source: _Source, labels: LabelsMet, *, count: bool) -> None:
        group = source.group
        where = ", ".join(file.where for file in group.files[:3]) if group.format.many else group.where
        found = ConvertedFile(where or group.files[0].where, group.format.name, len(group.files))
        self._report.read.append(found)
        for item in _items(source):
            try:
                if isinstance(item, Problem):
                    found.refused += item.severity == "refused"
                    self._report.note(item)
                elif isinstance(item, ExchangedDocument):
                    self._met += 1
                    labels.meet(item)
                    found.documents += 1
                    self._take(item, count=count)
                else:
                    labels.hint(item)
                    if item.came is not None:
                        self._projects.append(item.came)
            except AnnotateError as error:
                if isinstance(item, ExchangedDocument):
                    self._refused.add(self._met - 1)
                found.refused += 1
                self._report.note(Problem("refused", item.where, "", error.message))

    def _take(self, document: ExchangedDocument, *, count: bool) -> None:
        self._report.documents += 1
        if count:
            self.losses.add(document)
        if self._report.documents % _PROGRESS_EVERY == 0:
            self._on_progress("reading", self._report.documents)

    def _again(self) -> Iterator[ExchangedDocument]:
        items = (item for source in self._sources for item in _items(source))
        documents = (item for item in items if isinstance(item, ExchangedDocument))
        return (document for number, document in enumerate(documents) if number not in self._refused)

    def _of_its_own(self, exchanged: ExchangedDocument, seen: set[int]) -> ExchangedDocument:
        """Give a document another id when one before had the same."""
        key, number = exchanged.document.key, 1
        while hash(key) in seen:
            number += 1
            key = f"{exchanged.document.key}-{number}"
        seen.add(hash(key))
        if number == 1:
            return exchanged
        reason = f"{exchanged.document.key!r} is the id of another document; this one is called {key!r}"
        self._report.note(Problem("repaired", exchanged.where, "id", reason))
        return replace(exchanged, document=replace(exchanged.document, key=key), source={})


def _pieces(group: Group) -> Iterator[Group]:
    """Yield what one reader takes at a time, as an import does: a file that many documents share, or all files."""
    if group.format.many:
        for file in group.files:
            yield replace(group, files=(file,))
    else:
        yield group


def _items(source: _Source) -> Iterator[Item]:
    return registry.read_group(source.group, source.options)


def _nothing(what: str, count: int) -> None:
    """Report nothing."""
