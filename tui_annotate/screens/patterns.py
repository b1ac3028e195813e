"""The patterns screen: what suggests from the first document on; try, add, switch off, remove, import, export."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import ClassVar

from textual.binding import BindingType

from tui_annotate.domain.patterns import Pattern
from tui_annotate.formats import pattern_files
from tui_annotate.keymaps.assignment import Keymap
from tui_annotate.screens.bindings import bindings
from tui_annotate.screens.opened import OpenedCorpus
from tui_annotate.screens.pattern_asking import PatternAsking, counted, requeue
from tui_annotate.screens.picker import Choice, Picker, matching
from tui_annotate.screens.prompt import Prompt, typed_path
from tui_annotate.screens.report import ReportScreen
from tui_annotate.screens.rows_screen import RowsScreen, TableRow
from tui_annotate.services import patterns as taking
from tui_annotate.services.patterns import PatternReport
from tui_annotate.store import patterns
from tui_annotate.store.connection import Corpus

_MOST = 500
_COLUMNS = ("suggests", "kind", "pattern", "", "by")


class PatternsScreen(RowsScreen[None]):
    """Shows the patterns, the newest first."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings("patterns")]
    HINTS = (
        ("add-pattern", "add"),
        ("try-pattern", "try"),
        ("switch-pattern", "on or off"),
        ("remove-pattern", "remove"),
        ("import-patterns", "import"),
        ("export-patterns", "export"),
        ("filter-patterns", "filter"),
    )

    def __init__(self, opened: OpenedCorpus, keymap: Keymap) -> None:
        super().__init__(f"{opened.path.name}: patterns", keymap)
        self._opened = opened
        self._text = ""
        self._total = 0
        self._patterns: dict[str, Pattern] = {}
        self._tried: dict[str, str] = {}
        """What was counted, by row."""
        self._troubled: dict[str, str] = {}
        """Why patterns are left out since the corpus was opened, by row."""

    def on_mount(self) -> None:
        """Read the patterns."""
        self.later(self.renew)

    async def renew(self) -> None:
        """Show what the corpus has now."""
        text = self._text

        def read(corpus: Corpus) -> tuple[list[Pattern], int, dict[str, str]]:
            count = sum(held.count for held in patterns.held(corpus))
            troubled = {str(pattern.id): reason for pattern, reason in patterns.matcher(corpus).troubled}
            return patterns.page(corpus, text=text, limit=_MOST), count, troubled

        found, self._total, self._troubled = await self._opened.writer(read)
        self._patterns = {str(pattern.id): pattern for pattern in found}
        self.fill(_COLUMNS, [self._row(pattern) for pattern in found])
        self.tell(self._summary(len(found)))

    def _summary(self, count: int) -> str:
        if not self._total:
            return "none yet: add one, or import a file of them"
        held = f" that hold “{self._text}”" if self._text else ""
        return f"{count:,} of {self._total:,}{held}" if count < self._total else f"{self._total:,}"

    def details(self, key: str) -> str:
        """Return a pattern in full, and what was counted of it."""
        pattern = self._patterns[key]
        case = ", capitals count" if pattern.case and pattern.kind == "words" else ""
        said = f"{pattern.label} ({pattern.kind}{case}): {pattern.body}\n"
        return f"{said}{self._left_out(key)}{self._tried.get(key, '')}".rstrip()

    def _left_out(self, key: str) -> str:
        reason = self._troubled.get(key)
        return f"left out until the corpus is opened again: it {reason}\n" if reason else ""

    def _row(self, pattern: Pattern) -> TableRow:
        key = str(pattern.id)
        state = "off" if not pattern.enabled else "left out" if key in self._troubled else ""
        return TableRow(
            key, (pattern.label, pattern.kind, pattern.body, state, pattern.annotator), "dim" if state else ""
        )

    def action_do(self, id: str) -> None:
        """Do what a key is for."""
        table: dict[str, Callable[[], None]] = {
            "add-pattern": self._add,
            "try-pattern": self._try,
            "switch-pattern": self._switch,
            "remove-pattern": self._remove,
            "import-patterns": self._import,
            "export-patterns": self._export,
            "filter-patterns": self._filter,
        }
        if id in table:
            table[id]()
        else:
            super().action_do(id)

    @property
    def _pattern(self) -> Pattern | None:
        return self._patterns.get(self.chosen or "")

    def _add(self) -> None:
        asking = PatternAsking(self.app, self._opened, tell=self.tell, kept=self.renew)
        self.later(asking.label)

    def _try(self) -> None:
        pattern = self._pattern
        if pattern is not None:
            self.later(lambda: self._count(pattern))

    async def _count(self, pattern: Pattern) -> None:
        self.tell(f"looking for {pattern.body} …")
        found = await counted(self._opened, pattern)
        lines = [str(found), *found.troubled]
        lines += [f"{one.name}: {one.before}[{one.found}]{one.after}" for one in found.examples]
        self._tried[str(pattern.id)] = "\n".join(lines)
        await self.renew()

    def _switch(self) -> None:
        pattern = self._pattern
        if pattern is not None:
            self._change(lambda corpus: patterns.enable(corpus, [pattern.id], not pattern.enabled))

    def _remove(self) -> None:
        pattern = self._pattern
        if pattern is None:
            return

        def answered(answer: Choice[bool] | str | None) -> None:
            if isinstance(answer, Choice) and answer.value:
                self._change(lambda corpus: patterns.remove(corpus, [pattern.id]))

        choices = [Choice(True, "remove it", "what was decided stays"), Choice(False, "keep it")]
        self.app.push_screen(Picker(f"remove {pattern.body}?", lambda query: matching(query, choices)), answered)

    def _change(self, change: Callable[[Corpus], object]) -> None:
        def write(corpus: Corpus) -> None:
            change(corpus)
            requeue(corpus)

        async def run() -> None:
            await self._opened.writer(write)
            await self.renew()

        self.later(run)

    def _filter(self) -> None:
        def given(text: str | None) -> None:
            if text is not None:
                self._text = text.strip()
                self.later(self.renew)

        self.app.push_screen(Prompt("patterns that hold", value=self._text, hint="Empty shows all."), given)

    def _import(self) -> None:
        def given(text: str | None) -> None:
            if text and text.strip():
                path, _, label = text.strip().partition(" ")
                self.later(lambda: self._take_in(typed_path(path), label.strip()))

        hint = "A .jsonl, .csv, .tsv, .txt or .regex; for lists the label behind it: drugs.txt DRUG"
        self.app.push_screen(Prompt("import patterns from", hint=hint), given)

    async def _take_in(self, path: Path, label: str) -> None:
        by, corpus_path = self._opened.annotator, self._opened.path

        def take() -> PatternReport:
            with Corpus.open(corpus_path) as corpus:
                return taking.take_in(corpus, [path], annotator=by, label=label)

        self.tell(f"reading {path} …")
        report = await asyncio.to_thread(take)
        await self._opened.writer(requeue)
        await self.renew()
        said = f"{report.read:,} read, {report.new:,} new, {report.refused:,} refused"
        self.tell(said)
        if report.problems or report.added:
            lines = [said, *(f"new in the scheme: {name}" for name in report.added), *map(str, report.problems)]
            self.app.push_screen(ReportScreen("patterns", lines))

    def _export(self) -> None:
        def given(text: str | None) -> None:
            if text and text.strip():
                self.later(lambda: self._give_out(typed_path(text)))

        value = str(self._opened.path.with_suffix(".patterns.jsonl"))
        self.app.push_screen(Prompt("write patterns to", value=value, hint="A new .jsonl, .csv or .tsv."), given)

    async def _give_out(self, path: Path) -> None:
        format = pattern_files.format_of(str(path))

        def write(corpus: Corpus) -> int:
            taking.write_out(corpus, path, format)
            return taking.left_out(corpus, format)

        left_out = await self._opened.reader(write)
        self.tell(f"written to {path}" + (f"; {left_out:,} cannot be said so, jsonl holds all" if left_out else ""))
