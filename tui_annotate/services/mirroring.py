"""The text mirror: a folder with a text and a file of lines for each document, kept in step with the corpus both ways.

What was edited in the folder comes in as the annotator's decisions, an act a document; what was decided in the corpus
goes out. What was changed on both sides stays as the corpus has it, and the other is kept beside it.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from tui_annotate.domain.annotations import Annotations
from tui_annotate.domain.scheme import Scheme
from tui_annotate.errors import DataError
from tui_annotate.formats.mirror import files as mirror_files
from tui_annotate.formats.mirror import lines as mirror_lines
from tui_annotate.formats.mirror.files import LINES, TEXT, Cached, Entry, Folder, Head, Known, digest
from tui_annotate.formats.mirror.lines import Page
from tui_annotate.formats.safety import Names
from tui_annotate.formats.schemes import toml as scheme_toml
from tui_annotate.services import mirror_pages
from tui_annotate.services.mirror_edits import Edits
from tui_annotate.session.working import WorkingDocument
from tui_annotate.store import documents, fingerprints, log, settings, suggestions, versions
from tui_annotate.store.connection import Corpus
from tui_annotate.store.fingerprints import Fingerprint
from tui_annotate.store.outgoing import Outgoing, outgoing

_MOST = 1000
_AT_ONCE = 100
_NEVER = ((0, 0), (0, 0))
"""As if both files had never been seen: they are looked at again the next time."""
_IGNORED = f"/{mirror_files.CACHE}\n*.part\n".encode()
_ATTRIBUTES = b"/documents/** -text\n"
"""So that git leaves line ends as they are."""


@dataclass(slots=True)
class MirrorReport:
    """What bringing a mirror into step did, or would do."""

    folder: str
    dry_run: bool = False
    documents: int = 0
    unchanged: int = 0
    written: int = 0
    """Documents of which a file was written."""
    read_back: int = 0
    """Documents whose edits came in."""
    decisions: int = 0
    """What they came in as."""
    removed: int = 0
    """Documents that the corpus has no more."""
    conflicts: list[str] = field(default_factory=list)
    """Files that were changed on both sides, or may not be changed; the first thousand."""
    refused: list[str] = field(default_factory=list)
    """Lines that could not be read, `file:line: reason`; the first thousand."""
    more: int = 0
    """Further conflicts and refusals."""
    notes: list[str] = field(default_factory=list)
    """What else is to be known: files that were missing, and such as are no documents'; the first thousand."""

    @property
    def in_step(self) -> bool:
        """Say whether nothing is left that somebody has to look at."""
        return not (self.conflicts or self.refused or self.more)

    def note(self, found: list[str], said: str) -> None:
        """Keep a conflict or a refusal, or count it."""
        if len(found) < _MOST:
            found.append(said)
        else:
            self.more += 1

    def tell(self, said: str) -> None:
        """Keep a note, as long as there are not too many."""
        if len(self.notes) < _MOST:
            self.notes.append(said)


def mirror(
    corpus: Corpus,
    folder: Path,
    *,
    annotator: str,
    dry_run: bool = False,
    on_progress: Callable[[int], None] | None = None,
) -> MirrorReport:
    """Bring a folder and a corpus into step, in flat memory; what nobody touched is not read again.

    Raises:
        UsageError: The folder holds other things than a mirror.
        DataError: The manifest is damaged, or the mirror is another annotator's.
        StoreError: The corpus could not be written.
    """
    place = Folder(folder)
    head = place.check()
    if head is not None and head.annotator != annotator:
        raise DataError(
            f"{folder} is the mirror of {head.annotator}, and you are {annotator}.",
            hint="Name another folder, or say who you are with --annotator.",
        )
    report = MirrorReport(str(folder), dry_run)
    try:
        _Sync(corpus, place, annotator, report, head, on_progress).run(head is not None)
    except OSError as error:
        raise DataError(f"{error.filename or folder}: {error.strerror}.") from error
    return report


class _Sync:
    """One run over all documents."""

    def __init__(
        self,
        corpus: Corpus,
        folder: Folder,
        annotator: str,
        report: MirrorReport,
        head: Head | None,
        on_progress: Callable[[int], None] | None,
    ) -> None:
        self._corpus = corpus
        self._folder = folder
        self._annotator = annotator
        self._report = report
        self._scheme: Scheme = settings.scheme(corpus)
        self._settings = settings.load(corpus)
        self._toml = scheme_toml.write(self._scheme).encode("utf-8", "replace")
        self._toml_was = head.scheme if head is not None else ""
        common = f"{digest(self._toml)}{' blind' * self._settings.holdout_blind}"
        self._head = Head(mirror_files.VERSION, annotator, digest(self._toml), common)
        self._is_common_same = head is not None and head.common == common
        self._on_progress = on_progress
        self._names = Names()
        self._gone: dict[str, Known] = {}
        """By place: documents that the corpus has no more, or has at another place in its order."""
        self._changed = not self._is_common_same

    def run(self, exists: bool) -> None:
        """Go through the corpus and the manifest side by side."""
        report, dry_run = self._report, self._report.dry_run
        if not dry_run:
            self._folder.path.mkdir(parents=True, exist_ok=True)
        known = self._folder.known() if exists else iter(())
        with tempfile.TemporaryDirectory(dir=None if dry_run else self._folder.path, prefix=".mirror-") as aside:
            manifest, cache = Path(aside, "manifest"), Path(aside, "cache")
            with manifest.open("wb") as entries, cache.open("wb") as seen:
                entries.write(mirror_files.line(self._head))
                for entry, cached in self._documents(known):
                    entries.write(mirror_files.line(entry))
                    seen.write(mirror_files.line(cached))
                    report.documents += 1
                    if self._on_progress is not None and report.documents % 200 == 0:
                        self._on_progress(report.documents)
            self._remove_gone()
            self._tell_strange()
            if not dry_run:
                self._write_shared()
                self._folder.finish(manifest, cache, changed=self._changed or not exists)

    def _documents(self, known: Iterator[Known]) -> Iterator[tuple[Entry, Cached]]:
        """Yield the manifest's new lines; documents that have to be looked at are read some at a time."""
        waiting = next(known, None)
        prints = fingerprints.fingerprints(self._corpus)
        while some := list(islice(prints, _AT_ONCE)):
            met: list[tuple[Fingerprint, Known | None]] = []
            for one in some:
                while waiting is not None and waiting.entry.id != one.key and self._is_before(waiting, one):
                    self._leave(waiting)
                    waiting = next(known, None)
                if waiting is not None and waiting.entry.id == one.key:
                    met.append((one, waiting))
                    self._names.take(waiting.entry.file, one.key)
                    waiting = next(known, None)
                else:
                    met.append((one, None))
            yield from self._some(met)
        while waiting is not None:
            self._leave(waiting)
            waiting = next(known, None)

    def _is_before(self, known: Known, one: Fingerprint) -> bool:
        """Say whether a document of the manifest is one that the corpus has no more, as far as can be told."""
        found = documents.find(self._corpus, known.entry.id)
        return found is None or found < one.id

    def _leave(self, known: Known) -> None:
        self._gone[known.entry.file] = known
        self._changed = True

    def _some(self, met: list[tuple[Fingerprint, Known | None]]) -> Iterator[tuple[Entry, Cached]]:
        touched = {one.id: self._untouched(one, known) for one, known in met}
        ids = [id for id, cached in touched.items() if cached is None]
        read = {one.id: one for one in outgoing(self._corpus, ids=ids)} if ids else {}
        for one, known in met:
            cached = touched[one.id]
            if cached is not None:
                assert known is not None
                self._report.unchanged += 1
                yield known.entry, cached
            elif one.id in read:
                try:
                    entry, cached = self._document(one, read[one.id], known)
                except DataError as error:
                    self._report.note(self._report.refused, str(error))
                    if known is not None:
                        yield known.entry, Cached(one.id, "", *_NEVER)
                    continue
                self._changed = self._changed or known is None or entry != known.entry
                yield entry, cached

    def _untouched(self, one: Fingerprint, known: Known | None) -> Cached | None:
        """Return what the cache has of a document, when nothing of it changed on either side."""
        cached = known.cached if known is not None else None
        if known is None or cached is None or not self._is_common_same:
            return None
        if (cached.row, cached.mark) != (one.id, one.mark):
            return None
        for name, seen in ((known.entry.file + TEXT, cached.text), (known.entry.file + LINES, cached.lines)):
            if self._folder.seen(name) != seen:
                return None
        return cached

    def _document(self, one: Fingerprint, read: Outgoing, known: Known | None) -> tuple[Entry, Cached]:
        """Bring one document into step."""
        if known is None:
            file, base = self._new_place(one)
        else:
            file, base = known.entry.file, known.entry
        blind = one.held_out and self._settings.holdout_blind
        text = read.document.text.encode("utf-8", "surrogatepass")
        is_written = self._put_text(file, text, base)
        there = self._there(file + LINES)
        self._tell_missing(file + LINES, there, base)
        settled = self._settle_lines(one, read, file, there, base, blind=blind)
        if settled is None:
            assert base is not None
            entry = Entry(one.key, file, digest(text), base.lines)
            return entry, Cached(one.id, "", *_NEVER)
        lines, mark = settled
        is_written = self._put(file + LINES, lines, there) or is_written
        self._report.written += is_written
        seen = self._folder.seen(file + TEXT) or (0, 0), self._folder.seen(file + LINES) or (0, 0)
        return Entry(one.key, file, digest(text), digest(lines)), Cached(one.id, mark, *seen)

    def _settle_lines(
        self, one: Fingerprint, read: Outgoing, file: str, theirs: bytes | None, base: Entry | None, *, blind: bool
    ) -> tuple[bytes, str] | None:
        """Return what the file of lines is to hold, and the document's mark then; None to leave it as it is."""
        page = self._page(read, blind=blind)
        head = mirror_pages.head(read.document, self._annotator)
        ours = page.text(head)
        if theirs is None or theirs == ours or base is None or digest(theirs) == base.lines:
            return ours, one.mark
        where = self._folder.path / (file + LINES)
        try:
            after = mirror_lines.parse(theirs)
            if digest(ours) != base.lines:
                if after.says() != page.says():
                    self._beside(file + LINES, theirs, "was changed here and in the corpus, and is as there now")
                return ours, one.mark
            given = mirror_pages.imported(read, self._annotator).given
            decisions = self._edits(one, given, blind=blind).decisions(page, after)
        except DataError as error:
            self._report.note(self._report.refused, f"{where}:{error}")
            return None
        if not decisions:
            return ours, one.mark
        self._report.read_back += 1
        self._report.decisions += len(decisions)
        if self._report.dry_run:
            return theirs, one.mark
        log.record(self._corpus, decisions)
        (now,) = outgoing(self._corpus, ids=[one.id])
        return self._page(now, blind=blind).text(head), ""

    def _page(self, read: Outgoing, *, blind: bool) -> Page:
        working = mirror_pages.working(read, self._annotator, self._scheme, blind=blind)
        return mirror_pages.page(working, mirror_pages.imported(read, self._annotator))

    def _edits(self, one: Fingerprint, given: Annotations, *, blind: bool) -> Edits:
        corpus = self._corpus
        working = WorkingDocument(
            documents.row(corpus, one.id),
            documents.load(corpus, one.id),
            versions.load(corpus, one.id, self._annotator),
            () if blind else suggestions.of(corpus, one.id),
            scheme=self._scheme,
        )
        return Edits(working, self._scheme, self._annotator, given, strict=self._settings.confirm_strictly)

    def _put_text(self, file: str, text: bytes, base: Entry | None) -> bool:
        """Write a text where it is not there, or is another; one that somebody edited is kept beside it."""
        there = self._there(file + TEXT)
        self._tell_missing(file + TEXT, there, base)
        if there is not None and base is not None and there != text and digest(there) != base.text:
            self._beside(file + TEXT, there, "was changed, and texts are never altered; written again")
        return self._put(file + TEXT, text, there)

    def _tell_missing(self, name: str, there: bytes | None, base: Entry | None) -> None:
        """Say that a file is written again which somebody took away or renamed."""
        if there is None and base is not None:
            self._report.tell(f"{self._folder.path / name}: was taken away, or renamed; written again")

    def _put(self, name: str, content: bytes, there: bytes | None) -> bool:
        """Write a file unless it holds that already; say whether it did not."""
        if there == content:
            return False
        if not self._report.dry_run:
            self._folder.write(name, content)
        return True

    def _there(self, name: str) -> bytes | None:
        return None if self._folder.seen(name) is None else self._folder.read(name)

    def _beside(self, name: str, content: bytes, reason: str) -> None:
        """Keep what somebody wrote beside the file, and say so."""
        beside = "" if self._report.dry_run else self._folder.keep_beside(name, content)
        kept = f"; what you wrote is kept as {Path(beside).name}" if beside else ""
        self._report.note(self._report.conflicts, f"{self._folder.path / name}: {reason}{kept}")

    def _new_place(self, one: Fingerprint) -> tuple[str, Entry | None]:
        """Return a place for a document: free, or that of the same document which was met elsewhere."""
        wanted = mirror_files.place(one.key, one.folder)
        file = wanted
        gone = self._gone.get(file)
        if gone is not None and gone.entry.id == one.key:
            del self._gone[file]
            self._names.take(file, one.key)
            return file, gone.entry
        for number in range(1, 1000):
            file = self._names.take(wanted if number == 1 else f"{wanted}-{number}", one.key)
            if all(self._folder.seen(file + ending) is None for ending in (TEXT, LINES)):
                break
        return file, None

    def _remove_gone(self) -> None:
        """Remove the files of documents that the corpus has no more; those that were edited are kept beside."""
        for file, known in self._gone.items():
            self._report.removed += 1
            for name, was in ((file + TEXT, known.entry.text), (file + LINES, known.entry.lines)):
                there = self._there(name)
                if there is not None and digest(there) != was:
                    self._beside(name, there, "was changed, and the corpus has no such document any more")
                if there is not None and not self._report.dry_run:
                    self._folder.remove(name)

    def _tell_strange(self) -> None:
        """Say which files look like a document's and are none's: what they say is not read."""
        ours = 2 * self._report.documents
        if sum(1 for _ in self._folder.pages()) <= ours:
            return
        for name in self._folder.pages():
            file = name.removesuffix(TEXT).removesuffix(LINES)
            if not self._names.has(file) and file not in self._gone:
                self._report.tell(f"{self._folder.path / name}: belongs to no document of the corpus; it is not read")

    def _write_shared(self) -> None:
        """Write the scheme, and what git has to know."""
        for name, content in ((mirror_files.IGNORE, _IGNORED), (mirror_files.ATTRIBUTES, _ATTRIBUTES)):
            if self._folder.seen(name) is None:
                self._folder.write(name, content)
        toml = self._toml
        there = self._there(mirror_files.SCHEME)
        if there not in (None, toml) and there is not None and digest(there) != self._toml_was:
            self._beside(mirror_files.SCHEME, there, "was changed; the scheme is changed with `tui-annotate scheme`")
        self._put(mirror_files.SCHEME, toml, there)
