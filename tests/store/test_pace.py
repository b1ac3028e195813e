"""Pace where one key answers and confirms."""

from __future__ import annotations

from dataclasses import replace

from tests.store.making import document, take_in, turn
from tui_annotate.domain.decisions import Changes, Decision, Kind, VersionState
from tui_annotate.store import log, pace
from tui_annotate.store.connection import Corpus

CONFIRMED, IN_PROGRESS = VersionState.CONFIRMED, VersionState.IN_PROGRESS


def test_documents_that_the_answer_confirmed_are_counted_once(corpus: Corpus) -> None:
    take_in(corpus, *(document(f"d{n}", f"text number {n}") for n in range(3)))
    for id in (1, 2):
        answer = Decision(Kind.SET_LABEL, id, "ann", Changes(state=(None, IN_PROGRESS)), milliseconds=1500, keys=1)
        log.record(corpus, [answer, turn(id, IN_PROGRESS, CONFIRMED)])
    log.record(corpus, [turn(3, None, CONFIRMED)])  # nobody pressed a key for it
    (ann,) = pace.pace(corpus)
    assert (ann.decisions, ann.confirmed, ann.keys_document, ann.seconds_document) == (2, 2, 1.0, 1.5)
    log.record(corpus, [replace(turn(2, CONFIRMED, IN_PROGRESS), milliseconds=500, keys=1)])
    log.record(corpus, [replace(turn(2, IN_PROGRESS, CONFIRMED), milliseconds=500, keys=1)])
    assert pace.pace(corpus)[0].confirmed == 2
