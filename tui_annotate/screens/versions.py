"""The versions screen: whose annotations there are of the open document, where they differ, and which of them count."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import ClassVar, TypeVar

from textual.binding import BindingType

from tui_annotate.domain.annotations import Annotations
from tui_annotate.domain.clock import local_time
from tui_annotate.domain.differences import differences
from tui_annotate.domain.documents import Document
from tui_annotate.domain.scheme import Scheme
from tui_annotate.domain.selection import Review
from tui_annotate.errors import UndoError
from tui_annotate.keymaps.assignment import Keymap
from tui_annotate.screens.asking import REVIEWS
from tui_annotate.screens.bindings import bindings
from tui_annotate.screens.corpus_thread import CorpusThread
from tui_annotate.screens.prompt import Prompt
from tui_annotate.screens.rows_screen import RowsScreen, TableRow
from tui_annotate.screens.version_text import VersionText
from tui_annotate.services import versions_of
from tui_annotate.services.versions_of import ShownDocument, ShownVersion
from tui_annotate.store import documents, reviewing, settings, steps
from tui_annotate.store.connection import Corpus

T = TypeVar("T")

_COLUMNS = ("annotator", "state", "review", "training picks it", "entities", "labels", "decided", "priority")


@dataclass(frozen=True, slots=True)
class _Read:
    """What was read for the screen."""

    found: ShownDocument
    document: Document
    scheme: Scheme
    tie: str


class VersionsScreen(RowsScreen[bool]):
    """Shows the versions of a document; its result says whether something was written."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings("versions")]
    HINTS = (
        ("accept-version", "accept"),
        ("reject-version", "reject"),
        ("correct-version", "to correct"),
        ("clear-review", "clear"),
        ("read-version", "read"),
        ("take-version", "begin from it"),
        ("undo-review", "undo"),
    )

    def __init__(self, corpus: CorpusThread, keymap: Keymap, document: int, annotator: str, *, colour: bool) -> None:
        super().__init__("versions", keymap)
        self._corpus = corpus
        self._document = document
        self._annotator = annotator
        self._colour = colour
        self._read: _Read | None = None
        self._wrote = False

    def on_mount(self) -> None:
        """Read the versions."""
        self.later(self._renew)

    async def _renew(self) -> None:
        document = self._document

        def read(corpus: Corpus) -> _Read:
            found = versions_of.of_document(corpus, document)
            whole = documents.load(corpus, document)
            return _Read(found, whole, settings.scheme(corpus), settings.load(corpus).tie)

        self._read = await self._corpus(read)
        row = self._read.found.row
        self._heading = f"versions of {row.name or row.key}"
        self.tell(self._says(self._read.found))
        rows = [self._row(version) for version in self._read.found.versions]
        self.fill(_COLUMNS, rows)

    def _says(self, found: ShownDocument) -> str:
        if not found.versions:
            return "nobody has begun it"
        if found.row.adjudicate:
            return "to adjudicate: several are confirmed, accept one of them"
        return f"training uses none: {found.why_none}" if found.why_none else ""

    def _row(self, version: ShownVersion) -> TableRow:
        held = version.row
        you = " (you)" if held.annotator == self._annotator else ""
        cells = (
            held.annotator + you,
            held.state.value.replace("_", " "),
            REVIEWS[held.review],
            version.rule,
            str(len(version.annotations.entities)),
            str(len(version.annotations.labels)),
            local_time(version.at),
            str(held.priority),
        )
        return TableRow(held.annotator, cells, "bold" if version.rule else "")

    def details(self, key: str) -> str:
        """Return what was said of a version, and where it differs from yours, or from the one that counts."""
        read = self._read
        version = read.found.version(key) if read is not None else None
        if read is None or version is None:
            return ""
        lines = []
        if version.note is not None:
            said = REVIEWS[version.note.review] or "review taken back"
            note = f": {version.note.text}" if version.note.text else ""
            lines.append(f"{said} by {version.note.by}, {local_time(version.note.at)}{note}")
        other = self._other(version)
        if other is None:
            return "\n".join(lines) or "There is no other version to compare it with."
        name = other.row.annotator
        found = differences(version.annotations, other.annotations)
        whose = "yours" if name == self._annotator else f"that of {name}"
        if not found.count:
            return "\n".join([*lines, f"The same as {whose}."])
        lines.append(f"{found.count} different from {whose}, {found.same} the same:")
        return "\n".join([*lines, *versions_of.difference_lines(found, read.document, first=key, second=name)])

    def _other(self, version: ShownVersion) -> ShownVersion | None:
        """Return what a version is compared with: yours, or for yours the first of the others."""
        assert self._read is not None
        found = self._read.found
        mine = found.version(self._annotator)
        if mine is not None and mine is not version:
            return mine
        return next((other for other in found.versions if other is not version), None)

    def action_do(self, id: str) -> None:
        """Do what a key is for."""
        table: dict[str, Callable[[], None]] = {
            "accept-version": lambda: self._say(Review.ACCEPTED),
            "reject-version": lambda: self._ask_note(Review.REJECTED, "why is it rejected?"),
            "correct-version": lambda: self._ask_note(Review.TO_CORRECT, "what is to be corrected?"),
            "clear-review": lambda: self._say(Review.NONE),
            "read-version": self._read_text,
            "take-version": self._take,
            "undo-review": self._undo,
        }
        if id in table:
            table[id]()
        else:
            super().action_do(id)

    def close_list(self) -> None:
        """Leave, and say whether something was written."""
        self.dismiss(self._wrote)

    @property
    def _version(self) -> ShownVersion | None:
        return self._read.found.version(self.chosen or "") if self._read is not None else None

    def _say(self, verdict: Review, note: str = "") -> None:
        version = self._version
        if version is None:
            return
        document, of, by = self._document, version.row.annotator, self._annotator
        said = f"{of}: {REVIEWS[verdict] or 'not reviewed'}"
        self._write(lambda corpus: reviewing.review(corpus, document, of, verdict, by=by, note=note), said)

    def _ask_note(self, verdict: Review, question: str) -> None:
        version = self._version
        if version is None:
            return

        def given(text: str | None) -> None:
            if text is not None:
                self._say(verdict, text.strip())

        hint = f"{version.row.annotator} reads it. It may be empty."
        self.app.push_screen(Prompt(question, hint=hint), given)

    def _take(self) -> None:
        version = self._version
        if version is None:
            return
        document, of, me = self._document, version.row.annotator, self._annotator
        self._write(
            lambda corpus: versions_of.take(corpus, document, annotator=me, of=of), f"yours is the same as {of}'s now"
        )

    def _undo(self) -> None:
        me, document = self._annotator, self._document

        def undo(corpus: Corpus) -> None:
            if steps.next_undone(corpus, me) != document:
                raise UndoError("Your last decision was on another document.", hint="Go back, and undo it there.")
            steps.undo(corpus, me)

        self._write(undo, "your last decision is taken back")

    def _write(self, job: Callable[[Corpus], object], said: str) -> None:
        async def write() -> None:
            await self._corpus(job)
            self._wrote = True
            await self._renew()
            self.tell(said)

        self.later(write)

    def _read_text(self) -> None:
        version, read = self._version, self._read
        if version is None or read is None:
            return
        other = self._other(version)
        compared = other.annotations if other is not None else Annotations()
        row = replace(read.found.row, tags=())
        name = other.row.annotator if other is not None else ""
        screen = VersionText(
            row,
            read.document,
            read.scheme,
            self._keymap,
            whose=version.row.annotator,
            annotations=version.annotations,
            other=name,
            compared=compared if other is not None else None,
            colour=self._colour,
        )
        self.app.push_screen(screen)
