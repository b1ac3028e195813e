"""Relations that came with a version for review, and go along with what was made of it until somebody decides on them.

Each is found again by where its ends stand: whatever became of these, a relation goes along as long as both are there.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from tui_annotate.domain.annotations import (
    Anchor,
    Annotations,
    Entity,
    Relation,
    SuggestionKey,
    Verdict,
    anchor,
    entity_key,
    relation_key,
)
from tui_annotate.domain.interchange import MASTER, ExchangedVersion


def given_to(annotator: str, proposals: Iterable[ExchangedVersion]) -> Annotations | None:
    """Return the imported version that an annotator's was made from: theirs, else master's."""
    held = {proposal.annotator: proposal.annotations for proposal in proposals}
    return held.get(annotator, held.get(MASTER))


class Standing:
    """Which entity of a version each imported one is now."""

    def __init__(self, entities: Mapping[int, Entity]) -> None:
        self._entities = entities
        self._by_key = {entity_key(entity): number for number, entity in entities.items()}
        self._by_place: dict[Anchor, list[int]] = {}
        for number, entity in entities.items():
            self._by_place.setdefault(anchor(entity.spans), []).append(number)

    def number(self, entity: Entity) -> int | None:
        """Return the entity that an imported one is now: the same, or the only one at its place, of another type."""
        number = self._by_key.get(entity_key(entity))
        if number is not None:
            return number
        there = self._by_place.get(anchor(entity.spans), [])
        return there[0] if len(there) == 1 else None

    def second(self, given: Annotations) -> list[Entity]:
        """Return imported entities that stand at one place twice, as long as nobody has decided on them.

        They are one suggestion, and go out as the several that came.
        """
        seen: set[SuggestionKey] = set()
        more: list[Entity] = []
        for entity in given.entities.values():
            key = entity_key(entity)
            number = self._by_key.get(key)
            if key in seen and number is not None and self._entities[number].who == entity.who:
                more.append(entity)
            seen.add(key)
        return more

    def carried(
        self, given: Annotations, relations: Iterable[Relation], verdicts: Mapping[SuggestionKey, Verdict]
    ) -> Iterator[tuple[Relation, tuple[int, int]]]:
        """Yield what goes along with a version, and the numbers of its ends in it.

        Args:
            relations: What the version holds itself; the same is not yielded again.
            verdicts: What was decided in the version: a relation that was decided on goes along no more.
        """
        linked = {(relation.type, relation.ends) for relation in relations}
        for relation in given.relations.values():
            key = key_of(relation, given)
            if key is None or verdicts.get(key, Verdict.UNDECIDED) is not Verdict.UNDECIDED:
                continue
            first, second = (self.number(given.entities[end]) for end in relation.ends)
            if first is not None and second is not None and (relation.type, (first, second)) not in linked:
                yield relation, (first, second)


def key_of(relation: Relation, held: Annotations) -> SuggestionKey | None:
    """Return what a verdict on a relation hangs on; None where one of its ends is missing."""
    first, second = (held.entities.get(end) for end in relation.ends)
    return None if first is None or second is None else relation_key(relation, first, second)
