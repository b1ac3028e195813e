"""ReviewSession: what the annotator is looking at, where the focus stands, and what may be done next.

A verb works out an `Act`; the caller writes it (`Desk.write`) and hands it back to `wrote`. So what is
shown has always been written before, whoever drives the session: the app, a
simulation, a test.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from tui_annotate.domain.annotations import LabelContent, LabelScalar
from tui_annotate.domain.decisions import Changes, Decision, Kind, VersionState
from tui_annotate.domain.scheme import Attribute, DocumentLabel, Scheme
from tui_annotate.domain.spans import Span
from tui_annotate.errors import DecisionError
from tui_annotate.session import steps
from tui_annotate.session.items import Item, Place, entity_item
from tui_annotate.session.steps import Step
from tui_annotate.session.values import completes, more_to_set, next_lacking
from tui_annotate.session.working import WorkingDocument

_DECIDING = (Kind.ACCEPT, Kind.REJECT, Kind.CHANGE, Kind.SET_LABEL, Kind.SET_ATTRIBUTE)


@dataclass(frozen=True, slots=True)
class Act:
    """What one key does: decisions to be written together and undone together."""

    decisions: tuple[Decision, ...]
    leaves: bool
    """The document is done with: the next one follows."""
    notice: str
    focus: Place | None
    """Where the focus stood, so that undo returns to it."""
    stays: bool = False
    """The focus goes to what was made or moved, so that the next key can go on with it."""


class ReviewSession:
    """The state of reviewing: one open document, a focus in it, and what has been seen of it."""

    def __init__(
        self,
        annotator: str,
        scheme: Scheme,
        *,
        strict: bool = False,
        eager: bool = False,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.annotator = annotator
        self.scheme = scheme
        self.strict = strict
        """Confirming asks for a decision on every suggestion."""
        self.eager = eager
        """The decision after which nothing is left to decide confirms the document."""
        self.working: WorkingDocument | None = None
        self.focus: Place | None = None
        self.visited: list[int] = []
        """Documents in the order they were shown, for going back."""
        self._clock = clock
        self._since = clock()
        self._keys = 0
        self._seen: set[str] = set()

    @property
    def user(self) -> str:
        """The annotator as anndoc's `who` has it."""
        return f"user:{self.annotator}"

    @property
    def document(self) -> WorkingDocument:
        """The open document; raises DecisionError when there is none."""
        if self.working is None:
            raise DecisionError("No document is open.", hint="Import some, or open one from the corpus screen.")
        return self.working

    @property
    def focused(self) -> Item | None:
        """The item under the focus."""
        return self.working.items.at(self.focus) if self.working is not None and self.focus is not None else None

    @property
    def lacks_answer(self) -> bool:
        """Say whether the only question that the corpus asks is open in this document, and nothing is suggested."""
        label = self._only_label()
        working = self.working
        return (
            label is not None
            and working is not None
            and label.name not in working.labels
            and working.label_suggestion(label.name) is None
        )

    # Looking

    def show(self, working: WorkingDocument, focus: Place | None = None) -> None:
        """Open a document: the focus goes to `focus`, else to its first undecided item, else to its first."""
        self.working = working
        self._seen = set()
        if not self.visited or self.visited[-1] != working.id:
            self.visited.append(working.id)
        if focus is not None and working.items.at(focus) is not None:
            self.focus = focus
        else:
            first = (
                working.items.after(None, undecided=True)
                or next_lacking(working, self.scheme, None)
                or working.items.after(None)
            )
            self.focus = first.place if first else None
        self._since = self._clock()
        self._keys = 0

    def close(self) -> None:
        """Have no document open."""
        self.working = None
        self.focus = None

    def forget(self, document: int) -> None:
        """Never come back to a document that is gone."""
        if self.working is not None and self.working.id == document:
            self.close()
        self.visited[:] = [id for id in self.visited if id != document]

    def key_pressed(self) -> None:
        """Count a key towards the next decision."""
        self._keys += 1

    def saw_items(self, ids: Iterable[str]) -> None:
        """Note that items with these ids have been on screen."""
        self._seen.update(ids)

    def move(self, direction: int, *, undecided: bool = False) -> bool:
        """Move the focus to the next or previous item, or to the next undecided one, round the end."""
        items = self.document.items
        if direction > 0:
            item = items.after(self.focus, undecided=undecided)
            if item is None and undecided:
                item = items.after(None, undecided=True)
        else:
            item = items.before(self.focus)
        if item is None or item.place == self.focus:
            return False
        self.focus = item.place
        return True

    def focus_on(self, place: Place) -> bool:
        """Put the focus on the item at a place; False when there is none."""
        if self.document.items.at(place) is None:
            return False
        self.focus = place
        return True

    # Verbs

    def accept(self) -> Act:
        """Accept the focused suggestion; in a single-choice corpus that answers the document."""
        item = self._target()
        label = self._only_label()
        if label is not None and item.suggestion is not None and item.suggestion.value is not None:
            return self.answer(label, item.suggestion.value)
        return self._act(steps.accept(self.document, item, self.user))

    def reject(self) -> Act:
        """Reject the focused suggestion, or take the focused annotation out."""
        return self._act(steps.reject(self.document, self._target(), self.user))

    def remove(self) -> Act:
        """Take the focused annotation out."""
        return self._act(steps.remove(self.document, self._entity_target()))

    def change_type(self, type: str) -> Act:
        """Give the focused item another type, which also accepts it."""
        return self._act(steps.change(self.document, self._entity_target(), self.user, type=type))

    def resize(self, span: Span, type: str = "") -> Act:
        """Give the focused item another place, and another type where one is given; that also accepts it."""
        act = self._act(steps.change(self.document, self._entity_target(), self.user, type=type, span=span))
        return replace(act, stays=True)

    def add(self, span: Span, type: str) -> Act:
        """Annotate a stretch of text."""
        act = self._act(steps.add(self.document, span, type, self.user))
        return replace(act, stays=not self.document.items.undecided)

    def set_label(self, name: str, value: LabelContent | None) -> Act:
        """Set a document label; where it is the only thing to decide, that answers the document."""
        label = self._label(name)
        if value is not None and label == self._only_label():
            return self.answer(label, value)
        return self._act(steps.set_label(self.document, label, value, self.user))

    def toggle_label(self, name: str, value: str | bool) -> Act:
        """Set one value of a label as a key does: again unsets it, and multiple choices add up."""
        label = self._label(name)
        held = self.document.labels.get(name)
        if label.kind == "choices":
            suggestion = self.document.label_suggestion(name)
            base = held.value if held is not None else suggestion.value if suggestion is not None else ()
            chosen = base if isinstance(base, tuple) else ()
            return self.set_label(
                name, tuple(o.value for o in label.options if (o.value in chosen) != (o.value == value))
            )
        if held is not None and held.value == value and label != self._only_label():
            return self.set_label(name, None)
        return self.set_label(name, value)

    def set_attribute(self, name: str, value: LabelScalar | None) -> Act:
        """Give the focused entity's attribute a value, or none; a suggestion of the entity is accepted with it."""
        attribute, item = self._attribute(name), self._entity_target()
        if not attribute.is_on(item.name):
            raise DecisionError(f"A {item.name} takes no {name}.", hint=f"It is for {', '.join(attribute.on)}.")
        act = self._act(steps.set_attribute(self.document, item, name, value, self.user))
        return replace(act, stays=more_to_set(self.scheme, item, attribute) and not self.document.items.undecided)

    def toggle_attribute(self, name: str, value: str | bool | None) -> Act:
        """Set one value of an attribute as a key does: again unsets it; a boolean with one key goes yes, no, unset."""
        item = self._entity_target()
        held = item.entity.attributes.get(name) if item.entity is not None else None
        if value is None:
            return self.set_attribute(name, True if held is None else False if held is True else None)
        return self.set_attribute(name, None if held == value else value)

    def answer(self, label: DocumentLabel, value: LabelContent) -> Act:
        """Set a label and confirm, in one act."""
        return self._act(*steps.answer(self.document, label, value, self.user))

    def confirm(self) -> Act:
        """Confirm, accepting what is undecided and has been on screen.

        Raises:
            DecisionError: Something has not been seen yet (the focus is on it now), or, when strict,
                something is undecided.
        """
        working = self.document
        if working.is_confirmed:
            raise DecisionError("This document is confirmed already.")
        undecided = working.undecided()
        if self.strict and undecided:
            self.focus = undecided[0].place
            raise DecisionError(f"{len(undecided)} undecided.", hint="Accept or reject each, then confirm.")
        unseen = [item for item in undecided if item.spans and item.shown_by not in self._seen]
        if unseen:
            self.focus = unseen[0].place
            raise DecisionError(f"{len(unseen)} not seen yet.", hint="Look at them, then confirm again.")
        return self._act(steps.confirm(working, undecided, self.user))

    def skip(self) -> Act:
        """Put the document aside."""
        return self._act(steps.skip(self.document))

    def reopen(self) -> Act:
        """Take the confirmation back."""
        return self._act(steps.reopen(self.document))

    # Writing

    def wrote(self, act: Act) -> None:
        """Take over an act that is on disk: the document shows it, the focus goes on to what is undecided."""
        before = self.focus
        for decision in act.decisions:
            self.document.apply(decision.changes)
        self._since = self._clock()
        self._keys = 0
        changed = [c for d in act.decisions for c in d.changes.entities if c.after is not None]
        made = [c.after for c in changed if c.after is not None]
        self._seen.update(f"e{entity.number}" for entity in made)
        if not (act.stays and made and self.focus_on(entity_item(self.document.document, made[-1]).place)):
            self._settle(before)
            kind = act.decisions[0].kind
            valued = kind in (Kind.ACCEPT, Kind.REJECT) and any(c.before is not None for c in changed)
            if (valued or kind is Kind.SET_ATTRIBUTE) and not self.document.items.undecided:
                self._go_on(before)

    def took_back(self, changes: Sequence[Changes], focus: Place | None) -> None:
        """Take over an undo or redo of the open document; the focus returns to where it was."""
        before = focus if focus is not None else self.focus
        for change in changes:
            self.document.apply(change)
        self._since = self._clock()
        self._keys = 0
        if before is not None and self.focus_on(before):
            return
        self._settle(before)

    def place(self) -> dict[str, Any]:
        """Return where the annotator is, for coming back to it."""
        return {"document": self.working.id if self.working else None, "focus": self.focus}

    def _settle(self, before: Place | None) -> None:
        """Find the focus a place again after items came or went."""
        items = self.document.items
        here = items.at(before) if before is not None else None
        if here is not None and here.undecided:
            return
        following = items.after(before, undecided=True) or items.after(None, undecided=True)
        if following is None:
            following = here or (items.after((*before[:3], -1, -1)) or items.before(before) if before else None)
        self.focus = following.place if following is not None else None

    def _go_on(self, before: Place | None) -> None:
        """Put the focus on the next entity without a value, as there is nothing else to decide."""
        following = next_lacking(self.document, self.scheme, before) or next_lacking(self.document, self.scheme, None)
        if following is not None:
            self.focus = following.place

    def _act(self, *planned: Step) -> Act:
        last = planned[-1]
        if self.eager and last.kind in _DECIDING and completes(self.document, self.scheme, last.changes):
            planned = (*planned, steps.confirmed(VersionState.IN_PROGRESS))
        milliseconds = round((self._clock() - self._since) * 1000)
        decisions = tuple(
            Decision(
                step.kind,
                self.document.id,
                self.annotator,
                step.changes,
                {"place": self.place()},
                # A bulk act took its time once.
                milliseconds=milliseconds if index == 0 else 0,
                keys=max(1, self._keys) if index == 0 else 0,
            )
            for index, step in enumerate(planned)
        )
        return Act(decisions, planned[-1].leaves, planned[-1].notice, self.focus)

    def _target(self) -> Item:
        item = self.focused
        if item is None:
            raise DecisionError("Nothing is focused.", hint="Add an entity, or confirm.")
        return item

    def _entity_target(self) -> Item:
        """Return the focused item, or the entity whose attribute is focused."""
        item = self._target()
        return entity_item(self.document.document, item.of) if item.of is not None else item

    def _attribute(self, name: str) -> Attribute:
        attribute = self.scheme.attribute(name)
        if attribute is None:
            raise DecisionError(f"There is no attribute {name}.")
        return attribute

    def _label(self, name: str) -> DocumentLabel:
        label = self.scheme.label(name)
        if label is None:
            raise DecisionError(f"There is no document label {name}.")
        return label

    def _only_label(self) -> DocumentLabel | None:
        return self.scheme.labels[0] if self.scheme.is_single_choice else None
