"""Asking for a pattern: what it suggests, what it looks for, and, having seen where it stands, whether to keep it."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from typing import Any

from textual.app import App

from tui_annotate.domain.display import shown
from tui_annotate.domain.patterns import Pattern, PatternKind, label_text
from tui_annotate.domain.scheme import Scheme
from tui_annotate.errors import AnnotateError
from tui_annotate.screens.opened import OpenedCorpus
from tui_annotate.screens.picker import Choice, Picker, matching
from tui_annotate.screens.prompt import Prompt
from tui_annotate.services import pattern_trial, patterns
from tui_annotate.services.pattern_trial import Tally
from tui_annotate.store import cold_start, settings
from tui_annotate.store.connection import Corpus

_LOOK_SECONDS = 3.0
"""A count in the app is given up after this; it says how far it came."""
_FILL_SECONDS = 0.05
HINT = "Words, or /a regular expression/, or [{conditions on tokens}]."


class PatternAsking:
    """Asks in turn; each question may be left, and then nothing is kept."""

    def __init__(
        self,
        app: App[Any],
        opened: OpenedCorpus,
        *,
        tell: Callable[[str], None],
        kept: Callable[[], Awaitable[None]],
    ) -> None:
        self._app = app
        self._opened = opened
        self._tell = tell
        self._kept = kept

    async def label(self, text: str = "") -> None:
        """Ask what the pattern suggests, then for the pattern."""
        scheme = await self._opened.writer(settings.scheme)
        choices = [Choice(name, name) for name in suggestible(scheme)]

        def picked(answer: Choice[str] | str | None) -> None:
            if answer is not None:
                self.text(answer.value if isinstance(answer, Choice) else answer, text)

        new = (
            None if scheme.labels and not scheme.entities else lambda name: f"create the type {' '.join(name.split())}"
        )
        question = Picker("a pattern that suggests", lambda query: matching(query, choices), create=new)
        self._app.push_screen(question, picked)

    def text(self, label: str, text: str = "", hint: str = HINT) -> None:
        """Ask what to look for, then look for it."""

        def given(answer: str | None) -> None:
            if answer is not None and answer.strip():
                self._app.run_worker(self._guarded(self._try(label, answer.strip()), label, answer))

        self._app.push_screen(Prompt(f"pattern for {shown(label, 40)}", value=text, hint=hint), given)

    async def _try(self, label: str, text: str) -> None:
        kind, body = kind_of(text)
        pattern = await self._opened.writer(lambda corpus: patterns.make(corpus, label, kind, body))
        self._tell(f"looking for {pattern.body} …")
        found = await counted(self._opened, pattern)
        self._tell("")
        choices = [Choice(True, f"keep {pattern.body}"), Choice(False, "leave it")]
        # Who takes an example has looked, and wants the pattern.
        choices += [Choice(True, f"{e.before}[{e.found}]{e.after}", e.name) for e in found.examples]

        def answered(answer: Choice[bool] | str | None) -> None:
            if isinstance(answer, Choice) and answer.value:
                self._app.run_worker(self._guarded(self._keep(pattern), label, text))

        self._app.push_screen(Picker(str(found), lambda query: matching(query, choices)), answered)

    async def _keep(self, pattern: Pattern) -> None:
        by = self._opened.annotator

        def keep(corpus: Corpus) -> int:
            new = patterns.keep(corpus, [pattern], annotator=by)
            requeue(corpus)
            return new

        new = await self._opened.writer(keep)
        await self._kept()
        self._tell(f"new pattern for {pattern.label}" if new else "this pattern is there already")

    async def _guarded(self, work: Awaitable[None], label: str, text: str) -> None:
        try:
            await work
        except AnnotateError as error:
            # Asked again with what was typed, so that it can be mended.
            self._tell("")
            self.text(label, text, hint=str(error))


def suggestible(scheme: Scheme) -> list[str]:
    """Return what patterns can suggest: the entity types, then the values of document labels."""
    found = [type.name for type in scheme.entities]
    return found + [label_text(m.name, v) for m in scheme.labels for v in m.values if isinstance(v, bool | str)]


def kind_of(text: str) -> tuple[PatternKind, str]:
    """Return what kind of pattern somebody typed, and its body."""
    if len(text) > 2 and text.startswith("/") and text.endswith("/"):
        return "regex", text[1:-1]
    return ("tokens", text) if text.startswith("[{") else ("words", text)


async def counted(opened: OpenedCorpus, pattern: Pattern) -> Tally:
    """Count where a pattern stands, stretch by stretch, until all was seen or it has taken long enough."""
    looking = await opened.reader(lambda corpus: pattern_trial.tally(corpus, [pattern]))
    deadline = time.monotonic() + _LOOK_SECONDS
    found = Tally()
    while not found.ended and time.monotonic() < deadline:
        found = await opened.reader(lambda _: next(looking))
    return found


def requeue(corpus: Corpus) -> None:
    """Let patterns that changed order the queue anew, where nothing is learned."""
    cold_start.renew(corpus)
    values = settings.load(corpus)
    if cold_start.is_wanted(corpus, values):
        cold_start.fill(corpus, values, seconds=_FILL_SECONDS)
