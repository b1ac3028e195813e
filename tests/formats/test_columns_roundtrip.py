"""What a writer of columns wrote, its reader reads to the same, whatever the text holds."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings

from tests.formats.columns import OPTIONS, read, stream, tree
from tests.formats.helpers import SCHEME, corpora, docs, problems, source
from tests.formats.test_roundtrip import back
from tests.properties import tries
from tui_annotate.domain.interchange import ExchangedDocument
from tui_annotate.formats import registry
from tui_annotate.formats.base import ReadOptions
from tui_annotate.formats.flat import flatten, trimmed
from tui_annotate.formats.losses import counted

STREAMS = ["conll", "conll2003", "iob1", "biluo", "bioes", "conllu"]
TREES = ["brat", "slate", "webanno"]


@pytest.mark.parametrize("format", STREAMS + TREES)
@settings(deadline=None, max_examples=tries(12), suppress_health_check=[HealthCheck.too_slow])
@given(documents=corpora(versions=1))
def test_columns_come_back_the_same(format: str, documents: list[ExchangedDocument]) -> None:
    before, after = back(format, "corpus" if format in TREES else f"corpus.{format}", documents)
    assert before.matches(after)


@pytest.mark.parametrize("format", STREAMS + TREES)
@settings(deadline=None, max_examples=tries(8), suppress_health_check=[HealthCheck.too_slow])
@given(documents=corpora(versions=1))
def test_an_entity_that_does_not_come_back_was_announced(format: str, documents: list[ExchangedDocument]) -> None:
    fmt = registry.get(format)
    for one in documents:
        if fmt.write_stream is not None:
            body, said = stream(format, [one])
            files = {f"doc.{format}": body}
        else:
            files, said = tree(format, [one])
        reader = registry.get(format).read
        assert reader is not None
        options = ReadOptions(scheme=SCHEME, empty=True)
        (back,) = docs(reader([source(name, body) for name, body in files.items()], options))
        before, after = _entities(one), _entities(back)
        if format != "conll2003":
            assert back.document.text == one.document.text
            # What comes back was there, at most cut to what is seen of it.
            seen = {(type, trimmed(one.document.text, start, end)) for type, start, end in before}
            assert after <= before | {(type, *place) for type, place in seen if place is not None}
        if len(after) < len(before):
            assert counted([one], fmt, OPTIONS).counts or said


def _entities(one: ExchangedDocument) -> set[tuple[str, int, int]]:
    return {(place.entity.type, place.start, place.end) for place in flatten(one, OPTIONS).placed}


@pytest.mark.parametrize("format", STREAMS + TREES)
def test_an_empty_or_strange_file_is_no_error(format: str) -> None:
    extension = registry.get(format).extensions[0]
    for body in (b"", b"\n\n", b"\xff\xfe\xff", b"\x00", "\ufeff".encode(), b"#", b"\t\t\t", b"-DOCSTART-"):
        name = f"a{extension}" if format != "slate" else "a.txt.annotations"
        items = read(format, {name: body, **({"a.txt": b"x"} if format in ("brat", "slate") else {})})
        assert all(problem.reason for problem in problems(items))
