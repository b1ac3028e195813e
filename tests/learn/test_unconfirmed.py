from __future__ import annotations

from pathlib import Path

from tests.store import making
from tui_annotate.domain.patterns import Pattern
from tui_annotate.domain.scheme import EntityType, Scheme
from tui_annotate.learn.data import Gold
from tui_annotate.session.desk import Desk
from tui_annotate.session.review import ReviewSession
from tui_annotate.store import patterns, settings
from tui_annotate.store.connection import Corpus


def test_what_is_rejected_teaches_only_once_the_document_is_confirmed(tmp_path: Path) -> None:
    scheme = Scheme((EntityType("DRUG"),)).numbered()
    with Corpus.create(tmp_path / "notes.db", scheme=scheme) as corpus:
        settings.change(corpus, holdout_share=0.0)
        making.take_in(corpus, making.document("d1", "In May he came."))
        patterns.add(corpus, [Pattern("entity", "DRUG", "words", "may")], annotator="ann")
        desk, session = Desk(corpus, "ann"), ReviewSession("ann", scheme)
        session.show(desk.open(1))
        session.saw_items(item.id for item in session.document.items)
        gold = Gold(corpus)
        for plan, known in ((session.reject, 0), (session.confirm, 1)):
            act = plan()
            desk.write(act)
            session.wrote(act)
            gold.refresh()
            assert len(gold.split().train) == known
        assert not gold.split().train[0].annotations.entities
