"""Gold as the children keep it: what changed is read again, tags and reviews are taken over."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.store import making
from tests.store.making import CONFIRMED, IN_PROGRESS, turn
from tui_annotate.domain.selection import Review
from tui_annotate.learn.data import Gold
from tui_annotate.store import annotators, documents, log, reviewing, settings, versions
from tui_annotate.store.connection import Corpus


@pytest.fixture
def corpus(tmp_path: Path) -> Iterator[Corpus]:
    """Six documents, the first four confirmed by ann, the first also by bob."""
    with Corpus.create(tmp_path / "notes.db", scheme=making.SCHEME) as made:
        settings.change(made, holdout_share=0.0)
        making.take_in(made, *(making.document(f"d{n}") for n in range(1, 7)))
        for document in range(1, 5):
            log.record(made, [turn(document, None, CONFIRMED)])
        log.record(made, [turn(1, None, CONFIRMED, annotator="bob")])
        yield made


def rules(gold: Gold, **options: object) -> dict[int, tuple[str, str]]:
    return {g.id: (g.annotator, g.rule) for g in gold.refresh(**options)}  # type: ignore[arg-type]


def test_it_follows_reviews_priorities_and_reopening(corpus: Corpus) -> None:
    gold = Gold(corpus)
    assert rules(gold)[1] == ("bob", "most recent")
    annotators.set_order(corpus, ["ann"])
    assert rules(gold)[1] == ("ann", "highest priority")
    assert rules(gold, tie="recent")[1] == ("bob", "most recent")
    reviewing.review(corpus, 1, "bob", Review.REJECTED, by="rita")
    assert rules(gold)[1] == ("ann", "the only one"), "though nobody decided on that version"
    assert gold.split(reviewed=True).train == []
    reviewing.review(corpus, 1, "ann", Review.ACCEPTED, by="rita")
    gold.refresh()
    split = gold.split(reviewed=True)
    assert ([e.id for e in split.train], dict(split.unused)) == ([1], {"not reviewed": 3})
    log.record(corpus, [turn(2, CONFIRMED, IN_PROGRESS)])
    assert sorted(rules(gold)) == [1, 3, 4]
    fresh = Gold(corpus)
    assert fresh.refresh() == gold.refresh()


def test_tags_fix_the_split(corpus: Corpus) -> None:
    gold = Gold(corpus)
    gold.refresh()
    assert not gold.split().fixed
    documents.change_tags(corpus, [1, 2], "Train", annotator="ann")
    documents.change_tags(corpus, [3], "Test", annotator="ann")
    gold.refresh()
    split = gold.split()
    assert split.fixed
    assert [[e.id for e in part] for part in (split.train, split.holdout, split.test)] == [[1, 2], [], [3]]
    assert dict(split.unused) == {"not tagged Train": 1}
    assert [e.id for e in gold.split(only=[4]).train] == [4]


def test_long_gold_is_read_in_short_transactions(corpus: Corpus, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(versions, "_ROWS_AT_ONCE", 1)
    assert [g.id for g in versions.gold(corpus)] == [1, 2, 3, 4]
    assert [g.id for g in versions.gold(corpus, tags=["none"])] == []


def test_documents_tagged_test_later_change_what_features_are_learned_from(corpus: Corpus) -> None:
    assert documents.tag_digest(corpus, "Test") == ""
    documents.add_tag(corpus, 5, "Test", annotator="ann")
    first = documents.tag_digest(corpus, "Test")
    documents.remove_tag(corpus, 5, "Test", annotator="ann")
    documents.add_tag(corpus, 6, "Test", annotator="ann")
    assert first not in ("", documents.tag_digest(corpus, "Test"))
