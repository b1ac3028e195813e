"""A change of labels reaches everything that refers to them, is one step of undo, and is whole or not there."""

from __future__ import annotations

import multiprocessing
import os
import signal
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as tried
from hypothesis import strategies as st

from tests.properties import tries
from tests.store import making
from tests.store.making import CONFIRMED, IN_PROGRESS
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
from tui_annotate.domain.decisions import Changes, Decision, EntityChange, Kind, LabelChange
from tui_annotate.domain.interchange import ExchangedVersion
from tui_annotate.domain.patterns import Pattern
from tui_annotate.domain.scheme import Attribute, Choice, DocumentLabel, EntityType, RelationType, Scheme
from tui_annotate.domain.scheme_changes import Rule, SchemeChange, Target
from tui_annotate.domain.selection import Review
from tui_annotate.domain.spans import Span
from tui_annotate.errors import ChangedMeanwhileError, DecisionError, SchemeError, UndoError
from tui_annotate.services import scheme_changes as services
from tui_annotate.store import (
    aliases,
    counters,
    deleting,
    log,
    patterns,
    rebuild,
    renaming,
    reviewing,
    runs,
    settings,
    suggestions,
    verify,
    versions,
)
from tui_annotate.store.connection import Corpus
from tui_annotate.store.runs import RunRow

SCHEME = Scheme(
    entities=(EntityType("DRUG"), EntityType("DISEASE"), EntityType("CHEMICAL")),
    labels=(DocumentLabel("urgent", "boolean"), DocumentLabel("kind", "choice", (Choice("note"), Choice("letter")))),
    attributes=(Attribute("status", "choice", (Choice("past"), Choice("now")), on=("DRUG",)),),
    relations=(RelationType("treats", ("DRUG", "DISEASE"), True),),
).numbered()
DRUG = Target("entity", "DRUG")


@pytest.fixture
def corpus(path: Path) -> Corpus:
    """Three documents: confirmed by bob, with suggestions, and empty."""
    made = Corpus.create(path, scheme=SCHEME)
    making.take_in(
        made,
        making.document("a", versions=(_of("bob", True),)),
        making.document("b", versions=(_of("bob", False),)),
        making.document("c"),
    )
    return made


def _of(annotator: str, confirmed: bool) -> ExchangedVersion:
    """Return a version: a drug and a chemical in one place, a disease, and what links them."""
    entities = {
        1: Entity("DRUG", (Span("s1v1", 0, 2),), ("user:bob",), 1.0, 1, {"status": "past"}),
        2: Entity("CHEMICAL", (Span("s1v1", 0, 2),), ("user:ann",), 1.0, 2),
        3: Entity("DISEASE", (Span("s1v1", 3, 5),), ("user:bob",), 1.0, 3),
    }
    relations = {
        4: Relation("treats", (1, 3), True, number=4),
        5: Relation("treats", (2, 3), True, number=5),
    }
    labels = {"kind": LabelValue("kind", "letter")}
    return ExchangedVersion(Annotations(entities, labels, relations), confirmed, annotator)


def _rows(corpus: Corpus) -> object:
    """Return every row that a change of labels may touch, but those of the log."""
    tables = (
        "entity",
        "label",
        "relation",
        "verdict",
        "suggestion",
        "proposal",
        "pattern",
        "run",
        "deployment",
        "frozen",
    )
    with corpus.reading() as db:
        held = [db.execute(f"SELECT * FROM {table} ORDER BY 1, 2").fetchall() for table in tables]
        engines = db.execute("SELECT value FROM setting WHERE name = 'engines'").fetchall()
        states = db.execute("SELECT id, state, review, confirmed FROM version WHERE state IS NOT NULL").fetchall()
    return held, engines, states, settings.scheme(corpus), counters.progress(corpus).confirmed


def _sound(corpus: Corpus) -> None:
    assert rebuild.rebuild(corpus).differences == []
    assert verify.verify(corpus) == []


def _do(corpus: Corpus, change: SchemeChange, annotator: str = "ann") -> renaming.Found:
    return renaming.perform(corpus, change, settings.scheme(corpus), annotator=annotator)


def _types(corpus: Corpus, document: int = 1, annotator: str = "bob") -> list[str]:
    return [e.type for e in versions.load(corpus, document, annotator).annotations.entities.values()]


def test_a_rename_reaches_what_others_confirmed_and_what_is_suggested(corpus: Corpus) -> None:
    key = suggestions.of(corpus, 2)[0].key
    log.record(corpus, [making.reject(2, key, annotator="cleo")])
    before = _rows(corpus)
    report = services.rename(corpus, "entity", "DRUG", "MEDICINE", annotator="ann")
    assert (report.documents, report.versions, report.versions_confirmed) == (2, 2, 1)
    assert report.others == {"bob": 1, "cleo": 1}
    assert (report.counts["entities"], report.counts["rejections"], report.counts["suggestions"]) == (1, 1, 1)
    assert _types(corpus) == ["MEDICINE", "CHEMICAL", "DISEASE"]
    assert versions.load(corpus, 1, "bob").state is CONFIRMED
    assert versions.load(corpus, 2, "cleo").verdicts == {replace(key, name="MEDICINE"): Verdict.REJECTED}
    assert [s.name for s in suggestions.of(corpus, 2) if s.target == "entity"] == ["MEDICINE", "CHEMICAL", "DISEASE"]
    assert settings.scheme(corpus).attributes[0].on == ("MEDICINE",)
    _sound(corpus)
    assert services.undo(corpus, "ann") == "DRUG renamed to MEDICINE"
    assert _rows(corpus) == before
    _sound(corpus)
    log.redo(corpus, "ann")
    assert _types(corpus) == ["MEDICINE", "CHEMICAL", "DISEASE"]
    _sound(corpus)


def test_a_dry_run_reports_the_same_and_changes_nothing(corpus: Corpus) -> None:
    before = _rows(corpus)
    dry = services.merge(corpus, "entity", ["DRUG", "CHEMICAL"], "DRUG", annotator="ann", dry_run=True)
    assert _rows(corpus) == before
    done = services.merge(corpus, "entity", ["DRUG", "CHEMICAL"], "DRUG", annotator="ann")
    assert dry.lines == done.lines
    assert (dry.done, done.done) == (False, True)


def test_what_becomes_the_same_is_joined_and_comes_apart_again(corpus: Corpus) -> None:
    before = _rows(corpus)
    found = _do(corpus, scheme_changes.merge(SCHEME, [DRUG, Target("entity", "CHEMICAL")], "DRUG"))
    held = versions.load(corpus, 1, "bob").annotations
    assert found.counts["joined"] == 2
    assert [(e.number, e.who) for e in held.entities.values()] == [(1, ("user:bob", "user:ann")), (3, ("user:bob",))]
    assert [r.ends for r in held.relations.values()] == [(1, 3)]
    _sound(corpus)
    log.undo(corpus, "ann")
    assert _rows(corpus) == before
    _sound(corpus)


def test_with_a_type_go_its_annotations_relations_and_attributes(corpus: Corpus) -> None:
    before = _rows(corpus)
    report = services.delete(corpus, "entity", "DRUG", annotator="ann")
    held = versions.load(corpus, 1, "bob").annotations
    assert [e.type for e in held.entities.values()] == ["CHEMICAL", "DISEASE"]
    assert held.relations == {}
    scheme = settings.scheme(corpus)
    assert (scheme.attributes, scheme.relations) == ((), ())
    assert report.lost == (services.Lost("a", "bob", "DRUG", "a:"),)
    assert any("relation type treats goes too" in line for line in report.lines)
    with corpus.reading() as db:
        assert suggestions.read_proposals(db, 2)["bob"].annotations.relations == {}
    _sound(corpus)
    log.undo(corpus, "ann")
    assert _rows(corpus) == before


def test_a_confirmation_is_no_other_one_after_a_rename(corpus: Corpus) -> None:
    reviewing.review(corpus, 1, "bob", Review.ACCEPTED, by="rita")
    confirmed = [row.confirmed for row in versions.versions(corpus, 1)]
    _do(corpus, scheme_changes.rename(SCHEME, DRUG, "MEDICINE"))
    rows = versions.versions(corpus, 1)
    assert [(row.confirmed, row.review) for row in rows] == [(confirmed[0], Review.ACCEPTED)]
    # What is only called something else is what was reviewed: rita's later word does not hold it up.
    reviewing.review(corpus, 1, "bob", Review.NONE, by="rita")
    log.undo(corpus, "ann")
    assert _types(corpus) == ["DRUG", "CHEMICAL", "DISEASE"]


def test_older_steps_are_undone_behind_it_and_others_are_told(corpus: Corpus) -> None:
    log.record(corpus, [making.begin(3, annotator="ann"), making.add(3, 2, annotator="ann", start=4)])
    log.record(corpus, [making.begin(3, annotator="cleo")])
    before = versions.load(corpus, 3, "ann").annotations
    _do(corpus, scheme_changes.rename(SCHEME, DRUG, "MEDICINE"))
    with pytest.raises(UndoError, match="was changed meanwhile by ann"):
        log.undo(corpus, "cleo")
    log.undo(corpus, "ann")
    assert versions.load(corpus, 3, "ann").annotations == before
    log.undo(corpus, "cleo")
    log.undo(corpus, "ann")
    assert not versions.load(corpus, 3, "ann").exists
    _sound(corpus)


def test_undo_cannot_bring_a_name_back_that_is_gone(corpus: Corpus) -> None:
    log.record(corpus, [making.begin(3, annotator="cleo")])
    held = versions.load(corpus, 3, "cleo").annotations.entities[1]
    log.record(corpus, [Decision(Kind.REMOVE, 3, "cleo", Changes((EntityChange(held, None),)))])
    _do(corpus, scheme_changes.rename(SCHEME, DRUG, "MEDICINE"))
    with pytest.raises(UndoError, match="there is no DRUG any more: DRUG renamed to MEDICINE by ann"):
        log.undo(corpus, "cleo")


def test_who_has_not_looked_cannot_write_the_old_name(corpus: Corpus) -> None:
    _do(corpus, scheme_changes.rename(SCHEME, DRUG, "MEDICINE"))
    with pytest.raises(ChangedMeanwhileError, match="There is no DRUG any more"):
        log.record(corpus, [making.begin(3, annotator="cleo")])
    key = SuggestionKey("DRUG", "s1v1", ((0, 2),))
    with pytest.raises(ChangedMeanwhileError):
        log.record(corpus, [making.reject(3, key, annotator="cleo")])
    _do(corpus, scheme_changes.delete(settings.scheme(corpus), Target("label", "kind", "note")))
    label = Changes(labels=(LabelChange(None, LabelValue("kind", "note")),), state=(None, IN_PROGRESS))
    with pytest.raises(ChangedMeanwhileError, match="There is no note any more"):
        log.record(corpus, [Decision(Kind.SET_LABEL, 3, "cleo", label)])
    log.undo(corpus, "ann")
    log.undo(corpus, "ann")
    log.record(corpus, [making.begin(3, annotator="cleo")])


def test_what_came_with_the_new_name_goes_back_with_it(corpus: Corpus) -> None:
    _do(corpus, scheme_changes.rename(SCHEME, DRUG, "MEDICINE"))
    entity = replace(making.entity(1), type="MEDICINE")
    log.record(corpus, [Decision(Kind.ADD, 3, "bob", Changes((EntityChange(None, entity),)))])
    log.undo(corpus, "ann")
    assert (_types(corpus, 3), _types(corpus)) == (["DRUG"], ["DRUG", "CHEMICAL", "DISEASE"])
    log.redo(corpus, "ann")
    assert (_types(corpus, 3), _types(corpus)) == (["MEDICINE"], ["MEDICINE", "CHEMICAL", "DISEASE"])
    _sound(corpus)


def test_a_merged_name_that_is_used_since_stays_in_the_scheme(corpus: Corpus) -> None:
    _do(corpus, scheme_changes.merge(SCHEME, [DRUG, Target("entity", "CHEMICAL")], "SUBSTANCE"))
    entity = replace(making.entity(1), type="SUBSTANCE")
    log.record(corpus, [Decision(Kind.ADD, 3, "bob", Changes((EntityChange(None, entity),)))])
    log.undo(corpus, "ann")
    assert {e.name for e in settings.scheme(corpus).entities} == {"DRUG", "CHEMICAL", "DISEASE", "SUBSTANCE"}
    assert _types(corpus) == ["DRUG", "CHEMICAL", "DISEASE"]
    _sound(corpus)


def test_it_is_not_taken_back_over_what_others_changed_since(corpus: Corpus) -> None:
    _do(corpus, scheme_changes.rename(SCHEME, DRUG, "MEDICINE"))
    _do(corpus, scheme_changes.rename(settings.scheme(corpus), Target("entity", "MEDICINE"), "AGENT"), "bob")
    with pytest.raises(UndoError, match="bob changed the same labels since"):
        log.undo(corpus, "ann")
    assert _types(corpus) == ["AGENT", "CHEMICAL", "DISEASE"]
    log.undo(corpus, "bob")
    log.undo(corpus, "ann")
    assert _types(corpus) == ["DRUG", "CHEMICAL", "DISEASE"]
    _sound(corpus)


def test_it_is_not_taken_back_over_what_others_decided_since(corpus: Corpus) -> None:
    _do(corpus, scheme_changes.rename(SCHEME, DRUG, "MEDICINE"))
    held = versions.load(corpus, 1, "bob").annotations.entities[1]
    change = EntityChange(held, replace(held, type="DISEASE"))
    log.record(corpus, [Decision(Kind.CHANGE, 1, "bob", Changes((change,), state=(CONFIRMED, IN_PROGRESS)))])
    before = _rows(corpus)
    with pytest.raises(UndoError, match="was changed meanwhile by bob") as caught:
        log.undo(corpus, "ann")
    assert caught.value.hint == "Rename MEDICINE to DRUG instead."
    assert _rows(corpus) == before
    services.rename(corpus, "entity", "MEDICINE", "DRUG", annotator="ann")
    assert _types(corpus, 2, "bob") == []
    assert [e.name for e in settings.scheme(corpus).entities] == ["DRUG", "DISEASE", "CHEMICAL"]


def test_it_is_taken_back_without_the_documents_that_were_deleted_since(corpus: Corpus) -> None:
    making.take_in(corpus, making.document("d", versions=(_of("bob", True),)))
    _do(corpus, scheme_changes.rename(SCHEME, DRUG, "MEDICINE"))
    _do(corpus, scheme_changes.delete(settings.scheme(corpus), Target("entity", "CHEMICAL")))
    deleting.delete(corpus, [1, 2], annotator="ann")
    _sound(corpus)
    log.undo(corpus, "ann")
    log.undo(corpus, "ann")
    assert _types(corpus, 4) == ["DRUG", "CHEMICAL", "DISEASE"]
    assert settings.scheme(corpus) == SCHEME
    log.redo(corpus, "ann")
    assert _types(corpus, 4) == ["MEDICINE", "CHEMICAL", "DISEASE"]
    _sound(corpus)


def test_rows_come_back_though_others_got_their_numbers_and_those_stay(corpus: Corpus) -> None:
    suggestions.add(corpus, 3, [replace(making.suggestion(0, 2), source="api")])
    patterns.add(corpus, [Pattern("entity", "DRUG", "words", "aspirin")], annotator="ann")
    _do(corpus, scheme_changes.delete(SCHEME, DRUG))
    suggestions.add(corpus, 3, [replace(making.suggestion(3, 5, "DISEASE"), source="api")])
    patterns.add(corpus, [Pattern("entity", "DISEASE", "words", "flu")], annotator="ann")
    log.undo(corpus, "ann")
    assert sorted(s.name for s in suggestions.of(corpus, 3)) == ["DISEASE", "DRUG"]
    assert sorted(pattern.name for pattern in patterns.every(corpus)) == ["DISEASE", "DRUG"]
    log.redo(corpus, "ann")
    assert [s.name for s in suggestions.of(corpus, 3)] == ["DISEASE"]
    assert [pattern.name for pattern in patterns.every(corpus)] == ["DISEASE"]


def test_undo_takes_only_what_it_had_suggested_itself_though_the_number_is_anothers(corpus: Corpus) -> None:
    services.split(corpus, "entity", "DRUG", ["BRAND", "GENERIC"], review=True, annotator="ann")
    _do(corpus, scheme_changes.delete(settings.scheme(corpus), Target("entity", "BRAND")))
    suggestions.add(corpus, 3, [replace(making.suggestion(3, 5, "DISEASE"), source="api")])
    log.undo(corpus, "ann")
    assert [s.name for s in suggestions.of(corpus, 1)] == ["BRAND"]
    log.undo(corpus, "ann")
    assert [s.name for s in suggestions.of(corpus, 3)] == ["DISEASE"]
    assert suggestions.of(corpus, 1) == []
    _sound(corpus)


def test_undo_takes_what_it_had_suggested_itself_though_something_of_it_is_called_otherwise(corpus: Corpus) -> None:
    services.split(corpus, "entity", "DRUG", ["AGENT"], review=True, annotator="cleo")
    services.rename(corpus, "attribute", "status", "time", annotator="bob")
    assert [(s.name, s.attributes) for s in suggestions.of(corpus, 1)] == [("AGENT", {"time": "past"})]
    log.undo(corpus, "cleo")
    assert suggestions.of(corpus, 1) == []
    _sound(corpus)


@pytest.mark.parametrize("verb", ["rename", "split"])
def test_undo_reaches_suggestions_of_which_something_else_was_renamed_since(corpus: Corpus, verb: str) -> None:
    deleting.delete(corpus, [1], annotator="ann")
    if verb == "rename":
        services.rename(corpus, "entity", "DRUG", "AGENT", annotator="ann")
    else:
        services.split(corpus, "entity", "DRUG", ["AGENT"], rest="AGENT", annotator="ann")
    services.rename(corpus, "attribute", "status", "time", annotator="bob")
    log.undo(corpus, "ann")
    drug = suggestions.of(corpus, 2)[0]
    assert (drug.name, drug.attributes) == ("DRUG", {"time": "past"})
    log.redo(corpus, "ann")
    assert suggestions.of(corpus, 2)[0] == replace(drug, name="AGENT")


def test_undo_reaches_relations_that_wait_of_which_others_were_renamed_since(corpus: Corpus) -> None:
    settings.set_scheme(corpus, replace(SCHEME, relations=(*SCHEME.relations, RelationType("causes"))), annotator="ann")
    entities = {n: Entity("DRUG", (Span("s1v1", n, n + 1),), number=n) for n in (1, 2)}
    held = (Relation("treats", (1, 2), True, number=3), Relation("causes", (1, 2), number=4))
    version = ExchangedVersion(Annotations(entities, {}, {r.number: r for r in held}), False)
    making.take_in(corpus, making.document("d", versions=(version,)))
    services.rename(corpus, "relation", "treats", "cures", annotator="ann")
    services.rename(corpus, "relation", "causes", "leads to", annotator="bob")
    log.undo(corpus, "ann")
    (proposal,) = suggestions.proposals(corpus, 4)
    assert [r.type for r in proposal.annotations.relations.values()] == ["treats", "leads to"]


def test_a_split_is_not_taken_back_over_what_others_call_its_names_since(corpus: Corpus) -> None:
    deleting.delete(corpus, [1], annotator="ann")
    services.split(corpus, "entity", "CHEMICAL", ["AGENT"], rest="AGENT", annotator="cleo")
    services.rename(corpus, "entity", "AGENT", "SOLVENT", annotator="bob")
    with pytest.raises(UndoError, match="bob changed the same labels since"):
        log.undo(corpus, "cleo")
    assert [s.name for s in suggestions.of(corpus, 2)][:3] == ["DRUG", "SOLVENT", "DISEASE"]
    log.undo(corpus, "bob")
    log.undo(corpus, "cleo")
    assert [s.name for s in suggestions.of(corpus, 2)][:3] == ["DRUG", "CHEMICAL", "DISEASE"]
    _sound(corpus)


def test_the_rest_of_a_split_is_suggested_anew_and_confirmed_documents_are_opened_again(corpus: Corpus) -> None:
    before = _rows(corpus)
    rules = [Rule("BRAND", "attribute", "status=now")]
    report = services.split(corpus, "entity", "DRUG", ["BRAND", "GENERIC"], rules=rules, review=True, annotator="ann")
    assert (report.counts["again"], report.counts["reopened"]) == (1, 1)
    assert versions.load(corpus, 1, "bob").state is IN_PROGRESS
    assert _types(corpus) == ["CHEMICAL", "DISEASE"]
    assert [(s.name, s.other) for s in suggestions.of(corpus, 1)] == [("BRAND", ("GENERIC", 0.25))]
    assert counters.progress(corpus).confirmed == 0
    _sound(corpus)
    log.undo(corpus, "ann")
    assert _rows(corpus) == before
    _sound(corpus)


def test_patterns_settings_runs_and_what_is_deployed_follow(corpus: Corpus) -> None:
    made = [Pattern("entity", name, "words", text) for name, text in (("DRUG", "aspirin"), ("CHEMICAL", "aspirin"))]
    patterns.add(corpus, [*made, Pattern("label", "kind", "words", "Dear", value="letter")], annotator="ann")
    stamp = patterns.stamp(corpus)
    settings.change(corpus, engines={"labels:kind": "spacy"})
    runs.register(corpus, RunRow("labels:kind-1", "labels:kind", "labels"))
    runs.deploy(corpus, "labels:kind-1")
    letter = Suggestion("label", "kind", (), "letter", 0.7, ("ml:x",), "run")
    suggestions.freeze(corpus, 3, [letter], run="labels:kind-1")
    before = _rows(corpus)
    _do(corpus, scheme_changes.merge(SCHEME, [DRUG, Target("entity", "CHEMICAL")], "CHEMICAL"))
    assert [(p.name, p.text) for p in patterns.every(corpus) if p.target == "entity"] == [("CHEMICAL", "aspirin")]
    assert patterns.stamp(corpus) > stamp
    _do(corpus, scheme_changes.rename(settings.scheme(corpus), Target("label", "kind"), "genre"))
    _do(corpus, scheme_changes.rename(settings.scheme(corpus), Target("label", "genre", "letter"), "mail"))
    assert settings.load(corpus).engines == {"labels:genre": "spacy"}
    assert {task: row.name for task, row in runs.deployed(corpus).items()} == {"labels:genre": "labels:kind-1"}
    assert [(p.name, p.value) for p in patterns.every(corpus) if p.target == "label"] == [("genre", "mail")]
    assert runs.new_name(corpus, "labels:genre") == "labels:genre-1"
    # A newer run of the same task replaces what the older one left undecided, whatever that was called.
    runs.register(corpus, RunRow("labels:genre-1", "labels:genre", "labels"))
    note = Suggestion("label", "genre", (), "note", 0.9, ("ml:x",), "run")
    assert [s.value for s in suggestions.freeze(corpus, 3, [note], run="labels:genre-1")] == ["note"]
    runs.delete(corpus, "labels:genre-1")
    for _ in range(3):
        log.undo(corpus, "ann")
    with corpus.transaction() as db:
        db.execute("DELETE FROM suggestion WHERE run = 'labels:genre-1'")
        db.execute("UPDATE frozen SET run = 'labels:kind-1'")
    assert _rows(corpus) == before


def test_what_older_runs_say_is_told_in_todays_names(corpus: Corpus) -> None:
    runs.register(corpus, RunRow("entities-1", "entities", "entities", sequence=counters.progress(corpus).sequence))
    said = [
        making.suggestion(0, 2, "DRUG"),
        making.suggestion(0, 2, "CHEMICAL", 0.9),
        making.suggestion(4, 6, "DISEASE"),
    ]

    def told(run: str = "entities-1") -> list[tuple[str, float]]:
        return [(s.name, s.prob) for s in aliases.of_run(corpus, run).suggestions(said)]

    assert [name for name, _ in told()] == ["DRUG", "CHEMICAL", "DISEASE"]
    _do(corpus, scheme_changes.merge(SCHEME, [DRUG, Target("entity", "CHEMICAL")], "SUBSTANCE"))
    assert told() == [("SUBSTANCE", 0.9), ("DISEASE", 0.7)]
    _do(corpus, scheme_changes.delete(settings.scheme(corpus), Target("entity", "DISEASE")))
    assert told() == [("SUBSTANCE", 0.9)]
    # What was on its way while the names changed is not kept under a name that there is no more.
    assert [s.name for s in suggestions.freeze(corpus, 3, said[:1], run="entities-1")] == ["SUBSTANCE"]
    # A run that learned the new names needs no telling, also when a label gets the old name again.
    runs.register(corpus, RunRow("entities-2", "entities", "entities", sequence=counters.progress(corpus).sequence))
    assert len(told("entities-2")) == 3
    log.undo(corpus, "ann")
    log.undo(corpus, "ann")
    assert [name for name, _ in told()] == ["DRUG", "CHEMICAL", "DISEASE"]
    runs.register(corpus, RunRow("labels:kind-1", "labels:kind", "labels"))
    _do(corpus, scheme_changes.rename(settings.scheme(corpus), Target("label", "kind"), "genre"))
    # A label that was renamed while its run was trained.
    runs.register(corpus, RunRow("labels:kind-2", "labels:kind", "labels"))
    assert {run.task for run in runs.all(corpus)} == {"entities", "labels:genre"}


def test_who_decides_while_it_is_worked_out_is_not_lost(corpus: Corpus) -> None:
    told: list[float] = []

    def decide(fraction: float) -> None:
        if not told:
            with Corpus.open(corpus.path) as other:
                log.record(other, [making.begin(3, annotator="cleo")])
        told.append(fraction)

    change = scheme_changes.rename(SCHEME, DRUG, "MEDICINE")
    found = renaming.perform(corpus, change, SCHEME, annotator="ann", tell=decide)
    assert found.documents == 3
    assert _types(corpus, 3, "cleo") == ["MEDICINE"]
    _sound(corpus)


def test_a_scheme_that_changed_meanwhile_is_looked_at_again(corpus: Corpus) -> None:
    change = scheme_changes.rename(SCHEME, DRUG, "MEDICINE")
    settings.set_scheme(corpus, SCHEME.with_entity(EntityType("DATE")), annotator="bob")
    with pytest.raises(ChangedMeanwhileError):
        renaming.perform(corpus, change, SCHEME, annotator="ann")
    assert _types(corpus) == ["DRUG", "CHEMICAL", "DISEASE"]


def test_what_was_asked_for_another_scheme_is_not_done(corpus: Corpus) -> None:
    change = scheme_changes.rename(SCHEME, DRUG, "MEDICINE")
    services.rename(corpus, "entity", "DRUG", "AGENT", annotator="bob")
    for ask in (services.preview, services.perform):
        with pytest.raises(ChangedMeanwhileError, match="no entity type DRUG any more: DRUG renamed to AGENT by bob"):
            ask(corpus, change, SCHEME, annotator="ann")
        with pytest.raises(ChangedMeanwhileError, match="The scheme was changed meanwhile"):
            ask(corpus, scheme_changes.rename(SCHEME, Target("entity", "DISEASE"), "ILLNESS"), SCHEME, annotator="ann")
    verbs: list[Callable[[], object]] = [
        lambda: services.rename(corpus, "entity", "DRUG", "MEDICINE", annotator="ann"),
        lambda: services.merge(corpus, "entity", ["AGENT", "DRUG"], "AGENT", annotator="ann"),
        lambda: services.split(corpus, "entity", "DRUG", ["A", "B"], annotator="ann"),
        lambda: services.delete(corpus, "label", "paper", of="kind", annotator="ann"),
    ]
    for verb in verbs:
        with pytest.raises(SchemeError, match="The scheme has no"):
            verb()
    assert _types(corpus) == ["AGENT", "CHEMICAL", "DISEASE"]


def test_the_report_leaves_out_what_was_deleted_meanwhile(corpus: Corpus) -> None:
    def erase(fraction: float) -> None:
        with Corpus.open(corpus.path) as other:
            deleting.delete(other, [1], annotator="bob")

    change = scheme_changes.delete(SCHEME, DRUG)
    assert services.preview(corpus, change, SCHEME, annotator="ann", on_progress=erase).lost == ()


def _rename_and_die(path: Path, at: float) -> None:
    def die(fraction: float) -> None:
        if fraction >= at:
            os.kill(os.getpid(), signal.SIGKILL)

    with Corpus.open(path) as corpus:
        corpus.connection.execute("PRAGMA cache_size = 2")
        change = scheme_changes.rename(settings.scheme(corpus), DRUG, "MEDICINE")
        renaming.perform(corpus, change, settings.scheme(corpus), annotator="ann", tell=die)


@pytest.mark.parametrize("at", [0.1, 0.7])
def test_kill_9_in_the_middle_leaves_the_old_names(path: Path, at: float) -> None:
    with Corpus.create(path, scheme=SCHEME) as corpus:
        making.take_in(corpus, *(making.document(f"d{n}", versions=(_of("bob", True),)) for n in range(900)))
        before = _rows(corpus)
    process = multiprocessing.get_context("fork").Process(target=_rename_and_die, args=(path, at))
    process.start()
    process.join()
    assert process.exitcode == -signal.SIGKILL
    with Corpus.open(path) as again:
        assert _rows(again) == before
        _do(again, scheme_changes.rename(SCHEME, DRUG, "MEDICINE"))
        assert _types(again, 900) == ["MEDICINE", "CHEMICAL", "DISEASE"]


# Any sequence of decisions and changes, taken back as often, leaves what was before.

Act = tuple[str, int, int]


def _random_change(scheme: Scheme, seed: int) -> SchemeChange:
    types = [Target("entity", e.name) for e in scheme.entities]
    one = types[seed % len(types)]
    makers: list[Callable[[], SchemeChange]] = [
        lambda: scheme_changes.rename(scheme, one, f"T{seed}"),
        lambda: scheme_changes.merge(scheme, types[:2], types[0].name),
        lambda: scheme_changes.merge(scheme, types[:2], f"M{seed}"),
        lambda: scheme_changes.split(scheme, one, [f"S{seed}", f"Z{seed}"], rest=f"Z{seed}"),
        lambda: scheme_changes.split(scheme, one, [f"S{seed}"], review=True),
        lambda: scheme_changes.delete(scheme, one),
        lambda: scheme_changes.rename(scheme, Target("label", "kind", scheme.labels[1].options[0].value), f"o{seed}"),
        lambda: scheme_changes.rename(scheme, Target("label", scheme.labels[1].name), f"L{seed}"),
    ]
    return makers[seed % len(makers)]()


def _act(corpus: Corpus, verb: str, document: int, seed: int) -> bool:
    """Do something; say whether it was done."""
    version = versions.load(corpus, document, "ann")
    scheme = settings.scheme(corpus)
    types = [e.name for e in scheme.entities]
    if not types:
        return False
    try:
        if verb == "labels":
            _do(corpus, _random_change(scheme, seed))
        elif verb == "reject":
            open_ones = [s for s in suggestions.of(corpus, document) if s.key not in version.verdicts]
            if not open_ones:
                return False
            log.record(corpus, [making.reject(document, open_ones[seed % len(open_ones)].key)])
        else:
            entity = making.entity(version.next_number, seed % 5, seed % 5 + 2, types[seed % len(types)])
            log.record(corpus, [Decision(Kind.ADD, document, "ann", Changes((EntityChange(None, entity),)))])
    except (DecisionError, SchemeError, IndexError):
        return False
    return True


@given(
    acts=st.lists(
        st.tuples(st.sampled_from(["labels", "labels", "reject", "add"]), st.integers(1, 3), st.integers(0, 40)),
        min_size=1,
        max_size=8,
    )
)
@tried(max_examples=tries(25), deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_as_many_undos_bring_everything_back(acts: list[Act]) -> None:
    with tempfile.TemporaryDirectory() as folder, Corpus.create(Path(folder) / "c.db", scheme=SCHEME) as corpus:
        making.take_in(
            corpus,
            making.document("a", versions=(_of("bob", True),)),
            making.document("b", versions=(_of("bob", False),)),
            making.document("c", versions=(_of("master", True),)),
        )
        before = _rows(corpus)
        done = sum(_act(corpus, *act) for act in acts)
        after = _rows(corpus)
        _sound(corpus)
        for _ in range(done):
            log.undo(corpus, "ann")
        assert _rows(corpus) == before
        _sound(corpus)
        for _ in range(done):
            log.redo(corpus, "ann")
        assert _rows(corpus) == after
        _sound(corpus)
