"""What the scheme editor asks: which label, which field of it, what it is to be; drawn while it is typed."""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from textual.app import App

from tui_annotate.domain import scheme_changes as domain
from tui_annotate.domain.scheme import Scheme
from tui_annotate.domain.scheme_changes import GROUPS, Group, Target
from tui_annotate.errors import SchemeError
from tui_annotate.screens.live_prompt import LivePrompt
from tui_annotate.screens.opened import OpenedCorpus
from tui_annotate.screens.picker import Choice
from tui_annotate.services.scheme_draft import Draft, Field, Row
from tui_annotate.store import settings
from tui_annotate.store.connection import Corpus
from tui_annotate.store.relabelling import label_use


class Editing(Protocol):
    """What the questions need of the screen."""

    draft: Draft
    opened: OpenedCorpus
    keys: Mapping[str, Sequence[str]]
    wrote: bool

    @property
    def app(self) -> App[Any]: ...
    @property
    def row(self) -> Row | None: ...
    def ask(self, title: str, choices: Sequence[Choice[Any]], then: Callable[[Any], None]) -> None: ...
    def report(self, title: str, lines: Sequence[str], then: Callable[[], None]) -> None: ...
    def attempt(self, step: Callable[[], Row | None]) -> None: ...
    def preview(self, scheme: Scheme) -> list[str]: ...
    def show(self, cursor: Row | None = None) -> None: ...
    def tell(self, notice: str, *, warning: bool = False) -> None: ...
    def later(self, job: Callable[[], Any], *, group: str = "") -> None: ...


class Questions:
    """Asks, and takes steps of the draft."""

    def __init__(self, screen: Editing) -> None:
        self._screen = screen

    # Adding

    def add(self) -> None:
        kinds = [
            Choice(("entity", ""), "entity type", "something in the text"),
            Choice(("label", "boolean"), "document label: boolean", "yes or no"),
            Choice(("label", "choice"), "document label: choice", "one of several values"),
            Choice(("label", "choices"), "document label: choices", "any of several values"),
            Choice(("label", "text"), "document label: text", "free text"),
            Choice(("attribute", "boolean"), "attribute: boolean", "yes or no, on entities"),
            Choice(("attribute", "choice"), "attribute: choice", "one of several values, on entities"),
            Choice(("attribute", "text"), "attribute: text", "free text, on entities"),
            Choice(("relation", ""), "relation type", "a link between two entities"),
        ]
        self._screen.ask("add", kinds, lambda kind: self._ask_name(*kind))

    def _ask_name(self, group: Group, kind: Any) -> None:
        takes_options = kind in ("choice", "choices")
        hint = "Its name, a colon and its values: smoker: never, past, current" if takes_options else "Its name."

        def added(text: str) -> tuple[Draft, Row]:
            name, _, values = text.partition(":") if takes_options else (text, "", "")
            draft = Draft(self._screen.draft.scheme, models=self._screen.draft.models)
            return draft, draft.add(group, name, kind or "boolean", values.split(","))

        def take(text: str) -> None:
            def step() -> Row:
                draft, row = added(text)
                self._screen.draft.put(draft.scheme)
                return row

            self._screen.attempt(step)

        self._type(f"new {GROUPS[group]}", "", hint, lambda text: added(text)[0].scheme, take)

    def add_option(self) -> None:
        row = self._screen.row
        if row is None:
            return

        def look(text: str) -> Scheme:
            draft = Draft(self._screen.draft.scheme, models=self._screen.draft.models)
            draft.add_option(row, text)
            return draft.scheme

        def take(text: str) -> None:
            self._screen.attempt(lambda: self._screen.draft.add_option(row, text))

        self._type(f"new option of {row.name}", "", "Its value.", look, take)

    # Changing

    def change(self) -> None:
        row = self._screen.row
        if row is not None:
            fields = [Choice(field, field.name, field.value or "-") for field in self._screen.draft.fields(row)]
            self._screen.ask(row.option or row.name, fields, lambda field: self._ask_field(row, field))

    def _ask_field(self, row: Row, field: Field) -> None:
        def take(text: str) -> None:
            self._set(row, field, text)

        if field.choices:
            self._screen.ask(f"{field.name}: {field.hint}", [Choice(value, value) for value in field.choices], take)
        else:
            title = f"{field.name} of {row.option or row.name}"
            self._type(
                title, field.value, field.hint, lambda text: self._screen.draft.changed(row, field.name, text)[0], take
            )

    def _set(self, row: Row, field: Field, text: str) -> None:
        def step() -> Row:
            scheme, renamed = self._screen.draft.changed(row, field.name, text)
            self._screen.draft.put(scheme)
            return renamed

        if field.name in ("name", "value") and " ".join(text.split()) != field.value:
            new = " ".join(text.split())
            self._screen.later(lambda: self.in_force(row, "rename", new, lambda: self._screen.attempt(step)))
        else:
            self._screen.attempt(step)

    def _type(
        self, title: str, value: str, hint: str, look: Callable[[str], Scheme], take: Callable[[str], None]
    ) -> None:
        """Ask for a line, and draw what it would make of the scheme while it is typed."""

        def typed(text: str) -> str:
            try:
                faults = self._screen.preview(look(text))
            except SchemeError as error:
                return str(error)
            return faults[0] if faults else ""

        def given(text: str | None) -> None:
            # What becomes of it is drawn when it is taken.
            self._screen.preview(self._screen.draft.scheme)
            if text is not None:
                take(text)

        self._screen.app.push_screen(LivePrompt(title, value=value, hint=hint, typed=typed), given)

    # Labels in use: a step of its own, which changes what is annotated

    async def in_force(self, row: Row, verb: str, new: str, otherwise: Callable[[], None]) -> None:
        """Rename or delete a label in the corpus too where it is in use, having said what that touches."""
        base = self._screen.draft.base
        group, name, option = row.group, row.name, row.option
        known = Draft(base).rows()

        def count(corpus: Corpus) -> int:
            return label_use.used(corpus, group, name, option or None) if row in known else 0

        if not await self._screen.opened.writer(count):
            otherwise()
            return
        # Loaded when it is needed, and not with the screen.
        changes = await asyncio.to_thread(importlib.import_module, "tui_annotate.services.scheme_changes")
        by, old = self._screen.opened.annotator, option or name
        of, keys = name if option else "", self._screen.keys
        target = Target(group, of, old) if of else Target(group, old)
        change = domain.rename(base, target, new) if verb == "rename" else domain.delete(base, target)

        report = await self._screen.opened.writer(lambda corpus: changes.preview(corpus, change, base, annotator=by))

        async def go() -> None:
            await self._screen.opened.writer(
                lambda corpus: changes.perform(corpus, change, base, annotator=by, keys=keys)
            )
            self._screen.wrote = True
            self._screen.draft.followed(await self._screen.opened.writer(settings.scheme), change)
            renamed = Row(group, name, new) if option else Row(group, new)
            self._screen.show(renamed if verb == "rename" else None)
            now = f"{old} is {new} now" if verb == "rename" else f"{old} is gone"
            self._screen.tell(f"{now}; undo in the document takes that back")

        word = f"rename it to {new}" if verb == "rename" else "delete it"
        title = f"{old} is in use: {word} now, at once?"
        self._screen.report(title, report.lines, lambda: self._screen.later(go))
