"""BioC, as XML and as JSON: real shapes, offsets of any kind, and what hostile files try."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given

from tests.formats.helpers import SCHEME, corpora, docs, problems, read, source
from tests.formats.test_roundtrip import back, few
from tui_annotate.domain.interchange import ExchangedDocument
from tui_annotate.formats.base import ReadOptions

XML = """<?xml version='1.0' encoding='utf-8' standalone='yes'?>
<!DOCTYPE collection SYSTEM "BioC.dtd">
<collection><source>PubTator</source><date/><key>BioC.key</key>
<document><id>1000475</id><infon key="journal">Ann Case</infon>
 <passage><infon key="type">title</infon><offset>0</offset><text>Naïve caffeine &amp; headache</text>
  <annotation id="2"><infon key="identifier">MESH:D002110</infon><infon key="type">Chemical</infon>
   <location offset="6" length="8"/><text>caffeine</text></annotation></passage>
 <passage><infon key="type">abstract</infon><offset>26</offset><text>It eased the pain of many.</text>
  <annotation id="3"><infon key="type">Disease</infon><location offset="39" length="4"/><text>pain</text></annotation>
  <annotation id="4"><infon key="type">Disease</infon><location offset="40" length="4"/><text>pain</text></annotation>
 </passage>
 <relation id="R1"><infon key="type">Treats</infon><node refid="2" role="drug"/><node refid="3" role=""/></relation>
 <relation id="R2"><infon key="relation">CID</infon><infon key="Chemical">D002110</infon></relation>
</document></collection>"""


def shown(document: ExchangedDocument) -> list[tuple[str, str]]:
    """Return type and text of a document's entities."""
    held = document.versions[0].annotations.entities.values()
    return [(entity.type, " ".join(map(document.document.slice, entity.spans))) for entity in held]


def test_a_pubtator_file_is_read_with_its_relations() -> None:
    items = read("bioc-xml", source("a.xml", XML))
    (one,) = docs(items)
    assert [(part.id, part.text) for part in one.document.parts] == [
        ("s1h1", "Naïve caffeine & headache"),
        ("s1p1", "It eased the pain of many."),
    ]
    assert one.document.key == "1000475"
    assert shown(one) == [("Chemical", "caffeine"), ("Disease", "pain")]
    held = one.versions[0].annotations
    assert held.entities[1].attributes == {"identifier": "MESH:D002110"}
    assert (held.relations[1].type, held.relations[1].ends) == ("Treats", (1, 2))
    assert [(p.severity, p.field) for p in problems(items)] == [("refused", "annotations '4'"), ("noted", "relations")]
    assert one.extra["bioc_infons"] == {"journal": "Ann Case"}


@pytest.mark.parametrize(("offset", "unit"), [(6, "points"), (7, "bytes"), (6, "UTF-16")])
def test_offsets_may_count_anything(offset: int, unit: str) -> None:
    text = {"points": "Naïve pain", "bytes": "Naïve pain", "UTF-16": "Na😀e pain"}[unit]
    start = {"points": 6, "bytes": 7, "UTF-16": 6}[unit]
    given = {
        "id": "x",
        "passages": [
            {
                "offset": 100,
                "infons": {},
                "text": text,
                "annotations": [
                    {
                        "id": "1",
                        "infons": {"type": "D"},
                        "text": "pain",
                        "locations": [{"offset": 100 + start, "length": 4}],
                    }
                ],
            }
        ],
    }
    (one,) = docs(read("bioc-json", source("a.json", json.dumps(given))))
    assert shown(one) == [("D", "pain")]


@pytest.mark.parametrize(
    "wrap", [lambda d: [d], lambda d: {"PubTator3": [d]}, lambda d: [{"documents": [d]}], lambda d: {"documents": [d]}]
)
def test_all_wrappings_of_json_are_read(wrap: Any) -> None:
    given = {"id": "7", "passages": [{"offset": 0, "text": "pain", "infons": {"type": "abstract"}}]}
    assert docs(read("bioc-json", source("a.json", json.dumps(wrap(given)))))[0].document.key == "7"


def test_sentences_make_up_a_passage_without_text() -> None:
    rows = [{"offset": 5, "text": "One."}, {"offset": 11, "text": "Two."}]
    given = {"id": "7", "passages": [{"offset": 5, "sentences": rows}]}
    lines = f"{json.dumps(given)}\n{json.dumps(given)}\n"
    found = docs(read("bioc-json", source("a.jsonl", lines)))
    assert [one.document.text for one in found] == ["One.  Two."] * 2


def test_what_is_not_understood_goes_out_again() -> None:
    import io

    from tui_annotate.formats import registry
    from tui_annotate.formats.base import WriteOptions

    stream = io.BytesIO()
    fmt = registry.get("bioc-xml")
    assert fmt.write_stream is not None
    list(fmt.write_stream(docs(read("bioc-xml", source("a.xml", XML))), stream, WriteOptions()))
    for piece in (b'<infon key="journal">Ann Case</infon>', b'<infon key="Chemical">D002110</infon>', b"BioC.dtd"):
        assert piece in stream.getvalue()


@few
@given(corpora(versions=1))
def test_bioc_xml_comes_back_the_same(documents: list[ExchangedDocument]) -> None:
    before, after = back("bioc-xml", "corpus.xml", documents)
    assert before.matches(after)


@few
@given(corpora(versions=1))
def test_bioc_json_comes_back_the_same(documents: list[ExchangedDocument]) -> None:
    before, after = back("bioc-json", "corpus.json", documents)
    assert before.matches(after)


BOMB = '<!DOCTYPE c [<!ENTITY a "aa"><!ENTITY b "&a;&a;">]><collection><document><id>&b;</id></document></collection>'
FILE = (
    '<!DOCTYPE c [<!ENTITY a SYSTEM "file:///etc/passwd">]><collection><document><id>&a;</id></document></collection>'
)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (BOMB, "entities"),
        (FILE, "entities"),
        ("<a>" * 200_000, "inside each other"),
        ("<collection><document>" + "<passage>" * 200_000, "inside each other"),
        ("<collection><document><id>x</id>", "no XML"),
        ("", "no XML"),
        ("<html/>", "no BioC"),
        ('<?xml version="1.0" encoding="x-none"?><collection/>', ""),
        (b"<collection>\xff\xfe</collection>", "no XML"),
    ],
)
def test_hostile_xml_is_refused(content: str | bytes, reason: str) -> None:
    items = read("bioc-xml", source("a.xml", content))
    assert docs(items) == []
    assert reason in problems(items, "refused")[-1].reason


def test_an_attribute_of_many_megabytes_is_read_in_time() -> None:
    items = read("bioc-xml", source("a.xml", f'<collection a="{"x" * 8_000_000}"><document/></collection>'))
    assert "no text" in problems(items, "refused")[0].reason


@pytest.mark.parametrize("content", ["[" * 200_000, '{"passages":' * 100_000, "nul", '{"passages":[1,{"text":3}]}'])
def test_hostile_json_is_refused(content: str) -> None:
    items = read("bioc-json", source("a.json", content), ReadOptions(scheme=SCHEME))
    assert docs(items) == []
    assert problems(items, "refused")


def test_a_truth_in_an_infon_is_one() -> None:
    annotation = {
        "id": "1",
        "infons": {"valid": True, "n": 3},
        "text": "Ann",
        "locations": [{"offset": 0, "length": 3}],
    }
    infons = {"label:urgent": {"value": True}, "label:late": False}
    passage = {"offset": 0, "infons": {}, "text": "Ann met", "annotations": [annotation]}
    given = {"documents": [{"id": "1", "infons": infons, "passages": [passage]}]}
    (one,) = docs(read("bioc-json", source("a.json", json.dumps(given))))
    held = one.versions[0].annotations
    assert held.entities[1].attributes == {"valid": True, "n": "3"}
    assert {label.name: label.value for label in held.labels.values()} == {"urgent": True, "late": False}
