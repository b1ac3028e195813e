"""What the commands do that concern several annotators: versions, priorities, guidelines, tags."""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import Callable
from typing import Any

from tui_annotate.domain.display import shown
from tui_annotate.errors import DecisionError
from tui_annotate.screens.opened import OpenedCorpus
from tui_annotate.screens.picker import Choice, Picker, matching
from tui_annotate.screens.review import ReviewScreen
from tui_annotate.screens.tags import new_tag, tag_choices
from tui_annotate.store import documents
from tui_annotate.store.connection import Corpus


class Team:
    """The commands of an open corpus that concern several annotators."""

    def __init__(self, opened: OpenedCorpus, review: ReviewScreen) -> None:
        self._opened = opened
        self._review = review
        self.table: dict[str, Callable[[], None]] = {
            "versions": lambda: review.later(self._versions),
            "priority": lambda: review.later(self._priority),
            "guidelines": lambda: review.later(self._guidelines),
            "tag": lambda: review.later(self._tag),
        }

    async def _screen(self, module: str) -> Any:
        # Loaded when it is asked for, and not at the start.
        return await asyncio.to_thread(importlib.import_module, f"tui_annotate.screens.{module}")

    async def _versions(self) -> None:
        review = self._review
        working = review.reviewing.session.document
        screens = await self._screen("versions")

        def left(wrote: bool | None) -> None:
            if wrote:
                review.later(review.reviewing.refresh)

        screen = screens.VersionsScreen(
            self._opened.writer, review.keymap, working.id, self._opened.annotator, colour=review.has_colour
        )
        review.app.push_screen(screen, left)

    async def _priority(self) -> None:
        screens = await self._screen("priorities")
        self._review.app.push_screen(screens.PrioritiesScreen(self._opened.writer, self._review.keymap))

    async def _guidelines(self) -> None:
        screens = await self._screen("guidelines")
        self._review.app.push_screen(screens.GuidelinesScreen(self._review.reviewing.session.scheme))

    # Tags

    async def _tag(self) -> None:
        """Ask for a tag: one that the document has is taken off, another is put on."""
        review = self._review
        working = review.reviewing.session.document
        if review.reviewing.readonly:
            raise DecisionError("This corpus is read-only: nothing can be tagged.")
        counts = await self._opened.writer(documents.tag_counts)
        choices = tag_choices(counts, working.row.tags)

        def picked(answer: Choice[str] | str) -> None:
            tag = answer.value if isinstance(answer, Choice) else answer
            review.write(lambda: self._change(working.id, tag, remove=tag in working.row.tags))

        question: Picker[str] = Picker("tag of this document", lambda query: matching(query, choices), create=new_tag)
        review.ask(question, picked)

    async def _change(self, document: int, tag: str, *, remove: bool) -> None:
        me = self._opened.annotator

        def change(corpus: Corpus) -> None:
            documents.change_tags(corpus, [document], tag, annotator=me, remove=remove)

        await self._opened.writer(change)
        await self._review.reviewing.refresh()
        self._review.tell(f"{'no longer tagged' if remove else 'tagged'} {shown(tag, 40)}")
