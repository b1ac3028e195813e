"""What a writer wrote, its reader reads to the same, for every format and whatever the text holds."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.formats.helpers import SCHEME, corpora, docs, source
from tests.properties import tries
from tui_annotate.domain.interchange import ExchangedDocument
from tui_annotate.formats import registry, writing
from tui_annotate.formats.base import ReadOptions, WriteOptions
from tui_annotate.formats.meaning import Tally

OPTIONS = WriteOptions(scheme=SCHEME, project="P")
_slow = settings(deadline=None, max_examples=tries(60), suppress_health_check=[HealthCheck.too_slow])
few = settings(_slow, max_examples=tries(25))


def back(format: str, name: str, documents: list[ExchangedDocument]) -> tuple[Tally, Tally]:
    """Write documents, read them again, and return what both mean."""
    fmt = registry.get(format)
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder, name)
        writing.write(documents, fmt, target, OPTIONS)
        options = ReadOptions(scheme=SCHEME, empty=True)
        read = docs(registry.read_paths([target], format=format, options=options))
    before, after = Tally(fmt.meaning, OPTIONS), Tally(fmt.meaning, OPTIONS)
    for document in documents:
        before.add(document)
    for document in read:
        after.add(document)
    return before, after


@_slow
@given(corpora())
def test_anndoc_comes_back_the_same(documents: list[ExchangedDocument]) -> None:
    before, after = back("anndoc", "corpus.zip", documents)
    assert before.matches(after)


@_slow
@given(corpora())
def test_an_anndoc_folder_holds_what_the_zip_holds(documents: list[ExchangedDocument]) -> None:
    before, after = back("anndoc", "corpus", documents)
    assert before.matches(after)


@_slow
@given(corpora(versions=1))
def test_json_lines_come_back_the_same(documents: list[ExchangedDocument]) -> None:
    before, after = back("jsonl", "corpus.jsonl", documents)
    assert before.matches(after)


@pytest.mark.parametrize("format", ["csv", "tsv"])
@_slow
@given(documents=corpora(versions=1, entities=False))
def test_tables_come_back_the_same(format: str, documents: list[ExchangedDocument]) -> None:
    before, after = back(format, f"corpus.{format}", documents)
    assert before.matches(after)


@_slow
@given(corpora(versions=0))
def test_texts_come_back_the_same(documents: list[ExchangedDocument]) -> None:
    before, after = back("text", "corpus", documents)
    assert before.matches(after)


@settings(deadline=None, max_examples=tries(200))
@given(st.sampled_from(list(registry.FORMATS)), st.binary(max_size=300))
def test_no_reader_falls_over_noise(format: str, noise: bytes) -> None:
    name = {"anndoc": "a.plain.html"}.get(format, f"a.{format}")
    reader = registry.get(format).read
    assert reader is not None
    items = list(reader([source(name, noise)], ReadOptions()))
    assert items or not noise.strip()


@settings(deadline=None, max_examples=tries(100))
@given(
    st.text(max_size=80),
    st.sampled_from(['{"entities":', '{"metas":{"m_1":', '{"relations":[', "[", '{"entities":[{"offsets":']),
)
def test_no_noise_in_ann_json_is_fatal(noise: str, before: str) -> None:
    html = source("a.plain.html", '<html><body><p id="s1p1">hello</p></body></html>')
    reader = registry.get("anndoc").read
    assert reader is not None
    items = list(reader([source("a.ann.json", (before + noise).encode("utf-8", "replace")), html], ReadOptions()))
    assert docs(items)[0].document.text == "hello"
