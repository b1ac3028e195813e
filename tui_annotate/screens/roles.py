"""Roles: who reviewing tells of changes, and what it uses of the learning loop."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from tui_annotate.domain.decisions import Changes
from tui_annotate.session.desk import Predictions


class View(Protocol):
    """What is told of changes."""

    def document_changed(self) -> None:
        """Another document is open, or none."""

    def marks_changed(self, changes: Sequence[Changes] = ()) -> None:
        """These decisions, or the focus, changed in the open document."""

    def progress_changed(self) -> None:
        """The counts of the corpus changed."""

    def scheme_changed(self) -> None:
        """The scheme changed, and the keys with it."""

    def deleted(self) -> None:
        """The open document is not in the corpus any more; `leave_deleted` is to be called when nothing is asked."""

    def tell(self, notice: str, *, warning: bool = False, unasked: bool = False) -> None:
        """Say something; what comes `unasked` stays a moment whatever key comes, and gives way to a fresh warning."""


class Loop(Protocol):
    """What is used of `services.training.LearningLoop`."""

    def confirmed(self, change: int = 1) -> None: ...
    def expect(self, documents: Sequence[int]) -> None: ...
    async def predictions_for(self, document: int) -> list[Predictions]: ...
    async def reload(self) -> None: ...
