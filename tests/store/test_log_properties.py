"""Any sequence of decisions, taken back as often, leaves what was before; done again, what was after."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.properties import tries
from tests.store import making
from tests.store.making import CONFIRMED, IN_PROGRESS, SKIPPED
from tui_annotate.domain.annotations import LabelValue, Verdict
from tui_annotate.domain.decisions import Changes, Decision, EntityChange, Kind, LabelChange, VerdictChange
from tui_annotate.domain.interchange import MASTER
from tui_annotate.domain.selection import Review
from tui_annotate.errors import DecisionError, UndoError
from tui_annotate.store import counters, documents, log, rebuild, reviewing, versions
from tui_annotate.store.connection import Corpus
from tui_annotate.store.versions import Version

Verb = Callable[[Version, int], Changes]
IMPORTED = making.version(making.entity(1), making.entity(2, 4, 6))


def _add(version: Version, seed: int) -> Changes:
    return Changes((EntityChange(None, making.entity(version.next_number, seed, seed + 3)),))


def _remove(version: Version, seed: int) -> Changes:
    held = list(version.annotations.entities.values())
    return Changes((EntityChange(held[seed % len(held)], None),)) if held else _add(version, seed)


def _change(version: Version, seed: int) -> Changes:
    held = list(version.annotations.entities.values())
    if not held:
        return _add(version, seed)
    old = held[seed % len(held)]
    return Changes((EntityChange(old, making.entity(old.number, seed, seed + 1, "DISEASE")),))


def _label(version: Version, seed: int) -> Changes:
    return Changes(labels=(LabelChange(version.annotations.labels.get("kind"), LabelValue("kind", f"v{seed}")),))


def _verdict(version: Version, seed: int) -> Changes:
    key = making.suggestion(seed % 3, 9).key
    before = version.verdicts.get(key, Verdict.UNDECIDED)
    after = list(Verdict)[seed % len(Verdict)]
    return Changes(verdicts=(VerdictChange(key, before, after),))


def _confirm(version: Version, seed: int) -> Changes:
    return Changes(state=(version.state, CONFIRMED if seed % 2 else SKIPPED))


def _reopen(version: Version, seed: int) -> Changes:
    return Changes(state=(version.state, IN_PROGRESS))


VERBS: dict[Kind, Verb] = {
    Kind.ADD: _add,
    Kind.REMOVE: _remove,
    Kind.CHANGE: _change,
    Kind.SET_LABEL: _label,
    Kind.REJECT: _verdict,
    Kind.CONFIRM: _confirm,
    Kind.REOPEN: _reopen,
}
ACTS = st.lists(
    st.tuples(
        st.sampled_from(["ann", "bob"]),
        st.integers(1, 4),
        st.sampled_from(list(VERBS)),
        st.integers(0, 20),
        st.booleans(),
    ),
    min_size=1,
    max_size=14,
)


def _state(corpus: Corpus) -> object:
    """Return all that a person can see: versions (numbers to come aside), document rows, counters."""
    seen: list[object] = []
    for document in range(1, 5):
        row = documents.row(corpus, document)
        seen.append((row.state, row.adjudicate))
        for annotator in ("ann", "bob"):
            version = versions.load(corpus, document, annotator)
            seen.append((version.exists, version.state, version.annotations, version.verdicts, version.master_by))
    progress = counters.progress(corpus)
    return seen, (progress.confirmed, progress.skipped, progress.in_progress)


@given(acts=ACTS)
@settings(max_examples=tries(60), deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_undo_goes_back_to_the_import_and_redo_to_the_end(acts: list[tuple[str, int, Kind, int, bool]]) -> None:
    with tempfile.TemporaryDirectory() as folder, Corpus.create(Path(folder) / "c.db", scheme=making.SCHEME) as corpus:
        making.take_in(
            corpus,
            making.document("a"),
            making.document("b", versions=(IMPORTED,)),
            making.document("c", versions=(making.version(making.entity(1), annotator="bob"),)),
            making.document("d", versions=(making.version(making.entity(1), confirmed=False),)),
        )
        before = _state(corpus)
        for annotator, document, kind, seed, twice in acts:
            version = versions.load(corpus, document, annotator)
            decision = Decision(kind, document, annotator, VERBS[kind](version, seed))
            log.record(corpus, [decision, *([_comment(document, annotator)] if twice else [])])
        assert rebuild.rebuild(corpus).differences == []
        after = _state(corpus)
        order = [name for name, *_ in acts]
        for name in reversed(order):
            log.undo(corpus, name)
        assert _state(corpus) == before
        assert rebuild.rebuild(corpus).differences == []
        for name in ("ann", "bob"):
            with pytest.raises(UndoError, match="nothing to undo"):
                log.undo(corpus, name)
        for name in order:
            log.redo(corpus, name)
        assert _state(corpus) == after
        assert rebuild.rebuild(corpus).differences == []


TEAM = ("ann", "bob", "eve")
MOVES = st.lists(
    st.tuples(st.sampled_from(TEAM), st.integers(1, 3), st.sampled_from(["confirm", "reopen", "review", "undo", "redo"])
        , st.sampled_from(TEAM), st.sampled_from(list(Review))),
    min_size=1,
    max_size=18,
)  # fmt: skip


def _move(corpus: Corpus, who: str, document: int, verb: str, whose: str, verdict: Review) -> None:
    """Do something, unless it makes no sense now."""
    version = versions.load(corpus, document, who)
    try:
        if verb == "undo":
            log.undo(corpus, who)
        elif verb == "redo":
            log.redo(corpus, who)
        elif verb == "review":
            reviewing.review(corpus, document, whose, verdict, by=who)
        elif (version.state is CONFIRMED) == (verb == "reopen"):
            log.record(
                corpus, [Decision(Kind(verb), document, who, (_reopen if verb == "reopen" else _confirm)(version, 1))]
            )
    except DecisionError:
        pass


@given(moves=MOVES)
@settings(max_examples=tries(60), deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_whoever_confirms_reviews_and_takes_back_the_state_is_what_the_log_says(
    moves: list[tuple[str, int, str, str, Review]],
) -> None:
    with tempfile.TemporaryDirectory() as folder, Corpus.create(Path(folder) / "c.db", scheme=making.SCHEME) as corpus:
        member = making.version(making.entity(1), annotator="bob")
        making.take_in(
            corpus,
            making.document("a"),
            making.document("b", versions=(IMPORTED, member)),
            making.document("c", versions=(member, making.version(annotator="eve"))),
        )
        for move in moves:
            _move(corpus, *move)
        assert rebuild.rebuild(corpus).differences == []
        for document in (1, 2, 3):
            held = versions.versions(corpus, document)
            usable = [v for v in held if v.state is CONFIRMED and v.review in (Review.NONE, Review.ACCEPTED)]
            own = [v.annotator for v in usable if v.annotator != MASTER]
            row = documents.row(corpus, document)
            assert not row.adjudicate or len(own) > 1
            if document == 1:
                masters = [v.annotator for v in held if v.is_master]
                assert row.adjudicate == (len(own) > 1 and not any(v.review is Review.ACCEPTED for v in usable))
                assert masters == own if len(own) < 2 else set(masters) <= set(own)


def _comment(document: int, annotator: str) -> Decision:
    return Decision(Kind.COMMENT, document, annotator, details={"text": "sure"})
