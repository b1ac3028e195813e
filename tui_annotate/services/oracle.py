"""The oracle: an annotator who knows the gold, works through the real session, and counts the keys it takes.

It works as a practised person does. Suggestions are gone through in reading order as far as the last wrong one;
a right one costs a key, those behind it are accepted by confirming. A wrong type is one digit, a wrong end one
key for each word it is moved by, a false suggestion one key. A missing entity costs the key that starts a
selection, the way there from the place before, one key for each further word of it, and its type. The way is
one key a word, or a jump where that is cheaper: two keys for the first word that begins with the same letter,
and one for each such word after it. An attribute costs the key of its value, on a suggestion too, which that
accepts; one for each item on the way there where the focus has not gone on to it by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from tui_annotate.domain.annotations import (
    Annotations,
    Entity,
    LabelContent,
    LabelScalar,
    SuggestionKey,
    entity_key,
)
from tui_annotate.domain.documents import Document
from tui_annotate.domain.scheme import Attribute
from tui_annotate.domain.spans import Span
from tui_annotate.domain.tokens import token_offsets
from tui_annotate.session.items import Item
from tui_annotate.session.review import Act, ReviewSession
from tui_annotate.session.selection import Selection

Write = Callable[[Act], object]


@dataclass(frozen=True, slots=True)
class Effort:
    """What one document cost."""

    tokens: int
    """Tokens of the document: all of it is read."""
    spans: int
    """Entities that its gold holds."""
    keys: int


def review(session: ReviewSession, gold: Annotations, write: Write) -> Effort:
    """Bring the open document to its gold and confirm it; `write` puts each act on disk."""
    player = _Player(session, gold, write)
    player.play()
    document = session.document.document
    tokens = sum(len(token_offsets(part.text)) for part in document.parts)
    return Effort(tokens, len(gold.entities), player.keys)


class _Player:
    def __init__(self, session: ReviewSession, gold: Annotations, write: Write) -> None:
        self.keys = 0
        self._session = session
        self._write = write
        self._document: Document = session.document.document
        self._wanted: dict[SuggestionKey, Entity] = {entity_key(e): e for e in gold.entities.values()}
        self._labels: Mapping[str, LabelContent] = {name: value.value for name, value in gold.labels.items()}
        self._attributes = [a for a in session.scheme.attributes if a.kind != "text"]

    def play(self) -> None:
        self._session.saw_items(item.id for item in self._session.document.items)
        self._settle_entities()
        self._add_missing()
        if self._attributes:
            self._settle_attributes()
        if not self._settle_labels():
            self._do(1, self._session.confirm())

    def _do(self, keys: int, act: Act) -> None:
        self.keys += keys
        for _ in range(keys):
            self._session.key_pressed()
        self._write(act)
        self._session.wrote(act)

    def _settle_entities(self) -> None:
        undecided = [item for item in self._session.document.undecided() if item.spans]
        wrong = [index for index, item in enumerate(undecided) if not self._is_right(item)]
        for item in undecided[: wrong[-1] + 1 if wrong else 0]:
            if self._session.focus_on(item.place):
                self._settle(item)

    def _is_right(self, item: Item) -> bool:
        """Say whether accepting would bring what is wanted and nothing else."""
        suggestion = item.suggestion
        if suggestion is None:
            return False
        if item.of is not None:
            wanted = self._value(item.of, suggestion.name)
            return suggestion.value == wanted or (wanted is None and suggestion.value is False)
        return suggestion.key in self._wanted and self._first_wrong(item) is None

    def _first_wrong(self, item: Item) -> tuple[str, LabelScalar] | None:
        """Return the first attribute that accepting a suggested entity would leave wrong, with its right value."""
        assert item.suggestion is not None
        gold = self._wanted[item.suggestion.key]
        offered = self._session.document.attributes_suggested(item.name, item.spans) if self._attributes else {}
        for attribute in self._attributes:
            wanted = gold.attributes.get(attribute.name)
            suggested = offered.get(attribute.name)
            held = item.suggestion.attributes.get(attribute.name, suggested.value if suggested else None)
            if wanted is None and held is True:
                return attribute.name, False
            if wanted is not None and held != wanted and (held is not None or wanted is not False):
                return attribute.name, wanted
        return None

    def _value(self, entity: Entity, name: str) -> LabelScalar | None:
        gold = self._wanted.get(entity_key(entity))
        return gold.attributes.get(name) if gold is not None else None

    def _settle(self, item: Item) -> None:
        assert item.suggestion is not None
        if self._is_right(item):
            self._do(1, self._session.accept())
            return
        if item.of is not None:
            wanted = self._value(item.of, item.suggestion.name)
            self._do(
                1, self._session.set_attribute(item.name, wanted) if wanted is not None else self._session.reject()
            )
            return
        wrong = self._first_wrong(item) if item.suggestion.key in self._wanted else None
        if wrong is not None:
            self._do(1, self._session.set_attribute(*wrong))
            return
        near = self._near(item)
        if near is None:
            self._do(1, self._session.reject())
        elif near.spans == item.spans:
            self._do(1, self._session.change_type(near.type))
        else:
            self._do(self._words_between(item, near), self._session.resize(near.span))

    def _near(self, item: Item) -> Entity | None:
        """Return the gold entity that a suggestion nearly is: the same place, or the same type overlapping."""
        held = self._session.document
        open_gold = [e for key, e in self._wanted.items() if held.find_entity(key) is None]
        promised = {i.suggestion.key for i in held.undecided() if i.suggestion is not None}
        free = [e for e in open_gold if entity_key(e) not in promised]
        same = next((e for e in free if e.spans == item.spans), None)
        return same or next(
            (e for e in free if e.type == item.name and len(e.spans) == 1 and e.span.overlaps(item.spans[0])), None
        )

    def _words_between(self, item: Item, entity: Entity) -> int:
        starts = sorted((item.spans[0].start, entity.span.start))
        ends = sorted((item.spans[0].end, entity.span.end))
        text = self._document.part(entity.span.part).text
        return max(1, len(token_offsets(text[slice(*starts)])) + len(token_offsets(text[slice(*ends)])))

    def _add_missing(self) -> None:
        held = self._session.document
        promised = {i.suggestion.key for i in held.undecided() if i.suggestion is not None}
        missing = [e for k, e in self._wanted.items() if held.find_entity(k) is None and k not in promised]
        missing.sort(key=lambda e: self._document.order(e.span))
        before = Span(self._document.parts[0].id, 0, 1)
        for entity in missing:
            keys = 1 + self._motions(before, entity.span) + 1
            self._do(keys, self._session.add(entity.span, entity.type))
            before = entity.span

    def _motions(self, before: Span, wanted: Span) -> int:
        """Count the keys from the word at `before` to just the span `wanted`."""
        selection = Selection.at(self._document, before.part, before.start)
        if selection is None:
            return 0
        walked = 0
        place = self._document.order(wanted)[:2]
        begun = selection.span
        while self._document.order(selection.span)[0] < place[0] or (
            selection.span.part == wanted.part and selection.span.end <= wanted.start
        ):
            if not selection.move(1, "word"):
                break
            walked += 1
        words = token_offsets(self._document.slice(wanted))
        aligned = selection.snapped() == selection.span and selection.span.start == wanted.start
        there = min(walked, self._jumps(begun, selection.span, walked))
        return there + max(0, len(words) - 1) + (0 if aligned else 1)

    def _jumps(self, begun: Span, word: Span, enough: int) -> int:
        """Count the keys from one word to another behind it by its first letter; stops at `enough`."""
        selection = Selection(self._document, begun)
        letter = self._document.slice(word)[0]
        keys = 1
        while selection.span != word and keys < enough and selection.seek(letter, 1):
            keys += 1
        return keys if selection.span == word else enough

    def _settle_attributes(self) -> None:
        """Set what no suggestion has settled, entity by entity; right suggestions are accepted by confirming."""
        for key in sorted(self._wanted, key=lambda k: self._document.order(self._wanted[k].span)):
            for attribute in self._attributes:
                entity = self._session.document.find_entity(key)
                if entity is not None and attribute.is_on(entity.type):
                    self._settle_value(entity, attribute)

    def _settle_value(self, entity: Entity, attribute: Attribute) -> None:
        session, name = self._session, attribute.name
        wanted, held = self._value(entity, name), entity.attributes.get(name)
        offered = session.document.attributes_suggested(entity.type, entity.spans).get(name) if held is None else None
        promised = offered.value if offered is not None else held
        if promised == wanted or (promised is None and wanted is False) or (wanted is None and promised is not True):
            return
        keys = self._walk_to(entity)
        if wanted is None:
            self._do(keys + 1, session.set_attribute(name, False))
        else:
            self._do(keys + 1, session.set_attribute(name, wanted))

    def _walk_to(self, entity: Entity) -> int:
        """Put the focus on an entity, or on what is suggested for it, and count the keys that takes."""
        places = {item.place: index for index, item in enumerate(self._session.document.items)}
        here = [item for item in self._session.document.items if entity in (item.entity, item.of)]
        focus = self._session.focus
        begin = places.get(focus) if focus is not None else None
        nearest = min(here, key=lambda item: abs(places[item.place] - (begin or 0)))
        self._session.focus_on(nearest.place)
        return abs(places[nearest.place] - (begin or 0))

    def _settle_labels(self) -> bool:
        """Set the document labels; True when the last of them has confirmed the document with it."""
        for label in self._session.scheme.labels:
            wanted = self._labels.get(label.name)
            if wanted is None:
                continue
            working = self._session.document
            suggestion = working.label_suggestion(label.name)
            single = self._session.scheme.is_single_choice
            if suggestion is not None and suggestion.value == wanted and not single:
                continue
            self._do(len(wanted) if isinstance(wanted, tuple) else 1, self._session.set_label(label.name, wanted))
            if single:
                return True
        return False
