"""The working document: one annotator's version of an open document, kept in step with the log."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from tui_annotate.domain.annotations import (
    Anchor,
    Entity,
    LabelValue,
    Suggestion,
    SuggestionKey,
    Verdict,
    anchor,
    entity_key,
)
from tui_annotate.domain.decisions import Changes, VersionState, apply
from tui_annotate.domain.documents import Document
from tui_annotate.domain.scheme import Scheme
from tui_annotate.domain.spans import Span, hull
from tui_annotate.session.items import Item, Items, entity_item, suggestion_item, suggestion_place
from tui_annotate.store.documents import DocumentRow
from tui_annotate.store.reviewing import Note
from tui_annotate.store.versions import Version


class WorkingDocument:
    """What is open: text, version, suggestions, and the items made of them.

    It changes only through `apply`, with changes that are on disk already.
    """

    def __init__(
        self,
        row: DocumentRow,
        document: Document,
        version: Version,
        suggestions: Iterable[Suggestion],
        *,
        reason: str = "",
        scheme: Scheme | None = None,
    ) -> None:
        self.row = row
        self.id = row.id
        self.document = document
        self.version = version
        self.reason = reason
        """Why it was chosen, for the annotator."""
        self.note: Note | None = None
        """What a reviewer said of this version."""
        self.suggestions = {s.id: s for s in suggestions}
        self._by_key: dict[SuggestionKey, Suggestion] = {}
        for suggestion in self.suggestions.values():
            self._by_key.setdefault(suggestion.key, suggestion)
        self._label_suggestions = [s for s in self._by_key.values() if s.target == "label"]
        self.scheme = scheme
        self._of_attributes: dict[Anchor, list[Suggestion]] = {}
        for suggestion in self._by_key.values():
            if suggestion.target == "attribute":
                self._of_attributes.setdefault(anchor(suggestion.spans), []).append(suggestion)
        self._present: dict[SuggestionKey, set[int]] = {}
        for entity in version.annotations.entities.values():
            self._present.setdefault(entity_key(entity), set()).add(entity.number)
        items = [entity_item(document, e) for e in version.annotations.entities.values()]
        others = [s for s in self._by_key.values() if s.target != "attribute"]
        items += [item for s in others if (item := self._open_item(s)) is not None]
        self.items = Items(items)
        for key in [s.key for suggestions in self._of_attributes.values() for s in suggestions]:
            self._refresh(key)

    @property
    def state(self) -> VersionState | None:
        """State of this annotator's version; None when there is none yet."""
        return self.version.state

    @property
    def is_confirmed(self) -> bool:
        """Say whether the document is complete; its decisions are closed until it is reopened.

        Without a version of one's own another's counts, if that is agreed on and confirmed.
        """
        if self.version.exists:
            return self.version.state is VersionState.CONFIRMED
        return self.version.agreed

    @property
    def labels(self) -> dict[str, LabelValue]:
        """Document labels that are set, by name."""
        return self.version.annotations.labels

    def label_suggestion(self, name: str) -> Suggestion | None:
        """Return the likeliest undecided suggestion for a document label."""
        found = [s for s in self._label_suggestions if s.name == name and self._open_item(s) is not None]
        return max(found, key=lambda s: s.prob, default=None)

    def attributes_suggested(self, type: str, spans: Sequence[Span]) -> dict[str, Suggestion]:
        """Return by name what is suggested, and undecided, for the attributes of an entity of this type and place."""
        best: dict[str, Suggestion] = {}
        for suggestion in self._of_attributes.get(anchor(spans), ()) if self._of_attributes else ():
            if self.verdict(suggestion.key) is not Verdict.UNDECIDED or not self.takes(type, suggestion.name):
                continue
            if suggestion.name not in best or suggestion.prob > best[suggestion.name].prob:
                best[suggestion.name] = suggestion
        return best

    def standing_at(self, spans: Sequence[Span]) -> list[Entity]:
        """Return the entities at just this place, whatever their type."""
        found = self.items.starting_at(self.document.order(hull(spans)))
        return [item.entity for item in found if item.entity is not None and item.entity.spans == tuple(spans)]

    def verdict(self, key: SuggestionKey) -> Verdict:
        """Return what became of a suggestion."""
        return self.version.verdicts.get(key, Verdict.UNDECIDED)

    def suggestion_with(self, key: SuggestionKey) -> Suggestion | None:
        """Return the suggestion of this content, if one was put before the annotator."""
        return self._by_key.get(key)

    def undecided(self) -> list[Item]:
        """Return what still waits for a decision, in reading order."""
        return [item for item in self.items if item.undecided] if self.items.undecided else []

    def find_entity(self, key: SuggestionKey) -> Entity | None:
        """Return the entity of just this type and place, if there is one."""
        numbers = self._present.get(key)
        return self.version.annotations.entities[min(numbers)] if numbers else None

    def apply(self, changes: Changes) -> None:
        """Take over what was written."""
        apply(self.version.annotations, self.version.verdicts, changes)
        touched = {v.key for v in changes.verdicts}
        for change in changes.entities:
            if change.before is not None:
                touched.add(self._leave(change.before))
            if change.after is not None:
                touched.add(self._enter(change.after))
        names = {label.name for c in changes.labels for label in (c.before, c.after) if label is not None}
        touched |= {s.key for s in self._label_suggestions if s.name in names} if names else set()
        if self._of_attributes:
            places = {(key.part, key.spans) for key in touched}
            touched |= {s.key for place in places for s in self._of_attributes.get(place, ())}
        for key in touched:
            self._refresh(key)
        if changes.state is not None:
            self.version.state = changes.state[1]
            self.version.exists = changes.state[1] is not None
            if changes.state[1] is VersionState.CONFIRMED:
                # It is another version than the one that was reviewed.
                self.note = None

    def _enter(self, entity: Entity) -> SuggestionKey:
        key = entity_key(entity)
        self._present.setdefault(key, set()).add(entity.number)
        self.items.add(entity_item(self.document, entity))
        self.version.next_number = max(self.version.next_number, entity.number + 1)
        return key

    def _leave(self, entity: Entity) -> SuggestionKey:
        key = entity_key(entity)
        self._present[key].discard(entity.number)
        self.items.discard(entity_item(self.document, entity).place)
        return key

    def _refresh(self, key: SuggestionKey) -> None:
        """Make the item of a suggestion come or go as its verdict now says."""
        suggestion = self._by_key.get(key)
        if suggestion is None:
            return
        self.items.discard(suggestion_place(self.document, suggestion))
        item = self._open_item(suggestion)
        if item is not None:
            self.items.add(item)

    def _open_item(self, suggestion: Suggestion) -> Item | None:
        """Return the item of a suggestion that still waits: no verdict, and nothing of the kind annotated already."""
        if self.version.verdicts.get(suggestion.key, Verdict.UNDECIDED) is not Verdict.UNDECIDED:
            return None
        if suggestion.target == "attribute":
            entity = self._lacking(suggestion)
            return None if entity is None else suggestion_item(self.document, suggestion, of=entity)
        if suggestion.target == "label":
            waits = suggestion.name not in self.labels
        else:
            waits = not self._present.get(suggestion.key)
        return suggestion_item(self.document, suggestion) if waits else None

    def _lacking(self, suggestion: Suggestion) -> Entity | None:
        """Return the entity that a suggestion of an attribute is for: it stands there and lacks a value."""
        for entity in self.standing_at(suggestion.spans):
            if suggestion.name not in entity.attributes:
                likeliest = self.attributes_suggested(entity.type, entity.spans).get(suggestion.name)
                if likeliest is suggestion:
                    return entity
        return None

    def takes(self, type: str, name: str) -> bool:
        """Say whether entities of a type take an attribute."""
        attribute = self.scheme.attribute(name) if self.scheme is not None else None
        return self.scheme is None or (attribute is not None and attribute.is_on(type))
