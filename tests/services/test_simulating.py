"""What a simulation says besides the plays themselves."""

from __future__ import annotations

import pytest

from tui_annotate.domain.documents import Document, Part
from tui_annotate.domain.interchange import ExchangedDocument
from tui_annotate.domain.scheme import Scheme
from tui_annotate.services import plotting, simulating
from tui_annotate.services.gold import Gold
from tui_annotate.services.simulating import Play, Point


def point(confirmations: int, f1: float | None, accuracy: float | None = None) -> Point:
    return Point(confirmations, accuracy, f1, confirmations * 20, 0, confirmations, 0.1)


def test_curves_are_means_over_the_plays_that_all_have_a_point() -> None:
    plays = [
        Play(0, "margin", "labels:x", 10, points=[point(10, 0.5), point(20, 0.7), point(30, 0.9)]),
        Play(1, "margin", "labels:x", 10, points=[point(10, 0.7), point(20, 0.9)]),
        Play(0, "random", "labels:x", 10, points=[point(10, None, 0.4)]),
    ]
    curves = simulating.mean_curves(plays, against="tokens")
    assert [x for x, _ in curves["margin"]] == [200, 400]
    assert [y for _, y in curves["margin"]] == pytest.approx([0.6, 0.8])
    assert curves["random"] == [(200, 0.4)]
    drawn = plotting.curves(curves, title="labels:x", across="tokens")
    assert all(word in drawn for word in ("margin", "random", "tokens", "labels:x"))
    assert "\x1b" not in drawn


def test_a_longer_text_takes_longer_than_a_key() -> None:
    short = simulating.modelled_seconds(documents=1, tokens=10, keys=1)
    assert simulating.modelled_seconds(documents=1, tokens=20, keys=1) - short == pytest.approx(10 * 60 / 238)
    assert simulating.modelled_seconds(documents=1, tokens=10, keys=2) - short == pytest.approx(0.28)


def test_of_equal_texts_the_first_is_taken() -> None:
    texts = ["a", "b", "a", "c", "b"]
    documents = [
        ExchangedDocument(Document(str(number), (Part("s1v1", text),)), ()) for number, text in enumerate(texts)
    ]
    kept = Gold(tuple(documents), Scheme()).without_duplicates()
    assert [d.document.key for d in kept.documents] == ["0", "1", "3"]
