"""Accepting everything above a probability: what is meant, what the holdout says of it, one act and one undo."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from tui_annotate.domain.annotations import Suggestion
from tui_annotate.domain.decisions import Changes, Decision, Kind, VersionState
from tui_annotate.domain.documents import Document, DocumentState, Part
from tui_annotate.domain.interchange import ExchangedDocument
from tui_annotate.domain.scheme import DocumentLabel, EntityType, Scheme
from tui_annotate.domain.spans import Span
from tui_annotate.errors import DecisionError, NothingToDoError
from tui_annotate.services import accepting
from tui_annotate.services.accepting import Wish
from tui_annotate.session.desk import Desk, Predictions
from tui_annotate.store import auditing, counters, documents, log, rebuild, runs, settings, versions
from tui_annotate.store.connection import Corpus
from tui_annotate.store.intake import Intake
from tui_annotate.store.runs import RunRow

SCHEME = Scheme((EntityType("DRUG"), EntityType("DISEASE")), (DocumentLabel("urgent", "boolean"),))
ROW = {"prob": 0.9, "suggestions": 50, "right": 47, "value": 0.94, "low": 0.86, "high": 0.98}


def predicted(id: int) -> list[Suggestion]:
    """Return what the model says of a document: a drug at 0.95, a disease at 0.6."""
    return [
        Suggestion("entity", "DRUG", (Span("s1v1", 0, 7),), prob=0.95, who=("ml:entities-1",)),
        Suggestion("entity", "DISEASE", (Span("s1v1", 12, 18),), prob=0.6, who=("ml:entities-1",)),
    ]


class Child:
    """Stands in for the learning process."""

    def __init__(self, path: Path, *, nice: int = 0) -> None:
        self.served: dict[str, str] = {}

    def __enter__(self) -> Child:
        return self

    def __exit__(self, *error: object) -> None:
        pass

    def serve(self, wanted: dict[str, str]) -> None:
        self.served = wanted

    def predict(self, ids: Sequence[int]) -> dict[str, dict[int, list[Suggestion]]]:
        return {"entities": {id: predicted(id) for id in ids}}


@pytest.fixture
def corpus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Corpus]:
    """Return a corpus of 12 pending documents, the last one tagged Test, with a deployed run."""
    monkeypatch.setattr(accepting, "Worker", Child)
    with Corpus.create(tmp_path / "notes.db", scheme=SCHEME) as made:
        settings.change(made, holdout_share=0.0)
        texts = [Document(f"d{n}", (Part("s1v1", f"aspirin for angina, case {n}"),)) for n in range(12)]
        last = Document("d11", texts[-1].parts, tags=("Test",))
        for _ in Intake(made).add(ExchangedDocument(one) for one in [*texts[:-1], last]):
            pass
        above = {"": [ROW], "DRUG": [{**ROW, "value": 0.98}]}
        runs.register(made, RunRow("entities-1", "entities", "entities", metrics={"holdout": {"above": above}}))
        runs.deploy(made, "entities-1")
        yield made


def states(corpus: Corpus) -> list[DocumentState]:
    """Return the states of all documents."""
    return [documents.row(corpus, id).state for id in range(1, 13)]


def test_the_corpus_is_accepted_in_one_act_and_undone_in_one(corpus: Corpus) -> None:
    auditing.ask(corpus, 2, seed=0)
    before = counters.progress(corpus)
    found = accepting.preview(corpus, "ann", Wish(0.9, "corpus"))
    assert (found.suggestions, len(found.documents), found.by_name) == (9, 9, {"DRUG": 9})
    assert not found.more
    assert counters.progress(corpus) == before, "looking decides nothing"
    place = {"document": 3, "focus": None}
    assert accepting.accept(corpus, "ann", found, place=place) == (9, 9)
    held_out = {id for id in range(1, 13) if documents.row(corpus, id).holdout}
    assert len(held_out) == 2
    begun = {id for id, state in enumerate(states(corpus), 1) if state is DocumentState.IN_PROGRESS}
    assert begun == set(range(1, 12)) - held_out
    (entity,) = versions.load(corpus, found.documents[0], "ann").annotations.entities.values()
    assert (entity.type, entity.who) == ("DRUG", ("ml:entities-1", "user:ann"))
    with pytest.raises(NothingToDoError):
        accepting.preview(corpus, "ann", Wish(0.9, "corpus"))
    taken = Desk(corpus, "ann").undo()
    assert (taken.document, taken.documents) == (3, 9)
    assert len(taken.changes) == (1 if 3 in begun else 0)
    assert set(states(corpus)) == {DocumentState.PENDING}
    Desk(corpus, "ann").redo()
    assert states(corpus).count(DocumentState.IN_PROGRESS) == 9
    assert rebuild.rebuild(corpus).equal


def test_a_label_is_accepted_alone_with_its_own_precision(corpus: Corpus) -> None:
    found = accepting.preview(corpus, "ann", Wish(0.5, "label", name="DISEASE"))
    assert found.by_name == {"DISEASE": 11}
    assert [one.row for one in found.support] == [None]
    assert accepting.said(found.support) == ["entities-1, DISEASE: the holdout supports no precision there yet"]
    (drug,) = accepting.precision_at(corpus, Wish(0.91, "label", name="DRUG"))
    assert drug.row is not None
    assert drug.row["value"] == 0.98
    assert accepting.precision_at(corpus, Wish(0.95, "label", name="DRUG"))[0].row is None, "too few lie so high"
    assert accepting.precision_at(corpus, Wish(0.9, "label", name="urgent")) == ()
    assert accepting.said(accepting.precision_at(corpus, Wish(0.9, "corpus"))) == [
        "entities-1: precision 0.94 (0.86-0.98), 47 of 50 held out at 0.9 or above"
    ]


def test_a_document_is_accepted_as_it_is_shown(corpus: Corpus) -> None:
    desk = Desk(corpus, "ann")
    desk.open(4, [Predictions("entities-1", tuple(predicted(4)))])
    found = accepting.preview(corpus, "ann", Wish(0.5, "document", document=4))
    assert accepting.accept(corpus, "ann", found) == (2, 1)
    assert len(versions.load(corpus, 4, "ann").annotations.entities) == 2


def test_what_was_decided_is_left_alone(corpus: Corpus) -> None:
    found = accepting.preview(corpus, "ann", Wish(0.9, "corpus"))
    changes = Changes(state=(None, VersionState.CONFIRMED))
    log.record(corpus, [Decision(Kind.CONFIRM, found.documents[0], "ann", changes)])
    assert accepting.accept(corpus, "ann", found) == (10, 10)


@pytest.mark.parametrize(
    ("wish", "error"),
    [
        (Wish(0.3, "corpus"), DecisionError),
        (Wish(0.9, "document", document=12), DecisionError),
        (Wish(0.99, "corpus"), NothingToDoError),
        (Wish(0.9, "document", document=1), NothingToDoError),
    ],
)
def test_what_makes_no_sense_is_refused(corpus: Corpus, wish: Wish, error: type[Exception]) -> None:
    with pytest.raises(error):
        accepting.preview(corpus, "ann", wish)


def test_one_act_touches_so_many_documents_at_most(corpus: Corpus, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(accepting, "MOST", 4)
    told: list[Any] = []
    found = accepting.preview(corpus, "ann", Wish(0.9, "corpus"), on_progress=lambda *said: told.append(said))
    assert (len(found.documents), found.more) == (4, True)
