"""Checking, editing and joining schemes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tui_annotate.domain import scheme_changes
from tui_annotate.domain.annotations import Annotations, Entity, LabelValue, Relation
from tui_annotate.domain.changed_scheme import applied
from tui_annotate.domain.documents import Document, Part
from tui_annotate.domain.interchange import ExchangedDocument, ExchangedVersion
from tui_annotate.domain.scheme import Attribute, Choice, DocumentLabel, EntityType, RelationType, Scheme
from tui_annotate.domain.spans import Span
from tui_annotate.errors import ChangedMeanwhileError, SchemeError
from tui_annotate.formats.schemes import formats as schemes
from tui_annotate.services import scheme_checking, scheme_editing
from tui_annotate.services.scheme_checking import Finding, Models
from tui_annotate.services.scheme_draft import Draft, Row
from tui_annotate.store import settings
from tui_annotate.store.connection import Corpus
from tui_annotate.store.intake import Intake
from tui_annotate.store.relabelling import label_use

SCHEME = Scheme(
    (EntityType("DRUG"), EntityType("DISEASE"), EntityType("DOSE")),
    (
        DocumentLabel("urgent", "boolean"),
        DocumentLabel("smoker", "choice", (Choice("never"), Choice("past"), Choice("now"))),
        DocumentLabel("topics", "choices", (Choice("a"), Choice("b"), Choice("c"))),
    ),
    (
        Attribute("status", "choice", (Choice("absent"), Choice("present")), on=("DISEASE",)),
        Attribute("sure", "boolean"),
    ),
    (RelationType("treats", ("DRUG", "DISEASE")), RelationType("causes")),
).numbered()


def faults(scheme: Scheme, **options: object) -> list[str]:
    found: list[Finding] = scheme_checking.check(scheme, **options)  # type: ignore[arg-type]
    return [str(one) for one in found if one.severity == "fault"]


@pytest.fixture
def corpus(tmp_path: Path) -> Corpus:
    """A corpus in which some of the labels are in use, confirmed and suggested."""
    held = Annotations(
        {
            1: Entity("DRUG", (Span("p", 0, 1),), number=1),
            2: Entity("DISEASE", (Span("p", 2, 3),), number=2, attributes={"status": "absent"}),
        },
        {"smoker": LabelValue("smoker", "past"), "topics": LabelValue("topics", ("a", "b"))},
        {3: Relation("treats", (1, 2), number=3)},
    )
    waiting = Annotations({1: Entity("DOSE", (Span("p", 0, 1),), number=1)}, {"urgent": LabelValue("urgent", True)})
    documents = [
        ExchangedDocument(Document("one", (Part("p", "a b c"),)), (ExchangedVersion(held, confirmed=True),)),
        ExchangedDocument(Document("two", (Part("p", "d e f"),)), (ExchangedVersion(waiting, confirmed=False),)),
    ]
    opened = Corpus.create(tmp_path / "notes.db", scheme=SCHEME)
    assert not [p for p in Intake(opened, annotator="ann").add(documents) if p.severity == "refused"]
    return opened


# Checking


def test_a_good_scheme_has_no_faults() -> None:
    assert faults(SCHEME) == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda s: replace(s, entities=(EntityType("A", color="gren"),)), "Did you mean 'green'?"),
        (lambda s: replace(s, entities=(EntityType("A", color="#12345"),)), "neither #rrggbb"),
        (
            lambda s: replace(s, attributes=(Attribute("x", "text", on=("DRUGG",)),)),
            "no entity type 'DRUGG'. Did you mean 'DRUG'?",
        ),
        (lambda s: replace(s, relations=(RelationType("x", ("DISEAS", "")),)), "Did you mean 'DISEASE'?"),
        (lambda s: replace(s, labels=(DocumentLabel("x", "boolean", threshold=1.0),)), "between 0 and 1"),
        (lambda s: replace(s, labels=(DocumentLabel("x", "choice", (Choice("a"),)),)), "one option is no choice"),
        (
            lambda s: replace(s, attributes=(Attribute("x", "choices", (Choice("a"), Choice("b"))),)),
            "one value of an attribute",
        ),
        (
            lambda s: replace(
                s, labels=(DocumentLabel("x", "boolean", train=True), DocumentLabel("y", "text", train=True))
            ),
            "only one label can be trained before",
        ),
    ],
)
def test_a_fault_names_the_label_and_the_nearest_right_name(change: Callable[[Scheme], Scheme], said: str) -> None:
    assert any(said in one for one in faults(change(SCHEME)))


MODELS = Models(
    "notes", {"entities-3": "entities", "labels-smoker-1": "labels:smoker", "status-2": "attributes:status"}
)


@pytest.mark.parametrize(
    ("group", "model", "nearest"),
    [
        ("entity", "entities-4", "entities-3"),
        ("entity", "enities", "entities"),
        ("entity", "labels-smoker-1", "entities-3"),
        ("entity", "classification_smoker_notes", "ner_notes"),
        ("entity", "ner_note", "ner_notes"),
        ("label", "classification_smokr_notes", "classification_smoker_notes"),
        ("label", "classification_topics_notes", "classification_smoker_notes"),
        ("label", "labels-smoker-2", "labels-smoker-1"),
        ("label", "entities-3", None),
        ("attribute", "assertion_status_nots", "assertion_status_notes"),
        ("attribute", "classification_smoker_notes", None),
    ],
)
def test_a_mistake_in_the_name_of_a_model_names_label_model_and_nearest(
    group: str, model: str, nearest: str | None
) -> None:
    found = [one for one in scheme_checking.check(_with_model(group, model), models=MODELS) if one.severity == "fault"]
    assert [(one.field, repr(model) in one.reason) for one in found] == [("model", True)]
    assert found[0].label == {"entity": "DRUG", "label": "smoker", "attribute": "status"}[group]
    assert nearest is None or found[0].nearest == nearest


@pytest.mark.parametrize(
    ("group", "model"),
    [
        ("entity", "entities-3"),
        ("entity", "spacy-ner"),
        ("entity", "ner_notes"),
        ("entity", "en_core_web_lg"),
        ("label", "classification_smoker_notes"),
        ("label", "labels-smoker-1"),
        ("attribute", "assertion_status_notes.model"),
    ],
)
def test_right_and_outside_models_are_let_pass(group: str, model: str) -> None:
    assert faults(_with_model(group, model), models=MODELS) == []


def test_a_file_by_itself_takes_exported_models_of_any_project() -> None:
    assert faults(_with_model("label", "classification_smoker_annotation_manual")) == []
    assert faults(_with_model("attribute", "assertion_status_annotation_manual.model")) == []
    assert faults(_with_model("label", "classification_smokerr_x")) != []


def _with_model(group: str, model: str) -> Scheme:
    if group == "entity":
        return replace(SCHEME, entities=(replace(SCHEME.entities[0], model=model), *SCHEME.entities[1:]))
    if group == "label":
        return replace(SCHEME, labels=(SCHEME.labels[0], replace(SCHEME.labels[1], model=model), SCHEME.labels[2]))
    return replace(SCHEME, attributes=(replace(SCHEME.attributes[0], model=model), SCHEME.attributes[1]))


def test_findings_of_a_file_stand_on_its_lines() -> None:
    text = """# x
[[entity]]
name = "A"
color = "gren"

[[label]]
name = "b"
options = [
  "x",
  { value = "y", key = "a" },
]
"""
    reading = schemes.parse(text.encode(), "s.toml")
    found = scheme_checking.check(reading.scheme, reading=reading)
    assert [(one.severity, one.label, one.line) for one in found] == [("fault", "A", 4), ("clash", "b: y", 10)]
    xml = b'<View>\n<Labels name="l">\n<Label value="A" model="spacy-nerr" hotkey="alt+1"/></Labels></View>'
    reading = schemes.parse(xml, "s.xml")
    found = scheme_checking.check(reading.scheme, reading=reading)
    assert [(one.severity, one.field, one.nearest, one.line) for one in found] == [
        ("fault", "model", "spacy-ner", 3),
        ("clash", "key", "", 3),
    ]


# Putting in force


def test_uses_are_counted_annotated_and_waiting(corpus: Corpus) -> None:
    used = label_use.used
    assert [used(corpus, "entity", name) for name in ("DRUG", "DISEASE", "DOSE", "NONE")] == [1, 1, 1, 0]
    assert [used(corpus, "label", name) for name in ("smoker", "topics", "urgent", "status")] == [1, 1, 1, 0]
    assert [used(corpus, "label", "smoker", value) for value in ("past", "never")] == [1, 0]
    assert [used(corpus, "label", "topics", value) for value in "abc"] == [1, 1, 0]
    assert [used(corpus, "attribute", "status", value) for value in (None, "absent", "present")] == [1, 1, 0]
    assert [used(corpus, "relation", name) for name in ("treats", "causes")] == [1, 0]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            lambda s: replace(
                s, entities=s.entities[1:], relations=tuple(replace(r, ends=("", "")) for r in s.relations)
            ),
            "entity type DRUG is used 1 times",
        ),
        (lambda s: replace(s, entities=s.entities[:2]), "entity type DOSE is used"),
        (lambda s: replace(s, labels=s.labels[:2]), "document label topics is used"),
        (lambda s: replace(s, relations=s.relations[1:]), "relation type treats is used"),
        (lambda s: replace(s, attributes=s.attributes[1:]), "attribute status is used"),
        (
            lambda s: replace(
                s, labels=(s.labels[0], s.labels[1], replace(s.labels[2], options=s.labels[2].options[1:]))
            ),
            "document label topics, option a is used",
        ),
        (lambda s: replace(s, labels=(replace(s.labels[0], kind="text"), *s.labels[1:])), "cannot become text"),
    ],
)
def test_what_is_in_use_does_not_vanish(corpus: Corpus, change: Callable[[Scheme], Scheme], said: str) -> None:
    with pytest.raises(SchemeError) as caught:
        scheme_editing.put(corpus, change(SCHEME), base=SCHEME, annotator="ann")
    assert said in caught.value.message
    assert "Renaming or merging" in caught.value.hint
    assert settings.scheme(corpus) == SCHEME


def test_what_is_not_in_use_goes_and_the_rest_is_in_force_at_once(corpus: Corpus) -> None:
    smoker = replace(SCHEME.labels[1], options=SCHEME.labels[1].options[1:])
    wanted = replace(SCHEME, labels=(SCHEME.labels[2], smoker, SCHEME.labels[0]), relations=SCHEME.relations[:1])
    assert scheme_editing.put(corpus, wanted, base=SCHEME, annotator="ann") == wanted == settings.scheme(corpus)


def test_nothing_is_written_over_what_somebody_else_changed(corpus: Corpus) -> None:
    theirs = settings.set_scheme(corpus, SCHEME.with_entity(EntityType("NEW")), annotator="bob")
    with pytest.raises(ChangedMeanwhileError):
        scheme_editing.put(corpus, replace(SCHEME, relations=()), base=SCHEME, annotator="ann")
    assert settings.scheme(corpus) == theirs


def test_a_fault_keeps_the_scheme_as_it_was_but_an_old_one_holds_nobody_up(corpus: Corpus) -> None:
    bad = replace(SCHEME, entities=(replace(SCHEME.entities[0], color="gren"), *SCHEME.entities[1:]))
    with pytest.raises(SchemeError, match="gren"):
        scheme_editing.put(corpus, bad, base=SCHEME, annotator="ann")
    settings.set_scheme(corpus, bad, annotator="ann")
    more = bad.with_entity(EntityType("NEW"))
    assert scheme_editing.put(corpus, more, base=bad, annotator="ann") == more


def imported(corpus: Corpus, *relations: Relation) -> None:
    """Take in an unconfirmed document of two drugs, and what links them."""
    held = {n: Entity("DRUG", (Span("p", n, n + 1),), number=n) for n in (1, 2)}
    version = ExchangedVersion(Annotations(held, {}, {r.number: r for r in relations}), confirmed=False)
    document = ExchangedDocument(Document("three", (Part("p", "g h i"),)), (version,))
    assert list(Intake(corpus, annotator="ann").add([document])) == []


def test_a_relation_that_waits_to_be_decided_is_in_use(corpus: Corpus) -> None:
    imported(corpus, Relation("causes", (1, 2), number=3))
    assert label_use.used(corpus, "relation", "causes") == 1
    with pytest.raises(SchemeError, match="relation type causes is used 1 times"):
        scheme_editing.put(corpus, replace(SCHEME, relations=SCHEME.relations[:1]), base=SCHEME, annotator="ann")


def test_what_comes_into_use_after_it_was_looked_for_does_not_vanish(
    corpus: Corpus, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked: list[int] = []
    vanished = scheme_editing.vanished

    def look(opened: Corpus, before: Scheme, after: Scheme) -> list[scheme_editing.Vanished]:
        found = vanished(opened, before, after)
        if not looked:
            with Corpus.open(corpus.path) as other:
                imported(other, Relation("causes", (1, 2), number=3))
        looked.append(len(found))
        return found

    monkeypatch.setattr(scheme_editing, "vanished", look)
    with pytest.raises(SchemeError, match="relation type causes is used"):
        scheme_editing.put(corpus, replace(SCHEME, relations=SCHEME.relations[:1]), base=SCHEME, annotator="ann")
    assert looked == [0, 1]


# Joining


def test_joining_takes_what_is_new_and_leaves_the_rest() -> None:
    other = Scheme(
        (EntityType("DRUG", key="x", id="e_9"), EntityType("GENE", id="e_1")),
        (DocumentLabel("smoker", "choice", (Choice("past"), Choice("unknown"))), DocumentLabel("urgent", "text")),
        guidelines="Hm.",
    )
    joined = scheme_editing.join(SCHEME, other)
    assert joined.added == ("entity type GENE", "option unknown of smoker")
    assert joined.differing == ("DRUG: key none here, x there", "urgent: boolean here, text there")
    assert [type.name for type in joined.scheme.entities] == ["DRUG", "DISEASE", "DOSE", "GENE"]
    assert len({type.id for type in joined.scheme.entities}) == 4
    assert joined.scheme.labels[1].values == ("never", "past", "now", "unknown")
    assert joined.scheme.guidelines == "Hm."
    assert scheme_editing.join(joined.scheme, other).scheme == joined.scheme


# The draft of the editor


def test_a_draft_takes_steps_and_gives_them_back() -> None:
    draft = Draft(SCHEME)
    row = draft.add("label", " topic  of it ", "choice", ["x", " y ", "x", ""])
    assert row == Row("label", "topic of it")
    draft.add_option(row, "z")
    draft.move(Row("label", "topic of it", "z"), -1)
    draft.delete(Row("label", "topic of it", "x"))
    draft.move(row, -1)
    thing = draft.thing(row)
    assert isinstance(thing, DocumentLabel)
    assert thing.values == ("z", "y")
    assert [label.name for label in draft.scheme.labels][-2:] == ["topic of it", "topics"]
    assert draft.changes() == ["new document label topic of it"]
    draft.delete(row)
    assert not draft.is_changed
    while draft.undo():
        pass
    assert draft.scheme == SCHEME


@pytest.mark.parametrize(
    ("row", "field", "text", "expected"),
    [
        (Row("entity", "DRUG"), "color", "red", EntityType("DRUG", "e_1", color="red")),
        (Row("entity", "DRUG"), "overlapping", "yes", EntityType("DRUG", "e_1", overlapping=True)),
        (Row("label", "urgent"), "threshold", "0,25", DocumentLabel("urgent", "boolean", id="m_4", threshold=0.25)),
        (
            Row("label", "urgent"),
            "kind",
            "choice",
            DocumentLabel("urgent", "choice", (Choice("yes"), Choice("no")), "m_4"),
        ),
        (Row("relation", "causes"), "ends", "DRUG, DISEASE", RelationType("causes", ("DRUG", "DISEASE"), id="r_10")),
        (Row("attribute", "sure"), "on", "DRUG , DOSE", Attribute("sure", "boolean", id="f_8", on=("DRUG", "DOSE"))),
    ],
)
def test_fields_are_read_as_they_are_written(row: Row, field: str, text: str, expected: object) -> None:
    draft = Draft(SCHEME)
    scheme, same = draft.changed(row, field, text)
    draft.put(scheme)
    assert draft.thing(same) == expected


def test_a_renamed_type_is_followed_by_what_names_it() -> None:
    scheme, row = Draft(SCHEME).changed(Row("entity", "DISEASE"), "name", "ILLNESS")
    assert row == Row("entity", "ILLNESS")
    assert scheme.attributes[0].on == ("ILLNESS",)
    assert scheme.relations[0].ends == ("DRUG", "ILLNESS")
    assert faults(scheme) == []


@pytest.mark.parametrize(
    ("field", "text", "said"),
    [("name", "", "must not be empty"), ("name", "DOSE", "stands twice"), ("threshold", "2", "between")],
)
def test_a_field_that_does_not_fit_is_refused(field: str, text: str, said: str) -> None:
    row = Row("label", "urgent") if field == "threshold" else Row("entity", "DRUG")
    with pytest.raises(SchemeError, match=said):
        Draft(SCHEME).changed(row, field, text)


def test_names_that_are_not_seen_as_they_are_get_a_note() -> None:
    scheme = Scheme(
        (EntityType("DR\u202eUG"), EntityType("a" * 300), EntityType("Größe, 薬; x")),
        (DocumentLabel("smoker", "choice", (Choice("ne\x1bver"), Choice("past"))),),
    )
    found = [str(one) for one in scheme_checking.check(scheme) if one.severity == "note"]
    assert [("U+202E" in one, "300 characters" in one, "U+001B" in one) for one in found] == [
        (True, False, False),
        (False, True, False),
        (False, False, True),
    ]


def test_an_exported_model_is_told_of_in_a_file_as_an_outside_one_is_in_a_corpus() -> None:
    scheme = Scheme((EntityType("DRUG", model="ner_clinical"),))
    (found,) = scheme_checking.check(scheme)
    assert "corpus called 'clinical'" in found.reason
    (found,) = scheme_checking.check(scheme, models=Models("notes"))
    assert "outside model" in found.reason
    assert scheme_checking.check(scheme, models=Models("clinical")) == []


def test_what_is_no_toml_is_said_with_one_line() -> None:
    (problem,) = schemes.parse(b'a = 1\n[[entity]]\nname = "x"\nname = "y"\n', "s.toml", format="toml").faults
    assert problem.where == "s.toml:4"
    assert "line" not in problem.reason


def test_what_was_changed_here_goes_on_top_of_what_others_put_in_force() -> None:
    mine = replace(
        SCHEME,
        entities=(replace(SCHEME.entities[0], color="red"), SCHEME.entities[1], EntityType("MINE")),
        labels=SCHEME.labels[1:],
    )
    renamed = replace(SCHEME.entities[0], name="MEDICINE")
    theirs = replace(SCHEME, entities=(renamed, *SCHEME.entities[1:], EntityType("THEIRS"))).numbered()
    merged = scheme_editing.on_top(theirs, mine, SCHEME)
    assert merged is not None
    assert [(type.name, type.color) for type in merged.entities if type.name != "MINE"] == [
        ("MEDICINE", "red"),
        ("DISEASE", ""),
        ("THEIRS", ""),
    ]
    assert merged.entity("MINE") is not None
    assert [label.name for label in merged.labels] == ["smoker", "topics"]
    ids = [thing.id for things in scheme_editing.groups_of(merged).values() for thing in things]
    assert all(ids)
    assert len(set(ids)) == len(ids)


def test_what_both_changed_the_same_is_not_put_on_top() -> None:
    def named(name: str) -> Scheme:
        return replace(SCHEME, entities=(replace(SCHEME.entities[0], name=name), *SCHEME.entities[1:]))

    assert scheme_editing.on_top(named("A"), named("B"), SCHEME) is None
    theirs = replace(SCHEME, entities=(*SCHEME.entities, EntityType("NEW", color="red"))).numbered()
    assert (
        scheme_editing.on_top(theirs, replace(SCHEME, entities=(*SCHEME.entities, EntityType("NEW"))), SCHEME) is None
    )


def test_a_draft_keeps_what_is_not_saved_through_a_change_made_at_once() -> None:
    draft = Draft(SCHEME)
    draft.add("entity", "PENDING")
    change = scheme_changes.rename(SCHEME, scheme_changes.Target("entity", "DRUG"), "MEDICINE")
    held = applied(SCHEME, change)
    draft.followed(held, change)
    assert [type.name for type in draft.scheme.entities] == ["MEDICINE", "DISEASE", "DOSE", "PENDING"]
    assert draft.undo()
    assert draft.scheme == held
    assert not draft.undo()


def test_a_label_given_another_key_in_a_draft_loses_the_one_it_was_known_by() -> None:
    draft = Draft(SCHEME)
    draft.put(draft.changed(Row("entity", "DRUG"), "name", "MEDICINE")[0])
    assert draft.keymap().hotkey("1") is not None
    draft.put(draft.changed(Row("entity", "MEDICINE"), "key", "Z")[0])
    draft.put(draft.changed(Row("label", "smoker", "past"), "key", "Y")[0])
    found = {hotkey.id: hotkey.keys for hotkey in draft.keymap().hotkeys}
    assert found["entity:MEDICINE"] == ("Z",)
    assert found["label:smoker=past"] == ("Y",)
    assert found["entity:DISEASE"] == ("2",)
