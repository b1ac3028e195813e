"""What is shown of a document's suggestions, and that no run is needed to understand what became of them."""

from __future__ import annotations

import sqlite3
from dataclasses import replace

import pytest

from tests.store import making
from tui_annotate.domain.annotations import Suggestion
from tui_annotate.errors import DataError
from tui_annotate.store import documents, log, suggestions
from tui_annotate.store.connection import Corpus


def starts(corpus: Corpus, document: int = 1) -> list[tuple[str, int]]:
    """Return run and offset of the suggested entities."""
    return [(s.run, s.span.start) for s in suggestions.of(corpus, document) if s.spans]


def test_what_is_frozen_is_shown_with_its_row_and_its_run(corpus: Corpus) -> None:
    (shown,) = suggestions.freeze(corpus, 1, [making.suggestion(other := 3, 5)], run="entities-1")
    assert (shown.id, shown.run, shown.source, shown.span.start) == (1, "entities-1", "run", other)
    assert suggestions.of(corpus, 1) == [shown]


def test_freezing_again_writes_nothing(corpus: Corpus) -> None:
    first = suggestions.freeze(corpus, 1, [making.suggestion()], run="entities-1")
    with Corpus.open(corpus.path) as other:
        before = other.data_version()
        assert suggestions.freeze(corpus, 1, [making.suggestion(5, 6)], run="entities-1") == first
        assert other.data_version() == before


def test_a_newer_run_replaces_what_was_not_decided(corpus: Corpus) -> None:
    old = suggestions.freeze(corpus, 1, [making.suggestion(0, 2), making.suggestion(4, 6)], run="entities-1")
    log.record(corpus, [making.reject(1, old[0].key)])
    suggestions.freeze(corpus, 1, [making.suggestion(8, 9)], run="entities-2")
    assert starts(corpus) == [("entities-2", 8), ("entities-1", 0)]
    suggestions.freeze(corpus, 1, [], run="entities-3")
    assert starts(corpus) == [("entities-1", 0)]
    suggestions.freeze(corpus, 1, [], run="entities-2")
    assert starts(corpus) == [("entities-2", 8), ("entities-1", 0)], "rolled back, its own predictions are there again"


def test_runs_of_different_tasks_stand_beside_each_other(corpus: Corpus) -> None:
    label = Suggestion("label", "urgent", value=True, prob=0.6, source="run", run="labels:urgent-4")
    entity = replace(making.suggestion(), run="entities-1")
    suggestions.freeze(corpus, 1, [entity], run="entities-1")
    suggestions.freeze(corpus, 1, [label], run="labels:urgent-4")
    assert [s.name for s in suggestions.of(corpus, 1)] == ["DRUG", "urgent"]
    assert suggestions.freeze(corpus, 2, [entity, label], run="") == suggestions.of(corpus, 2)
    assert [s.run for s in suggestions.of(corpus, 2)] == ["entities-1", "labels:urgent-4"]


def test_an_import_stands_before_a_run_that_says_the_same(corpus: Corpus) -> None:
    making.take_in(corpus, making.document("x", versions=(making.version(making.entity(1), confirmed=False),)))
    id = documents.find(corpus, "x")
    assert id is not None
    suggestions.freeze(corpus, id, [making.suggestion(0, 2), making.suggestion(4, 6)], run="entities-1")
    assert [(s.source, s.span.start) for s in suggestions.of(corpus, id) if s.spans] == [("import", 0), ("run", 4)]


def test_patterns_are_kept_once(corpus: Corpus) -> None:
    found = replace(making.suggestion(), source="pattern", who=("ml:pattern",))
    assert suggestions.add(corpus, 1, [found, found]) == 1
    assert suggestions.add(corpus, 1, [found, replace(found, name="DISEASE")]) == 1
    assert [s.name for s in suggestions.of(corpus, 1)] == ["DRUG", "DISEASE"]


def test_a_probability_that_is_none_is_refused_before_anything_is_kept(corpus: Corpus) -> None:
    with pytest.raises(DataError, match="probability nan"):
        suggestions.freeze(corpus, 1, [making.suggestion(), making.suggestion(prob=float("nan"))], run="entities-1")
    assert suggestions.of(corpus, 1) == []


def test_a_document_that_is_not_there_has_none(corpus: Corpus) -> None:
    assert suggestions.of(corpus, 999) == []
    with pytest.raises(Exception, match="FOREIGN KEY") as caught:
        suggestions.freeze(corpus, 999, [making.suggestion()], run="entities-1")
    assert isinstance(caught.value.__cause__, sqlite3.IntegrityError)
