"""Which documents hold a text, listed in any order; how texts begin."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.store import making
from tui_annotate.domain.documents import Document, Part
from tui_annotate.domain.interchange import ExchangedDocument
from tui_annotate.store import documents, listing
from tui_annotate.store.connection import Corpus

TRICKY = ['plain "quoted" \\ back\\slash', "\x00\x1f\u2028", "", "é👍🏽 \\u0041", "line\nline"]


def multipart(key: str, *texts: str) -> ExchangedDocument:
    return ExchangedDocument(Document(key, tuple(Part(f"s1p{n}", text) for n, text in enumerate(texts, 1))))


def test_some_documents_in_order(tmp_path: Path) -> None:
    with Corpus.create(tmp_path / "c.db") as corpus:
        for n in range(1, 26):
            making.take_in(corpus, making.document(f"note-{n}", "took ASPIRIN" if n % 10 == 0 else "nothing"))
        making.take_in(corpus, multipart("aspirin-study", "a", "b"), multipart("parts", "none", "of it: aspirin"))
        rows = listing.among(corpus, [10, 20, 26, 27], sort="name", descending=True, offset=1, limit=2)
        assert [row.key for row in rows] == ["note-10", "parts"]
        assert [row.key for row in listing.some(corpus, [27, 99, 10])] == ["parts", "note-10"]


@given(st.integers(1, 200))
def test_texts_begin_as_they_are_wherever_they_are_cut(tmp_path_factory: pytest.TempPathFactory, length: int) -> None:
    path = tmp_path_factory.getbasetemp() / "beginnings.db"
    if not path.exists():
        with Corpus.create(path) as corpus:
            making.take_in(corpus, making.document("one", TRICKY[0]), multipart("many", *TRICKY))
    with Corpus.open(path) as corpus:
        ids = [documents.find(corpus, key) or 0 for key in ("one", "many")]
        begun = listing.beginnings(corpus, ids, length=length)
        assert begun[ids[0]] == TRICKY[0][:length]
        whole = " ".join(text for text in TRICKY if text)
        assert whole.startswith(begun[ids[1]])
        assert len(begun[ids[1]]) == min(length, len(whole))
