"""tagtog's tables of entities: what stands in them, and what they say of hard texts."""

from __future__ import annotations

from tests.formats.helpers import docs, problems, read, source
from tui_annotate.domain.annotations import Annotations, Entity
from tui_annotate.domain.documents import Document, Part
from tui_annotate.domain.spans import Span
from tui_annotate.formats.entitiestsv import render, render_classes

DOCUMENT = Document("d", (Part("s1h1", "Ann in Rome"), Part("s1p1", "She met\tBob\nSmith.")))


def held(*spans: tuple[str, str, int, int]) -> Annotations:
    """Return annotations of these entities."""
    found = (Entity(type, (Span(part, a, b),), number=n) for n, (type, part, a, b) in enumerate(spans, 1))
    return Annotations({entity.number: entity for entity in found})


ENTITIES = held(("Place", "s1h1", 7, 11), ("Person", "s1h1", 0, 3), ("Person", "s1p1", 8, 17), ("Name", "s1p1", 12, 17))


def test_the_text_is_cut_where_entities_begin_and_end() -> None:
    assert render(DOCUMENT, ENTITIES) == (
        "Ann\tPerson\n in \tO\nRome\tPlace\n\nShe met\\t\tO\nBob\\nSmith\tPerson\n.\tO\n"
    )


def test_only_classes_has_all_entities_and_nothing_else() -> None:
    assert render_classes(DOCUMENT, ENTITIES) == "Ann\tPerson\nRome\tPlace\n\nBob\\nSmith\tPerson\nSmith\tName\n"


def test_a_text_without_entities_is_written_whole() -> None:
    assert render(DOCUMENT, Annotations()) == "Ann in Rome\tO\n\nShe met\\tBob\\nSmith.\tO\n"


def test_it_is_read_back_with_its_parts_joined() -> None:
    (document,) = docs(read("entitiestsv", source("a/d.entities.tsv", render(DOCUMENT, ENTITIES))))
    assert (document.document.key, document.document.text) == ("a/d", DOCUMENT.text)
    entities = document.versions[0].annotations.entities.values()
    assert [(e.type, document.document.slice(e.span)) for e in entities] == [
        ("Person", "Ann"),
        ("Place", "Rome"),
        ("Person", "Bob\nSmith"),
    ]


def test_a_type_called_o_is_no_gap() -> None:
    annotations = held(("O", "s1h1", 0, 3))
    (document,) = docs(read("entitiestsv", source("d.entities.tsv", render(DOCUMENT, annotations))))
    assert [e.type for e in document.versions[0].annotations.entities.values()] == ["O"]


def test_a_row_without_a_tab_is_refused_with_its_line() -> None:
    (refused,) = problems(read("entitiestsv", source("d.entities.tsv", "Ann\tPerson\nand\n")))
    assert "line 2 has no tab" in refused.reason


def test_the_words_of_entities_alone_are_read_as_a_list() -> None:
    items = read("entitiesonlyclassestsv", source("d.classes.tsv", render_classes(DOCUMENT, ENTITIES)))
    assert docs(items)[0].document.text == "Ann\nRome\nBob\nSmith\nSmith"
    assert "list of their words" in problems(items)[0].reason
