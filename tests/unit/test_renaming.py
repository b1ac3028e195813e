"""What a change of labels makes of a version can be taken back exactly, and leaves nothing of what goes."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui_annotate.domain import scheme_changes
from tui_annotate.domain.annotations import (
    Annotations,
    Entity,
    LabelValue,
    Relation,
    Suggestion,
    SuggestionKey,
    Verdict,
)
from tui_annotate.domain.changed_scheme import applied, followed_task, reverted
from tui_annotate.domain.decisions import Changes, apply
from tui_annotate.domain.documents import Document, Part
from tui_annotate.domain.renaming import Renaming
from tui_annotate.domain.reworking import rework
from tui_annotate.domain.scheme import Attribute, Choice, DocumentLabel, EntityType, RelationType, Scheme
from tui_annotate.domain.scheme_changes import Rule, SchemeChange, Target, find
from tui_annotate.domain.spans import Span
from tui_annotate.errors import DataError, SchemeError, UsageError

SCHEME = Scheme(
    entities=(EntityType("PER", key="1"), EntityType("ORG"), EntityType("LOC")),
    labels=(
        DocumentLabel("kind", "choice", (Choice("note"), Choice("letter"), Choice("fax"))),
        DocumentLabel("topics", "choices", (Choice("a"), Choice("b"), Choice("c"))),
        DocumentLabel("urgent", "boolean"),
        DocumentLabel("rush", "boolean"),
    ),
    attributes=(
        Attribute("role", "choice", (Choice("doctor"), Choice("patient")), on=("PER",)),
        Attribute("job", "choice", (Choice("doctor"), Choice("nurse"))),
    ),
    relations=(RelationType("works", ("PER", "ORG"), True), RelationType("near", ("", ""))),
).numbered()
TEXT = "Dr Smith of Acme met Anna in Rome"
DOCUMENT = Document("d", (Part("p", TEXT),))
SPANS = [(Span("p", 0, 8),), (Span("p", 12, 16),), (Span("p", 21, 25),), (Span("p", 0, 2), Span("p", 21, 25))]

ENTITIES = st.dictionaries(
    st.integers(1, 9),
    st.tuples(
        st.sampled_from(["PER", "ORG", "LOC"]),
        st.sampled_from(SPANS),
        st.dictionaries(st.sampled_from(["role", "job"]), st.sampled_from(["doctor", "patient", "nurse"])),
    ),
    max_size=7,
)
VALUES: dict[str, st.SearchStrategy[object]] = {
    "kind": st.sampled_from(["note", "letter", "fax"]),
    "topics": st.lists(st.sampled_from("abc"), min_size=1, unique=True).map(tuple),
    "urgent": st.booleans(),
    "rush": st.booleans(),
}


@st.composite
def versions(draw: st.DrawFn) -> tuple[Annotations, dict[SuggestionKey, Verdict]]:
    held = Annotations(
        {n: Entity(t, s, ("user:a",), 1.0, n, attributes) for n, (t, s, attributes) in draw(ENTITIES).items()},
        {
            name: LabelValue(name, draw(VALUES[name]))  # type: ignore[arg-type]
            for name in draw(st.sets(st.sampled_from(sorted(VALUES))))
        },
    )
    ends = st.sampled_from(sorted(held.entities)) if held.entities else None
    for number in range(20, 20 + (draw(st.integers(0, 4)) if ends is not None else 0)):
        assert ends is not None
        kind = draw(st.sampled_from(["works", "near"]))
        held.relations[number] = Relation(kind, (draw(ends), draw(ends)), kind == "works", number=number)
    keys = st.one_of(
        st.builds(_entity_key, st.sampled_from(["PER", "ORG", "LOC"]), st.sampled_from(SPANS)),
        st.builds(SuggestionKey, st.just("kind"), value=VALUES["kind"]),
        st.builds(SuggestionKey, st.just("topics"), value=VALUES["topics"]),
        st.builds(SuggestionKey, st.sampled_from(["urgent", "rush"]), value=st.booleans()),
        st.just(SuggestionKey("role", "p", ((0, 8),), "doctor")),
    )
    decided = st.sampled_from([Verdict.ACCEPTED, Verdict.REJECTED, Verdict.CHANGED])
    return held, draw(st.dictionaries(keys, decided, max_size=6))


def _entity_key(name: str, spans: tuple[Span, ...]) -> SuggestionKey:
    return SuggestionKey(name, "p", tuple((s.start, s.end) for s in spans))


RULES = (Rule("DR", "regex", "^Dr"), Rule("PAT", "attribute", "role=patient"))
CHANGES = st.sampled_from(
    [
        scheme_changes.rename(SCHEME, Target("entity", "PER"), "HUMAN"),
        scheme_changes.rename(SCHEME, Target("label", "kind", "note"), "memo"),
        scheme_changes.rename(SCHEME, Target("label", "urgent"), "soon"),
        scheme_changes.rename(SCHEME, Target("attribute", "role"), "part"),
        scheme_changes.rename(SCHEME, Target("relation", "works"), "employed"),
        scheme_changes.merge(SCHEME, [Target("entity", "PER"), Target("entity", "ORG")], "ACTOR"),
        scheme_changes.merge(SCHEME, [Target("entity", "PER"), Target("entity", "ORG")], "LOC"),
        scheme_changes.merge(SCHEME, [Target("entity", "PER"), Target("entity", "ORG")], "PER"),
        scheme_changes.merge(SCHEME, [Target("label", "urgent"), Target("label", "rush")], "rush"),
        scheme_changes.merge(SCHEME, [Target("label", "topics", "a"), Target("label", "topics", "b")], "ab"),
        scheme_changes.merge(SCHEME, [Target("attribute", "role"), Target("attribute", "job")], "job"),
        scheme_changes.merge(SCHEME, [Target("relation", "works"), Target("relation", "near")], "near"),
        scheme_changes.split(SCHEME, Target("entity", "PER"), ["DR", "PAT"], rules=RULES),
        scheme_changes.split(SCHEME, Target("entity", "PER"), ["DR", "PAT"], rules=RULES, rest="PAT"),
        scheme_changes.split(SCHEME, Target("entity", "PER"), ["DR", "PAT"], rules=RULES, review=True),
        scheme_changes.split(SCHEME, Target("label", "kind", "note"), ["memo", "n"], rest="n"),
        scheme_changes.split(SCHEME, Target("label", "topics", "a"), ["x", "y"], review=True),
        scheme_changes.split(SCHEME, Target("attribute", "role", "doctor"), ["gp", "vet"], review=True),
        scheme_changes.delete(SCHEME, Target("entity", "PER")),
        scheme_changes.delete(SCHEME, Target("label", "kind")),
        scheme_changes.delete(SCHEME, Target("label", "topics", "b")),
        scheme_changes.delete(SCHEME, Target("attribute", "role")),
        scheme_changes.delete(SCHEME, Target("relation", "near")),
    ]
)


@given(version=versions(), change=CHANGES)
def test_what_was_changed_is_taken_back_exactly(
    version: tuple[Annotations, dict[SuggestionKey, Verdict]], change: SchemeChange
) -> None:
    held, verdicts = deepcopy(version)
    changes = rework(Renaming(change), held, verdicts, DOCUMENT).changes
    apply(held, verdicts, changes)
    apply(held, verdicts, changes.inverted())
    assert (held, verdicts) == version


@given(version=versions(), change=CHANGES)
def test_nothing_is_left_of_what_goes(
    version: tuple[Annotations, dict[SuggestionKey, Verdict]], change: SchemeChange
) -> None:
    held, verdicts = deepcopy(version)
    renaming = Renaming(change)
    apply(held, verdicts, rework(renaming, held, verdicts, DOCUMENT).changes)
    _check_names(held, applied(SCHEME, change), verdicts)
    # And so nothing is left to be done.
    again = rework(renaming, held, verdicts, DOCUMENT)
    assert again.changes == Changes() or change.verb == "split"


def _check_names(held: Annotations, scheme: Scheme, verdicts: dict[SuggestionKey, Verdict]) -> None:
    for entity in held.entities.values():
        assert scheme.entity(entity.type) is not None
        assert all(scheme.attribute(name) is not None for name in entity.attributes)
    for label in held.labels.values():
        known = scheme.label(label.name)
        assert known is not None
        values = label.value if isinstance(label.value, tuple) else (label.value,)
        assert all(value in known.values for value in values)
    types = {relation.name for relation in scheme.relations}
    for relation in held.relations.values():
        assert relation.type in types
        assert set(relation.ends) <= held.entities.keys()
    for key in verdicts:
        assert key.name in {target.name for target in scheme_changes.targets(scheme)}


@given(version=versions(), change=CHANGES)
def test_no_two_entities_become_the_same_without_being_joined(
    version: tuple[Annotations, dict[SuggestionKey, Verdict]], change: SchemeChange
) -> None:
    held, verdicts = deepcopy(version)
    before = _twins(held)
    apply(held, verdicts, rework(Renaming(change), held, verdicts, DOCUMENT).changes)
    assert _twins(held) <= before


def _twins(held: Annotations) -> int:
    keys = [(entity.type, entity.spans) for entity in held.entities.values()]
    return len(keys) - len(set(keys))


@given(change=CHANGES)
def test_the_scheme_is_taken_back_exactly(change: SchemeChange) -> None:
    after = applied(SCHEME, change)
    assert reverted(after, SCHEME, after) == SCHEME
    assert reverted(SCHEME, after, SCHEME) == after


def test_taking_back_keeps_what_others_changed() -> None:
    after = applied(SCHEME, scheme_changes.rename(SCHEME, Target("entity", "PER"), "HUMAN"))
    coloured = replace(after, entities=(replace(after.entities[0], color="red"), *after.entities[1:]))
    more = coloured.with_entity(EntityType("DATE"))
    back = reverted(more, SCHEME, after)
    assert back is not None
    assert back.entities == (
        EntityType("PER", "e_1", "1", "red"),
        *SCHEME.entities[1:],
        EntityType("DATE", more.entities[-1].id),
    )
    other = replace(after, entities=(replace(after.entities[0], name="MENSCH"), *after.entities[1:]))
    assert reverted(other, SCHEME, after) is None


def test_what_refers_to_a_type_follows() -> None:
    renamed = applied(SCHEME, scheme_changes.rename(SCHEME, Target("entity", "PER"), "HUMAN"))
    assert renamed.attributes[0].on == ("HUMAN",)
    assert renamed.relations[0].ends == ("HUMAN", "ORG")
    assert renamed.entities[0] == EntityType("HUMAN", "e_1", "1")
    gone = applied(SCHEME, scheme_changes.delete(SCHEME, Target("entity", "PER")))
    assert [a.name for a in gone.attributes] == ["job"]
    assert [r.name for r in gone.relations] == ["near"]
    parted = applied(SCHEME, scheme_changes.split(SCHEME, Target("entity", "PER"), ["DR", "PAT"]))
    assert [e.name for e in parted.entities] == ["PER", "DR", "PAT", "ORG", "LOC"]
    assert parted.attributes[0].on == ("PER", "DR", "PAT")
    assert parted.relations[0].ends == ("", "ORG")


def test_of_true_and_false_true_stays_and_of_two_values_the_first() -> None:
    held = Annotations(labels={"urgent": LabelValue("urgent", False), "rush": LabelValue("rush", True)})
    change = scheme_changes.merge(SCHEME, [Target("label", "urgent"), Target("label", "rush")], "soon")
    worked = rework(Renaming(change), held, {}, None)
    assert [c.after.value for c in worked.changes.labels if c.after is not None] == [True]
    assert worked.counts["joined"] == 1
    entity = Entity("PER", SPANS[0], number=1, attributes={"role": "patient", "job": "nurse"})
    both = [Target("attribute", "role"), Target("attribute", "job")]
    worked = rework(Renaming(scheme_changes.merge(SCHEME, both, "task")), Annotations({1: entity}), {}, None)
    assert worked.changes.entities[0].after is not None
    assert worked.changes.entities[0].after.attributes == {"task": "patient"}
    assert worked.counts["clashes"] == 1


def test_what_was_rejected_is_none_of_what_it_is_split_into() -> None:
    key = _entity_key("PER", SPANS[0])
    change = scheme_changes.split(SCHEME, Target("entity", "PER"), ["DR", "PAT"], rules=RULES)
    held, verdicts = Annotations(), {key: Verdict.REJECTED}
    apply(held, verdicts, rework(Renaming(change), held, verdicts, DOCUMENT).changes)
    assert verdicts == {_entity_key(name, SPANS[0]): Verdict.REJECTED for name in ("PER", "DR", "PAT")}


def test_suggestions_follow_with_what_is_next_best() -> None:
    found = Suggestion("entity", "ORG", SPANS[0], prob=0.6, other=("PER", 0.2), attributes={"role": "doctor"})
    change = scheme_changes.merge(SCHEME, [Target("entity", "PER"), Target("entity", "ORG")], "ACTOR")
    renamed = Renaming(change).suggestion(found)
    assert renamed is not None
    assert (renamed.name, renamed.other) == ("ACTOR", None)
    renamed = Renaming(scheme_changes.rename(SCHEME, Target("attribute", "role", "doctor"), "gp")).suggestion(found)
    assert renamed is not None
    assert renamed.attributes == {"role": "gp"}
    deleted = scheme_changes.delete(SCHEME, Target("entity", "PER"))
    renamed = Renaming(deleted).suggestion(found)
    assert renamed is not None
    assert (renamed.other, renamed.attributes) == (None, {})


def test_rules_are_tried_in_order() -> None:
    rules = (
        Rule("DR", "near", r"of Acme"),
        Rule("PAT", "text", words=("anna",)),
        Rule("DR", "query", documents=frozenset({7})),
    )
    change = scheme_changes.split(SCHEME, Target("entity", "PER"), ["DR", "PAT"], rules=rules)
    held = Annotations({n: Entity("PER", SPANS[n], number=n) for n in (0, 2)})
    short = Document("s", (Part("p", TEXT.replace(" of Acme", " at Bcme")),))

    def names(document: Document, id: int) -> list[str]:
        worked = rework(Renaming(change), held, {}, document, id=id)
        return [c.after.type for c in worked.changes.entities if c.after is not None]

    assert names(DOCUMENT, 1) == ["DR", "DR"]
    assert names(short, 1) == ["PAT"]
    assert names(short, 7) == ["DR", "PAT"]
    broken = scheme_changes.split(SCHEME, Target("entity", "PER"), ["DR"], rules=[Rule("DR", "regex", "(")])
    with pytest.raises(DataError, match="no regular expression"):
        Renaming(broken)


def test_tasks_follow() -> None:
    renamed = scheme_changes.rename(SCHEME, Target("label", "urgent"), "soon")
    assert followed_task("labels:urgent", renamed) == "labels:soon"
    assert followed_task("labels:rush", renamed) == "labels:rush"
    merged = scheme_changes.merge(SCHEME, [Target("label", "urgent"), Target("label", "rush")], "rush")
    assert followed_task("labels:urgent", merged) is None
    assert followed_task("labels:rush", merged) == "labels:rush"
    assert followed_task("attributes:role", scheme_changes.delete(SCHEME, Target("entity", "PER"))) is None


def test_labels_are_found_by_what_people_type() -> None:
    assert find(SCHEME, "PER") == Target("entity", "PER")
    assert find(SCHEME, "kind=note") == Target("label", "kind", "note")
    assert find(SCHEME, "attribute:role=doctor") == Target("attribute", "role", "doctor")
    twice = Scheme(entities=(EntityType("x"),), labels=(DocumentLabel("x", "boolean"),))
    with pytest.raises(UsageError, match="several") as caught:
        find(twice, "x")
    assert "entity:x, label:x" in caught.value.hint
    assert find(twice, "label:x") == Target("label", "x")
    with pytest.raises(UsageError) as caught:
        find(SCHEME, "per")
    assert caught.value.hint == "Did you mean PER?"
    with pytest.raises(UsageError) as caught:
        find(SCHEME, "kind=lettr")
    assert caught.value.hint == "Did you mean kind=letter?"


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: scheme_changes.rename(SCHEME, Target("entity", "PER"), "ORG"), "There is an entity type ORG already"),
        (lambda: scheme_changes.rename(SCHEME, Target("entity", "PER"), " x"), "is no name"),
        (lambda: scheme_changes.rename(SCHEME, Target("entity", "PER"), "PER"), "its name already"),
        (
            lambda: scheme_changes.merge(SCHEME, [Target("entity", "PER"), Target("label", "kind")], "x"),
            "Only labels of one group",
        ),
        (
            lambda: scheme_changes.merge(SCHEME, [Target("label", "urgent"), Target("label", "kind")], "x"),
            "they are boolean and choice",
        ),
        (lambda: scheme_changes.merge(SCHEME, [Target("entity", "PER")], "NEW"), "no merge"),
        (lambda: scheme_changes.split(SCHEME, Target("label", "urgent"), ["a", "b"]), "only its options"),
        (
            lambda: scheme_changes.split(SCHEME, Target("entity", "PER"), ["A"], rules=[Rule("B", "regex", "x")]),
            "none of",
        ),
        (lambda: scheme_changes.split(SCHEME, Target("entity", "PER"), ["A"], rest="B"), "none of A"),
        (
            lambda: scheme_changes.delete(
                Scheme(labels=(DocumentLabel("k", "choice", (Choice("a"),)),)), Target("label", "k", "a")
            ),
            "only option",
        ),
    ],
)
def test_changes_that_make_no_sense_say_why(make: object, message: str) -> None:
    with pytest.raises(SchemeError, match=message):
        make()  # type: ignore[operator]
