"""What webhooks are told is written with the act that it tells of, in order, and kept until it was told."""

from __future__ import annotations

import time

import pytest

from tests.store import making
from tui_annotate.domain.hooks import Hook
from tui_annotate.errors import DecisionError, UsageError
from tui_annotate.store import hooks, log, outbox
from tui_annotate.store.connection import Corpus

URL = "http://127.0.0.1:9/x"


def waiting(corpus: Corpus) -> list[tuple[str, str, str]]:
    """Return document, version and event of what waits, oldest first."""
    return [(row.key, row.member, row.event) for row in reversed(outbox.history(corpus)) if row.state == outbox.WAITING]


def later(corpus: Corpus, *, limit: int = 20) -> list[outbox.Row]:
    """Claim what will be due in a minute."""
    return outbox.claim(corpus, only="h", now=time.time() + 60, limit=limit)


@pytest.fixture
def gui(corpus: Corpus) -> Corpus:
    """The corpus, as the app has it open, with a webhook for everything."""
    corpus.source = "GUI"
    hooks.add(corpus, Hook("h", URL))
    return corpus


def test_documents_that_come_in_are_told_by_whoever_imports_when_any_change_is_wanted(corpus: Corpus) -> None:
    hooks.add(corpus, Hook("app", URL))
    hooks.add(corpus, Hook("any", URL, only_app=False))
    making.take_in(corpus, making.document("new"), making.document("d1"))
    assert [(r.hook.name, r.key, r.event, r.status, r.source) for r in outbox.history(corpus)] == [
        ("any", "new", "created", "created", "API")
    ]


def test_a_save_is_told_once_however_many_decisions_it_was(gui: Corpus) -> None:
    log.record(gui, [making.begin(1)])
    log.record(gui, [making.add(1, 2)])
    log.record(gui, [making.add(1, 3)])
    assert waiting(gui) == [("d1", "ann", "saved")]


def test_a_confirmation_stands_for_the_save_before_it(gui: Corpus) -> None:
    log.record(gui, [making.begin(1)])
    log.record(gui, [making.turn(1, making.IN_PROGRESS, making.CONFIRMED)])
    assert waiting(gui) == [("d1", "ann", "confirmed")]


def test_a_confirmation_is_a_save_to_who_asked_for_saves_only(corpus: Corpus) -> None:
    corpus.source = "GUI"
    hooks.add(corpus, Hook("s", URL, events=("saved",)))
    hooks.add(corpus, Hook("c", URL, events=("confirmed",)))
    log.record(corpus, [making.begin(1)])
    log.record(corpus, [making.turn(1, making.IN_PROGRESS, making.CONFIRMED)])
    told = {(row.hook.name, row.event) for row in outbox.history(corpus)}
    assert told == {("s", "saved"), ("c", "confirmed")}


def test_a_confirmed_version_that_is_imported_anew_is_confirmed_again(corpus: Corpus) -> None:
    hooks.add(corpus, Hook("h", URL, events=("confirmed",), only_app=False))
    first = making.document("n1", versions=(making.version(making.entity(1)),))
    making.take_in(corpus, first)
    making.take_in(corpus, making.document("n1", versions=(making.version(making.entity(1, 3, 5)),)))
    assert waiting(corpus) == [("n1", "master", "confirmed")]


def test_what_is_being_told_does_not_stand_for_what_comes_after(gui: Corpus) -> None:
    log.record(gui, [making.begin(1)])
    assert [row.event for row in later(gui)] == ["saved"]
    log.record(gui, [making.add(1, 2)])
    assert waiting(gui) == [("d1", "ann", "saved")] * 2


def test_of_a_document_the_oldest_alone_is_told_until_it_was(gui: Corpus) -> None:
    log.record(gui, [making.begin(1)])
    log.record(gui, [making.begin(2)])
    first = later(gui)
    log.record(gui, [making.add(1, 2)])
    assert [row.key for row in first] == ["d1", "d2"]
    assert later(gui) == []
    outbox.settle(gui, first[0].id, state=outbox.WAITING, answer="no", due=0)
    assert [(row.id, row.attempts) for row in later(gui)] == [(first[0].id, 2)]
    outbox.settle(gui, first[0].id, state=outbox.SENT, answer="200")
    assert [(row.key, row.event) for row in later(gui)] == [("d1", "saved")]


def test_a_claim_of_a_killed_program_is_due_again(gui: Corpus) -> None:
    log.record(gui, [making.begin(1)])
    assert len(later(gui)) == 1
    assert later(gui) == []
    much_later = time.time() + 10_000
    assert len(outbox.claim(gui, only="h", now=much_later)) == 1


def test_nothing_is_told_of_an_act_that_failed(gui: Corpus) -> None:
    log.record(gui, [making.begin(1)])
    with pytest.raises(DecisionError):
        log.record(gui, [making.begin(2), making.begin(2)])
    assert waiting(gui) == [("d1", "ann", "saved")]


def test_undoing_is_a_change_too(gui: Corpus) -> None:
    log.record(gui, [making.begin(1)])
    assert len(later(gui)) == 1
    log.undo(gui, "ann")
    assert waiting(gui) == [("d1", "ann", "saved")] * 2


def test_a_webhook_that_is_off_gathers_nothing_and_keeps_what_waits(gui: Corpus) -> None:
    log.record(gui, [making.begin(1)])
    hooks.enable(gui, "h", enabled=False)
    log.record(gui, [making.begin(2)])
    assert waiting(gui) == [("d1", "ann", "saved")]
    assert later(gui) == []
    hooks.enable(gui, "h", enabled=True)
    assert len(later(gui)) == 1


def test_refused_events_stay_and_are_sent_again_when_asked_for(gui: Corpus) -> None:
    log.record(gui, [making.begin(1)])
    (row,) = later(gui)
    outbox.settle(gui, row.id, state=outbox.REFUSED, answer="400 no")
    assert hooks.get(gui, "h").refused == 1
    assert outbox.retry(gui, "h") == 1
    assert [again.id for again in later(gui)] == [row.id]


def test_told_rows_are_cut_short_and_waiting_ones_never(gui: Corpus, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox, "KEPT", 5)
    making.take_in(gui, *(making.document(f"n{n}") for n in range(200)))
    for row in outbox.claim(gui, only="h", now=time.time() + 60, limit=150):
        outbox.settle(gui, row.id, state=outbox.SENT, answer="200")
    held = hooks.get(gui, "h")
    told = [row for row in outbox.history(gui, limit=1000) if row.state == outbox.SENT]
    assert held.waiting == 50
    assert len(told) == 55


@pytest.mark.parametrize(
    ("hook", "reason"),
    [
        (Hook("h", "example.org/x"), "must start with http:// or https://"),
        (Hook("h", "ftp://example.org"), "must start with http:// or https://"),
        (Hook("h", "http:///x"), "names no host"),
        (Hook("h", "http://[::1/x"), "is no URL"),
        (Hook("h", "http://host/a b"), "blanks"),
        (Hook("h", "http://u:p@host/"), "user or password"),
        (Hook("h"), "a URL or a command"),
        (Hook("h", URL, ("true",)), "a URL or a command"),
        (Hook("a b", URL), "is no name"),
        (Hook("h", URL, events=()), "needs an event"),
        (Hook("h", URL, timeout=0), "timeout"),
        (Hook("h", URL, password="x"), "goes with a user"),
        (Hook("h", command=("true",), secret="x"), "neither user nor secret"),
    ],
)
def test_a_webhook_that_cannot_work_is_refused(corpus: Corpus, hook: Hook, reason: str) -> None:
    with pytest.raises(UsageError, match=reason):
        hooks.add(corpus, hook)
    assert hooks.listing(corpus) == []


def test_names_are_unique_and_near_ones_are_named(gui: Corpus) -> None:
    with pytest.raises(UsageError, match="already"):
        hooks.add(gui, Hook("h", URL))
    hooks.add(gui, Hook("h", URL, only_app=False), replace=True)
    assert not hooks.get(gui, "h").hook.only_app
    with pytest.raises(UsageError, match="Did you mean h"):
        hooks.get(gui, "hh")
    log.record(gui, [making.begin(1)])
    assert hooks.remove(gui, "h") == 1
    assert outbox.history(gui) == []
