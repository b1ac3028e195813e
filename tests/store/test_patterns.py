"""Patterns in a corpus: kept, frozen with an opened document, first in the queue while nothing is learned."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.store import making
from tests.store.making import CONFIRMED
from tui_annotate.domain.annotations import Suggestion
from tui_annotate.domain.patterns import Pattern
from tui_annotate.domain.spans import Span
from tui_annotate.session.desk import Desk, Predictions
from tui_annotate.session.review import ReviewSession
from tui_annotate.store import cold_start, documents, log, patterns, queue, settings, suggestions
from tui_annotate.store.connection import Corpus

ASPIRIN = Pattern("entity", "DRUG", "words", "aspirin")
DOSE = Pattern("entity", "DRUG", "regex", r"\d+ mg")


@pytest.fixture
def free(corpus: Corpus) -> Corpus:
    """Twenty documents without a holdout, each about aspirin 81 mg."""
    settings.change(corpus, holdout_share=0.0)
    return corpus


def shown(corpus: Corpus, document: int = 1, predictions: list[Predictions] | None = None) -> list[str]:
    """Return the texts of what is undecided in a document, with who suggests it."""
    working = Desk(corpus, "ann").open(document, predictions or [])
    return [f"{working.document.slice(item.spans[0])} {item.who[0]}" for item in working.undecided()]


def test_patterns_are_kept_once_and_come_back_as_they_were(free: Corpus) -> None:
    tokens = Pattern("label", "urgent", "tokens", tokens=({"lower": "now", "op": "?"}, {"is_digit": True}), value=True)
    assert patterns.add(free, [ASPIRIN, DOSE, tokens, ASPIRIN], annotator="ann") == 3
    assert patterns.add(free, [DOSE], annotator="bob") == 0
    kept = list(patterns.every(free))
    assert [(p.body, p.label, p.annotator) for p in kept] == [
        ("aspirin", "DRUG", "ann"),
        (r"/\d+ mg/", "DRUG", "ann"),
        (tokens.body, "urgent=true", "ann"),
    ]
    assert kept[2].tokens == tokens.tokens
    assert [(h.name, h.kind, h.count) for h in patterns.held(free)] == [
        ("DRUG", "regex", 1),
        ("DRUG", "words", 1),
        ("urgent", "tokens", 1),
    ]
    assert [p.text for p in patterns.page(free, text="aspi")] == ["aspirin"]
    assert patterns.remove(free, [kept[0].id, 99]) == 1
    assert len(list(patterns.every(free))) == 2


def test_what_patterns_suggest_is_frozen_with_the_document_and_follows_a_change_when_it_is_opened_again(
    free: Corpus,
) -> None:
    patterns.add(free, [ASPIRIN, DOSE], annotator="ann")
    assert shown(free) == ["aspirin ml:pattern", "81 mg ml:pattern"]
    rows = [s.id for s in suggestions.of(free, 1)]
    assert [s.id for s in suggestions.of(free, 1)] == rows
    aspirin, _ = patterns.every(free)
    patterns.enable(free, [aspirin.id], False)
    assert [s.id for s in suggestions.of(free, 1)] == rows
    assert shown(free) == ["81 mg ml:pattern"]
    patterns.enable(free, [aspirin.id], True)
    assert shown(free) == ["aspirin ml:pattern", "81 mg ml:pattern"]
    assert [s.id for s in suggestions.of(free, 1)] == rows


def test_a_rejected_match_never_comes_back_whoever_suggests_it(free: Corpus) -> None:
    patterns.add(free, [ASPIRIN], annotator="ann")
    desk, session = Desk(free, "ann"), ReviewSession("ann", settings.scheme(free))
    session.show(desk.open(1))
    act = session.reject()
    desk.write(act)
    start = documents.load(free, 1).text.index("aspirin")
    same = Suggestion("entity", "DRUG", (Span("s1v1", start, start + 7),), prob=0.99, who=("ml:x",), source="run")
    patterns.add(free, [Pattern("entity", "DRUG", "regex", "ASPIRIN")], annotator="ann")
    assert shown(free, 1, [Predictions("entities-1", (same,))]) == []
    assert shown(free, 2, [Predictions("entities-1", (same,))]) == ["aspirin ml:x"]


def test_where_a_run_and_a_pattern_suggest_the_likelier_is_shown(free: Corpus) -> None:
    patterns.add(free, [ASPIRIN], annotator="ann")
    start = documents.load(free, 1).text.index("aspirin")

    def run(name: str, prob: float) -> list[Predictions]:
        wide = Suggestion("entity", "DRUG", (Span("s1v1", start, start + 10),), prob=prob, who=("ml:x",), source="run")
        return [Predictions(name, (wide,))]

    assert shown(free, 1, run("entities-1", 0.9)) == ["aspirin 81 ml:x"]
    assert shown(free, 1, run("entities-2", 0.4)) == ["aspirin ml:pattern"]


def test_patterns_can_be_off_and_held_out_documents_open_without_them(free: Corpus) -> None:
    patterns.add(free, [ASPIRIN], annotator="ann")
    settings.change(free, patterns="off")
    assert shown(free) == []
    settings.change(free, patterns="beside", holdout_share=0.5)
    drawn = {row.id: row.holdout for row in documents.page(free)}
    assert {bool(shown(free, id)) for id, held_out in drawn.items() if held_out} == {False}
    assert {bool(shown(free, id)) for id, held_out in drawn.items() if not held_out} == {True}


def test_documents_that_match_come_first_with_the_reason_the_rare_before_the_common(free: Corpus) -> None:
    making.take_in(free, *(making.document(f"plain{n}", f"nothing here {n}") for n in range(200)))
    making.take_in(free, making.document("rare", "given lisinopril"))
    patterns.add(free, [ASPIRIN, Pattern("entity", "DRUG", "words", "lisinopril")], annotator="ann")
    found = Desk(free, "ann").following(10)
    matches = [f for f in found if f.reason.startswith("matches")]
    assert len(matches) == 5
    assert "matches the pattern lisinopril (DRUG)" in [f.reason for f in matches[:2]]
    assert [f.reason.startswith("matches") for f in found] == [True, False] * 5
    patterns.remove(free, [p.id for p in patterns.every(free)])
    assert all(f.reason == "drawn at random" for f in Desk(free, "ann").following(10))


def test_a_ranking_takes_the_place_of_what_patterns_match(free: Corpus) -> None:
    patterns.add(free, [ASPIRIN], annotator="ann")
    assert Desk(free, "ann").following()[0].reason == "matches the pattern aspirin (DRUG)"
    queue.replace(free, [queue.QueueEntry(7, 0.9, "least certain", "entities")], run="entities-1")
    assert [f.document for f in Desk(free, "ann").following(1)] == [7]
    assert not cold_start.is_wanted(free, settings.load(free))


def test_another_connection_notices_that_patterns_changed(free: Corpus, path: Path) -> None:
    patterns.add(free, [ASPIRIN], annotator="ann")
    assert shown(free) == ["aspirin ml:pattern"]
    with Corpus.open(path) as other:
        patterns.add(other, [DOSE], annotator="bob")
    assert shown(free) == ["aspirin ml:pattern", "81 mg ml:pattern"]


def test_confirmed_documents_are_left_alone(free: Corpus) -> None:
    log.record(free, [making.turn(1, None, CONFIRMED)])
    patterns.add(free, [ASPIRIN], annotator="ann")
    assert shown(free) == []
    assert suggestions.of(free, 1) == []
