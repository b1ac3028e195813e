"""Where two versions of a document differ."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tui_annotate.domain.annotations import Annotations, Entity, LabelValue, Relation
from tui_annotate.domain.differences import differences
from tui_annotate.domain.spans import Span


def entity(number: int, start: int, type: str = "DRUG", **attributes: bool) -> Entity:
    return Entity(type, (Span("s1v1", start, start + 2),), (f"user:{number}",), 0.5, number, attributes)


def made(*entities: Entity, **labels: str) -> Annotations:
    return Annotations({e.number: e for e in entities}, {n: LabelValue(n, v) for n, v in labels.items()})


def test_types_attributes_labels_and_relations_are_compared_and_numbers_and_makers_are_not() -> None:
    first = made(entity(1, 0), entity(2, 4), entity(3, 8, negated=True), kind="note", place="ward")
    second = made(entity(7, 0), entity(8, 4, "DISEASE"), entity(9, 8, negated=False), entity(10, 12), kind="letter")
    first.relations[4] = Relation("treats", (1, 2), number=4)
    found = differences(first, second)
    assert found.same == 1
    assert [(a.number, b.number) for a, b in found.changed] == [(2, 8), (3, 9)]
    assert (found.first, [e.number for e in found.second]) == ((), [10])
    assert found.labels == (("kind", "note", "letter"), ("place", "ward", None))
    assert found.relations == (1, 0)
    assert found.count == 6


ENTITIES = st.lists(
    st.builds(entity, st.integers(1, 99), st.integers(0, 3), st.sampled_from(["DRUG", "DISEASE"])),
    unique_by=lambda e: e.number,
    max_size=6,
)


@given(ENTITIES, ENTITIES)
def test_both_ways_say_the_same_and_all_is_accounted_for(ours: list[Entity], theirs: list[Entity]) -> None:
    there, back = differences(made(*ours), made(*theirs)), differences(made(*theirs), made(*ours))
    assert (there.same, there.count) == (back.same, back.count)
    assert there.same + len(there.changed) + len(there.first) == len(ours)
    assert there.same + len(there.changed) + len(there.second) == len(theirs)
    assert differences(made(*ours), made(*ours)).count == 0
