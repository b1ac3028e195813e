"""What was rejected trains as a negative, and never comes back, whoever suggests it."""

from __future__ import annotations

from pathlib import Path

from tests.store import making
from tui_annotate.domain.patterns import Pattern
from tui_annotate.domain.scheme import EntityType, Scheme
from tui_annotate.learn.data import Gold
from tui_annotate.learn.engines.base import no_progress
from tui_annotate.learn.messages import Train
from tui_annotate.learn.serving import Serving
from tui_annotate.learn.training import Training
from tui_annotate.session.desk import Desk, Predictions
from tui_annotate.session.review import ReviewSession
from tui_annotate.store import documents, patterns, runs, settings
from tui_annotate.store.connection import Corpus

DRUGS = ("aspirin", "ibuprofen", "warfarin", "digoxin")
CONFIRMED = 24


def test_a_rejected_match_is_no_entity_to_the_model_and_does_not_come_back(tmp_path: Path) -> None:
    """Patterns suggest drugs and the month of May; the annotator rejects the month each time."""
    scheme = Scheme((EntityType("DRUG"),)).numbered()
    with Corpus.create(tmp_path / "notes.db", scheme=scheme) as corpus:
        settings.change(corpus, holdout_share=0.0)
        texts = (f"Visit {n}: in May the patient took {DRUGS[n % 4]} every day." for n in range(CONFIRMED + 4))
        making.take_in(corpus, *(making.document(f"d{n}", text) for n, text in enumerate(texts)))
        wanted = [Pattern("entity", "DRUG", "words", word) for word in ("may", *DRUGS)]
        patterns.add(corpus, wanted, annotator="ann")
        desk, session = Desk(corpus, "ann"), ReviewSession("ann", scheme)
        for id in range(1, CONFIRMED + 1):
            session.show(desk.open(id))
            session.saw_items(item.id for item in session.document.items)
            month, drug = session.document.undecided()
            assert [session.document.document.slice(i.spans[0]) for i in (month, drug)] == ["May", DRUGS[(id - 1) % 4]]
            for plan in (session.reject, session.confirm):
                act = plan()
                desk.write(act)
                session.wrote(act)
        gold = Gold(corpus)
        gold.refresh()
        for example in gold.split().train:
            assert [example.document.slice(e.span) for e in example.annotations.entities.values()] != ["May"]
            assert len(example.annotations.entities) == 1
        (run,) = Training(corpus).train(Train(tasks=["entities"]), no_progress)[0]
        serving = Serving(corpus)
        runs.register(corpus, runs.RunRow(run.name, "entities", "entities"))
        serving.serve({"entities": run.name})
        fresh = list(range(CONFIRMED + 1, CONFIRMED + 5))
        ((_, found),) = serving.predict([*fresh, 1])
        texts_of = documents.load_some(corpus, [*fresh, 1])
        for id in fresh:
            assert [texts_of[id].slice(s.span) for s in found[id]] == [DRUGS[(id - 1) % 4]]
        reopened = session.reopen if session.document.is_confirmed else None
        assert reopened is not None
        desk.write(reopened())
        again = desk.open(CONFIRMED, [Predictions(run.name, tuple(found[1]))])
        assert [again.document.slice(i.spans[0]) for i in again.undecided()] == []
