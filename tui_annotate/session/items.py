"""Items: everything in a document that the focus can stand on, in reading order.

An item is an entity, an undecided entity suggestion, an undecided suggestion of an entity's attribute, which comes
right behind the entity, or one of a document label; the latter come after the text. Decided suggestions are no
items: the accepted are entities now, the rejected are gone.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

from tui_annotate.domain.annotations import Entity, Suggestion
from tui_annotate.domain.documents import Document
from tui_annotate.domain.spans import Span

Place = tuple[int, int, int, int, int]
"""Where an item stands: part position, start, end, 0 for entities and 1 for suggestions, number or row."""

_AFTER_THE_TEXT = 1 << 40


@dataclass(frozen=True, slots=True)
class Item:
    """Something that can be focused."""

    place: Place
    entity: Entity | None = None
    suggestion: Suggestion | None = None
    """Undecided; exactly one of the two is given."""
    of: Entity | None = None
    """The entity whose attribute is suggested."""

    @property
    def id(self) -> str:
        """`e<number>` or `s<row>`: stable while the document is open."""
        return f"e{self.entity.number}" if self.entity is not None else f"s{self.place[4]}"

    @property
    def shown_by(self) -> str:
        """Id of the item whose mark in the text shows it: of an attribute the entity's."""
        return f"e{self.of.number}" if self.of is not None else self.id

    @property
    def undecided(self) -> bool:
        """Say whether it waits for a decision."""
        return self.suggestion is not None

    @property
    def name(self) -> str:
        """Entity type, or the name of the attribute or document label."""
        if self.entity is not None:
            return self.entity.type
        assert self.suggestion is not None
        return self.suggestion.name

    @property
    def spans(self) -> tuple[Span, ...]:
        """Fragments in the text; empty for a document label."""
        if self.entity is not None:
            return self.entity.spans
        assert self.suggestion is not None
        return self.suggestion.spans

    @property
    def prob(self) -> float:
        """Probability of the suggestion, or of the annotation as it is kept."""
        if self.entity is not None:
            return self.entity.prob
        assert self.suggestion is not None
        return self.suggestion.prob

    @property
    def who(self) -> tuple[str, ...]:
        """Who made it, as in anndoc."""
        if self.entity is not None:
            return self.entity.who
        assert self.suggestion is not None
        return self.suggestion.who


def entity_item(document: Document, entity: Entity) -> Item:
    """Make the item of an entity."""
    return Item((*document.order(entity.span), 0, entity.number), entity=entity)


def suggestion_place(document: Document, suggestion: Suggestion) -> Place:
    """Return where the item of a suggestion stands, or would."""
    if suggestion.target == "label":
        return _AFTER_THE_TEXT, 0, 0, 1, suggestion.id
    return *document.order(suggestion.span), 1, suggestion.id


def suggestion_item(document: Document, suggestion: Suggestion, *, of: Entity | None = None) -> Item:
    """Make the item of an undecided suggestion; of an attribute's with the entity that it is for."""
    return Item(suggestion_place(document, suggestion), suggestion=suggestion, of=of)


class Items:
    """Items sorted by place, found by bisection."""

    def __init__(self, items: Iterable[Item] = ()) -> None:
        self._items = sorted(items, key=lambda item: item.place)
        self._places = [item.place for item in self._items]
        self.undecided = sum(item.undecided for item in self._items)
        """How many wait for a decision."""

    def __len__(self) -> int:
        return len(self._items)

    def __iter__(self) -> Iterator[Item]:
        return iter(self._items)

    def at(self, place: Place) -> Item | None:
        """Return the item at just this place."""
        index = bisect_left(self._places, place)
        return self._items[index] if index < len(self._places) and self._places[index] == place else None

    def starting_at(self, order: tuple[int, int, int]) -> list[Item]:
        """Return the items of a span, by its place in reading order."""
        index = bisect_left(self._places, (*order, -1, -1))
        found = []
        while index < len(self._places) and self._places[index][:3] == order:
            found.append(self._items[index])
            index += 1
        return found

    def add(self, item: Item) -> None:
        """Put an item where it belongs."""
        index = bisect_left(self._places, item.place)
        self._items.insert(index, item)
        self._places.insert(index, item.place)
        self.undecided += item.undecided

    def discard(self, place: Place) -> None:
        """Take the item at a place out, if there is one."""
        index = bisect_left(self._places, place)
        if index < len(self._places) and self._places[index] == place:
            self.undecided -= self._items[index].undecided
            del self._items[index], self._places[index]

    def after(self, place: Place | None, *, undecided: bool = False) -> Item | None:
        """Return the next item behind a place (the first when None), or the next undecided one."""
        if undecided and not self.undecided:
            return None
        return next((i for i in self.behind(place) if i.undecided or not undecided), None)

    def behind(self, place: Place | None) -> Iterator[Item]:
        """Yield the items behind a place, or all when None."""
        return islice(self._items, 0 if place is None else bisect_right(self._places, place), None)

    def before(self, place: Place | None) -> Item | None:
        """Return the item before a place (the last when None)."""
        index = len(self._places) if place is None else bisect_left(self._places, place)
        return self._items[index - 1] if index else None
