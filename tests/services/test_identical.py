"""What was confirmed in one document is copied to those with the same text, as one act."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.store import making
from tests.store.making import CONFIRMED, IN_PROGRESS, SKIPPED
from tui_annotate.domain.decisions import Decision, Kind
from tui_annotate.domain.documents import Document, Part
from tui_annotate.domain.interchange import ExchangedDocument
from tui_annotate.domain.patterns import Pattern
from tui_annotate.errors import DecisionError
from tui_annotate.services import identical
from tui_annotate.session.desk import Desk
from tui_annotate.session.review import ReviewSession
from tui_annotate.store import counters, documents, log, patterns, settings, versions
from tui_annotate.store.connection import Corpus

TEXT = "aspirin and lisinopril"


@pytest.fixture
def corpus(tmp_path: Path) -> Iterator[Corpus]:
    """Four documents with one text, one of them with another name for its part, and one with another text."""
    with Corpus.create(tmp_path / "notes.db", scheme=making.SCHEME) as made:
        settings.change(made, holdout_share=0.0)
        making.take_in(made, *(making.document(f"d{n}", TEXT) for n in range(1, 4)))
        making.take_in(made, ExchangedDocument(Document("d4", (Part("s1p1", TEXT),))), making.document("d5", "other"))
        yield made


def confirm(corpus: Corpus, document: int) -> None:
    """Reject the first match, accept the second with the confirmation, set a label."""
    patterns.add(corpus, [Pattern("entity", "DRUG", "regex", r"aspirin|lisinopril")], annotator="ann")
    desk, session = Desk(corpus, "ann"), ReviewSession("ann", settings.scheme(corpus))
    session.show(desk.open(document))
    session.saw_items(item.id for item in session.document.items)
    for plan in (session.reject, lambda: session.set_label("urgent", True), session.confirm):
        act = plan()
        desk.write(act)
        session.wrote(act)


def test_entities_labels_and_rejections_are_copied_and_taken_back_in_one_step(corpus: Corpus) -> None:
    confirm(corpus, 1)
    plan = identical.plan(corpus, "ann", [1])
    assert (plan.source, plan.name, plan.documents, plan.left) == (1, "d1.txt", (2, 3, 4), 0)
    assert identical.copy(corpus, "ann", plan) == 3
    for id in (2, 3, 4):
        version = versions.load(corpus, id, "ann")
        document = documents.load(corpus, id)
        assert version.state is CONFIRMED
        assert [document.slice(e.span) for e in version.annotations.entities.values()] == ["lisinopril"]
        assert version.annotations.labels["urgent"].value is True
        assert len(version.verdicts) == 2
        assert Desk(corpus, "ann").open(id).undecided() == []
    assert counters.progress(corpus).confirmed == 4
    last = log.history(corpus, limit=3)
    assert {(one.decision.kind, one.decision.details["copied_from"]) for one in last} == {(Kind.CONFIRM, 1)}
    log.undo(corpus, "ann")
    assert counters.progress(corpus).confirmed == 1
    assert counters.wrong(corpus) == []


def test_what_somebody_worked_on_is_left_alone(corpus: Corpus) -> None:
    confirm(corpus, 1)
    log.record(corpus, [making.begin(2)])
    log.record(corpus, [making.turn(3, None, SKIPPED)])
    plan = identical.plan(corpus, "ann", [1])
    assert (plan.documents, plan.left) == ((3, 4), 1)
    identical.copy(corpus, "ann", plan)
    assert versions.load(corpus, 2, "ann").state is IN_PROGRESS
    with pytest.raises(DecisionError, match="are done already"):
        identical.plan(corpus, "ann", [1])


def test_the_first_confirmed_of_the_candidates_is_copied(corpus: Corpus) -> None:
    confirm(corpus, 3)
    assert identical.plan(corpus, "ann", [1, 3]).source == 3
    with pytest.raises(DecisionError, match="Confirm this document first"):
        identical.plan(corpus, "bob", [3, 1])


def test_a_text_that_stands_alone_says_so(corpus: Corpus) -> None:
    log.record(corpus, [Decision(Kind.CONFIRM, 5, "ann", making.turn(5, None, CONFIRMED).changes)])
    with pytest.raises(DecisionError, match="No other document has the text of d5"):
        identical.plan(corpus, "ann", [5])
