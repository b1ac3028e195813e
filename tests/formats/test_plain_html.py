"""Our plain.html reads to the same text in every parser, and theirs to what tagtog counted."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from html.parser import HTMLParser

import html5lib
import lxml.html
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from selectolax.lexbor import LexborHTMLParser

from tests.formats.helpers import NASTY
from tests.properties import tries
from tui_annotate.domain.documents import Document, Part
from tui_annotate.errors import DataError
from tui_annotate.formats.anndoc import controls as anndoc_controls
from tui_annotate.formats.anndoc import html as anndoc_html
from tui_annotate.formats.anndoc import html_write as anndoc_html_write

TEXTS = st.text(st.one_of(st.sampled_from(NASTY + "\ud800"), st.characters()), max_size=40)


def by_standard_library(content: str) -> dict[str, str]:
    """Read with html.parser."""

    class Collector(HTMLParser):
        def __init__(self) -> None:
            super().__init__(convert_charrefs=True)
            self.found: dict[str, str] = {}
            self.open = ""

        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            id = dict(attrs).get("id")
            if id and tag in ("p", "pre", "h2"):
                self.open = id
                self.found[id] = ""

        def handle_endtag(self, tag: str) -> None:
            self.open = "" if tag in ("p", "pre", "h2") else self.open

        def handle_data(self, data: str) -> None:
            if self.open:
                self.found[self.open] += data

    collector = Collector()
    collector.feed(content)
    collector.close()
    return collector.found


def by_xml(content: bytes) -> dict[str, str]:
    """Read with expat."""
    return {e.attrib["id"]: "".join(e.itertext()) for e in ET.fromstring(content).iter() if _is_part(e.tag, e.attrib)}


def by_lxml(content: bytes) -> dict[str, str]:
    """Read with libxml2's HTML parser."""
    tree = lxml.html.document_fromstring(content, parser=lxml.html.HTMLParser(encoding="utf-8"))
    return {e.get("id"): e.text_content() for e in tree.iter("p", "pre", "h2") if e.get("id")}


def by_html5lib(content: bytes) -> dict[str, str]:
    """Read with html5lib."""
    tree = html5lib.parse(content, transport_encoding="utf-8")
    return {e.attrib["id"]: "".join(e.itertext()) for e in tree.iter() if _is_part(e.tag, e.attrib)}


def by_lexbor(content: bytes) -> dict[str, str]:
    """Read with lexbor, without the preparations of our reader."""
    nodes = LexborHTMLParser(content.decode()).css("p[id], pre[id], h2[id]")
    return {n.attributes["id"] or "": n.text(deep=True, separator="", strip=False) for n in nodes}


def _is_part(tag: object, attributes: dict[str, str]) -> bool:
    return isinstance(tag, str) and tag.rpartition("}")[2] in ("p", "pre", "h2") and "id" in attributes


@settings(deadline=None, max_examples=tries(150))
@given(TEXTS, TEXTS, TEXTS)
@example("\n", "\n\nx", "\n")
@example("\r\n", "\r", "\n\nx")
@example("x", "x", "\r\nx")
@example("\x00\x1b[31m", " ", "\r")
@example("]]>", "<!--", "-->&amp;&#10;")
@example("\ufeff", "\ud83d\ude00", "\ufffe\uffff")
def test_every_parser_reads_the_same_text(one: str, two: str, three: str) -> None:
    parts = (Part("s1h1", one), Part("s1p1", two), Part("s2v1", three))
    content = anndoc_html_write.write(Document("k", parts), "k")
    shown = {part.id: anndoc_controls.shown(part.text) for part in parts}
    assert by_xml(content) == shown
    assert by_standard_library(content.decode()) == shown
    assert by_lxml(content) == shown
    assert by_html5lib(content) == shown
    assert by_lexbor(content) == shown
    read = anndoc_html.read(content)
    assert read.parts == parts
    assert {id: len(text) for id, text in shown.items()} == {part.id: len(part.text) for part in read.parts}


@settings(deadline=None)
@given(st.text(min_size=1, max_size=20), st.text(max_size=20))
def test_key_and_name_come_back(key: str, name: str) -> None:
    content = anndoc_html_write.write(Document(key, (Part("s1v1", "x"),), name), "an-id")
    read = anndoc_html.read(content)
    assert (read.id, read.key) == ("an-id", key)
    assert read.name == (anndoc_controls.shown(name) or anndoc_controls.shown(key))


@pytest.mark.parametrize(
    ("inside", "text"),
    [
        ('<pre id="a">\nfirst</pre>', "\nfirst"),
        ('<pre id="a">&#10;first</pre>', "\nfirst"),
        ('<pre id="a">a&#13;\nb\r\nc\rd</pre>', "a\r\nb\nc\nd"),
        ('<p id="a">x\x00y\x1bz\x0b&#27;&#1;</p>', "x\x00y\x1bz\x0b\x1b\x01"),
        ('<p id="a">one <b>two</b> <i>three</i></p>', "one two three"),
        ('<p id="a">a&nbsp;b&lt;c&#x41;</p>', "a\xa0b<cA"),
        ('<p id="b"/>\n<p id="a">after an empty one</p>', "after an empty one"),
        ('<p id="a"><![CDATA[1 < 2]]></p>', "1 < 2"),
        ('<p id="a">  blanks stay \n </p>', "  blanks stay \n "),
    ],
)
def test_text_is_read_to_the_character(inside: str, text: str) -> None:
    read = anndoc_html.read(f"<html id='x'><body><section>{inside}</section></body></html>".encode())
    assert {part.id: part.text for part in read.parts}["a"] == text


def test_an_id_that_stands_twice_is_told_apart() -> None:
    read = anndoc_html.read(b'<body><p id="a">1</p><p id="a">2</p></body>')
    assert [(part.id, part.text) for part in read.parts] == [("a", "1"), ("a~2", "2")]
    assert "stands again" in read.notes[0]


def test_a_wrapper_with_an_id_is_no_part() -> None:
    read = anndoc_html.read(b'<body><div id="w"><p id="a">1</p></div></body>')
    assert [part.id for part in read.parts] == ["a"]


def test_html_without_parts_is_refused() -> None:
    with pytest.raises(DataError, match="no element with an id"):
        anndoc_html.read(b"<html id='x'><body><p>text</p></body></html>")


def test_latin_1_is_refused_at_its_byte() -> None:
    with pytest.raises(DataError, match="byte 16"):
        anndoc_html.read('<body><p id="a">é</p>'.encode("latin-1"))
