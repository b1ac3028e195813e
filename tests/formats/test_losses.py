"""What a format has no room for is counted, and what is left agrees with what the format holds."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.formats.helpers import SCHEME, corpora
from tests.properties import tries
from tui_annotate.domain.annotations import Annotations, Entity, LabelValue, Relation
from tui_annotate.domain.documents import Document, Part
from tui_annotate.domain.interchange import ExchangedDocument, ExchangedVersion
from tui_annotate.domain.scheme import EntityType, Scheme
from tui_annotate.domain.spans import Span
from tui_annotate.formats import losses, registry
from tui_annotate.formats.base import EVERYTHING, Feature, WriteOptions
from tui_annotate.formats.reducing import JOINED, placed, reduced

OPTIONS = WriteOptions(scheme=SCHEME)
_slow = settings(deadline=None, max_examples=tries(25), suppress_health_check=[HealthCheck.too_slow])


def full() -> ExchangedDocument:
    """Return a document that has something of everything."""
    document = Document("d", (Part("s1h1", "ab"), Part("s1p1", "cdef")), "d.txt", "in", "en", ("Train",))
    entities = {
        1: Entity("A", (Span("s1h1", 0, 2),), ("user:x",), 0.5, 1, {"neg": True}),
        2: Entity("B", (Span("s1p1", 0, 1), Span("s1p1", 2, 3)), (), 1.0, 2),
        3: Entity("A", (Span("s1p1", 2, 4),), (), 1.0, 3),
    }
    held = Annotations(entities, {"topic": LabelValue("topic", "a")}, {1: Relation("r", (1, 2), number=1)})
    other = ExchangedVersion(Annotations(), False, "alice")
    return ExchangedDocument(document, (ExchangedVersion(held, True), other), "d")


def test_everything_that_has_no_room_is_counted() -> None:
    nothing = replace(registry.get("csv"), holds=frozenset())
    assert losses.counted([full(), full()], nothing, OPTIONS).ordered() == {
        "entities": 6,
        "labels": 2,
        "versions": 2,
        "states": 2,
        "parts": 2,
        "ids": 2,
        "names": 2,
        "folders": 2,
        "tags": 2,
        "language": 2,
    }
    spans = replace(nothing, holds=frozenset(("entities", "ids", "versions")))
    found = losses.counted([full()], spans, OPTIONS)
    wanted = {"overlaps": 1, "fragments": 1, "attributes": 1, "labels": 1, "relations": 1, "authors": 1}
    assert {what: count for what, count in found.ordered().items() if what in wanted} == wanted
    assert found.counts["probabilities"] == 1
    assert "1 relation, 1 author of an annotation, 1 probability" in found.sentence()


def test_nothing_is_lost_where_there_is_room_for_all() -> None:
    assert losses.counted([full()], registry.get("anndoc"), OPTIONS).sentence() == ""
    assert not losses.may_lose(registry.get("anndoc"), SCHEME)


def test_a_scheme_says_what_need_not_be_counted() -> None:
    jsonl = registry.get("jsonl")
    assert losses.may_lose(jsonl, SCHEME)
    assert not losses.may_lose(jsonl, SCHEME, versions=False)
    entities_only = Scheme((EntityType("A"),))
    no_labels = replace(jsonl, holds=EVERYTHING - {"labels", "relations", "attributes"})
    assert not losses.may_lose(no_labels, entities_only)
    assert losses.may_lose(no_labels, SCHEME)


def test_a_version_that_is_another_name_of_the_first_is_no_loss() -> None:
    one = full()
    twin = replace(one, versions=(one.versions[0], replace(one.versions[0], annotator="bob")))
    assert "versions" not in losses.counted([twin], registry.get("jsonl"), OPTIONS).counts


@_slow
@given(corpora(), st.frozensets(st.sampled_from(sorted(EVERYTHING))))
def test_what_is_left_has_nothing_to_lose(documents: list[ExchangedDocument], holds: frozenset[Feature]) -> None:
    format = replace(registry.get("anndoc"), holds=holds)
    for document in documents:
        left = reduced(document, holds, OPTIONS)
        assert losses.counted([left], format, OPTIONS).sentence() == ""
        assert left.document.text == document.document.text


@_slow
@given(corpora(versions=1))
def test_joined_parts_keep_the_text_of_each_entity(documents: list[ExchangedDocument]) -> None:
    for document in documents:
        left = reduced(document, EVERYTHING - {"parts"}, OPTIONS)
        for before, after in zip(document.versions, left.versions, strict=False):
            for number, entity in after.annotations.entities.items():
                old = before.annotations.entities[number]
                assert [left.document.slice(s) for s in entity.spans] == [document.document.slice(s) for s in old.spans]
                hull = entity.span
                assert hull.part == JOINED
                assert placed(document.document, hull.start, hull.end) == old.span


@pytest.mark.parametrize(
    ("format", "key", "folder", "said"),
    [
        ("brat", "a", "reports", "1 folder that ids do not begin with"),
        ("brat", "reports/a", "reports", ""),
        ("text", "n-1", "", "1 id that gets .txt behind it"),
        ("text", "n-1.txt", "", ""),
        ("markdown", "n-1", "", "1 id that gets .md behind it"),
        ("markdown", "in/n-1.md", "in", ""),
        ("entitiestsv", "n-1", "x", "1 folder that ids do not begin with"),
        ("slate", "a\x00b", "", "1 id that is no name of a file"),
    ],
)
def test_what_the_name_of_a_file_does_not_say_is_a_loss(format: str, key: str, folder: str, said: str) -> None:
    found = losses.Losses(registry.get(format), WriteOptions())
    parts = (Part("s1v1" if format != "markdown" else "s1p1", "x"),)
    found.add(ExchangedDocument(Document(key, parts, folder=folder)))
    assert found.lines() == ([said] if said else [])


@pytest.mark.parametrize(("name", "lost"), [("a.txt", 0), ("a", 0), ("in/a", 0), ("My note", 1)])
def test_a_name_that_the_id_says_is_not_lost(name: str, lost: int) -> None:
    found = losses.Losses(registry.get("brat"), WriteOptions())
    found.add(ExchangedDocument(Document("in/a", (Part("s1v1", "x"),), name=name, folder="in")))
    assert found.counts["names"] == lost
