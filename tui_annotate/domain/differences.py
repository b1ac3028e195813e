"""What two versions of a document have in common, and where they differ: for adjudicating between annotators."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from tui_annotate.domain.annotations import Annotations, Entity, LabelContent, Relation
from tui_annotate.domain.spans import Span


@dataclass(frozen=True, slots=True)
class Differences:
    """Where a first and a second version differ; entities in the order of their places."""

    same: int
    """Entities, labels and relations that both have."""
    first: tuple[Entity, ...]
    """Entities that only the first has."""
    second: tuple[Entity, ...]
    changed: tuple[tuple[Entity, Entity], ...]
    """Entities in just the same place of another type, or with other attributes."""
    labels: tuple[tuple[str, LabelContent | None, LabelContent | None], ...]
    """Name and both values; None where one has none."""
    relations: tuple[int, int]
    """How many relations only the first, and only the second has."""

    @property
    def count(self) -> int:
        """How many differences there are."""
        return len(self.first) + len(self.second) + len(self.changed) + len(self.labels) + sum(self.relations)


def differences(first: Annotations, second: Annotations) -> Differences:
    """Compare two versions; who made an annotation, and how sure they were, does not matter."""
    same = 0
    alone: tuple[list[Entity], list[Entity]] = ([], [])
    changed: list[tuple[Entity, Entity]] = []
    ours, theirs = _by_place(first), _by_place(second)
    for place in sorted(ours.keys() | theirs.keys()):
        left, right = list(ours[place]), list(theirs[place])
        for entity in ours[place]:
            twin = next((other for other in right if _content(other) == _content(entity)), None)
            if twin is not None:
                left.remove(entity)
                right.remove(twin)
                same += 1
        changed += zip(left, right, strict=False)
        both = min(len(left), len(right))
        alone[0].extend(left[both:])
        alone[1].extend(right[both:])
    labels = []
    for name in sorted(first.labels.keys() | second.labels.keys()):
        values = [side.labels[name].value if name in side.labels else None for side in (first, second)]
        if values[0] == values[1]:
            same += 1
        else:
            labels.append((name, values[0], values[1]))
    links, others = _links(first), _links(second)
    both = sum(min(count, others.get(link, 0)) for link, count in links.items())
    lone = (sum(links.values()) - both, sum(others.values()) - both)
    return Differences(same + both, tuple(alone[0]), tuple(alone[1]), tuple(changed), tuple(labels), lone)


def _by_place(annotations: Annotations) -> defaultdict[tuple[Span, ...], list[Entity]]:
    found: defaultdict[tuple[Span, ...], list[Entity]] = defaultdict(list)
    for entity in annotations.entities.values():
        found[entity.spans].append(entity)
    return found


def _content(entity: Entity) -> tuple[object, ...]:
    return entity.type, entity.state == "pre-removed", dict(entity.attributes)


def _links(annotations: Annotations) -> dict[object, int]:
    found: defaultdict[object, int] = defaultdict(int)

    def end(relation: Relation, index: int) -> object:
        entity = annotations.entities.get(relation.ends[index])
        return (entity.type, entity.spans) if entity is not None else None

    for relation in annotations.relations.values():
        found[relation.type, end(relation, 0), end(relation, 1)] += 1
    return found
