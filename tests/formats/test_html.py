"""HTML pages: foreign ones give their text, ours give back what they were made of."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given

from tests.formats.helpers import corpora, docs, problems, read, source
from tests.formats.test_roundtrip import back, few
from tui_annotate.domain.annotations import Annotations, Entity
from tui_annotate.domain.documents import Document, Part
from tui_annotate.domain.interchange import ExchangedDocument, ExchangedVersion
from tui_annotate.domain.spans import Span
from tui_annotate.formats import registry
from tui_annotate.formats.html.page import page

PAGE = """<!DOCTYPE html><html lang="en"><head><title>T</title><style>p {color: red}</style></head><body>
<nav><ul><li>Home<li>About</ul></nav>
<h1>Drug
  report</h1><div>Loose text <b>bold</b>&amp;more<p>A   para
graph<br>second line<script>alert("x")</script></p>tail</div>
<pre>
  kept   as
it is</pre><table><tr><td>a<td>b</table><!-- no --><template>t</template></body></html>"""


def test_blocks_of_a_page_become_parts() -> None:
    (one,) = docs(read("html", source("x/p.html", PAGE)))
    assert [(part.id, part.text) for part in one.document.parts] == [
        ("s1p1", "Home"),
        ("s1p2", "About"),
        ("s2h1", "Drug report"),
        ("s2p1", "Loose text bold&more"),
        ("s2p2", "A para graph\nsecond line"),
        ("s2p3", "tail"),
        ("s2v1", "  kept   as\nit is"),
        ("s2p4", "a"),
        ("s2p5", "b"),
    ]
    assert (one.document.key, one.document.language, one.source) == ("x/p.html", "en", {"html": PAGE.encode()})


def test_a_page_shows_what_is_annotated() -> None:
    text = "a <b> & c"
    entities = {
        1: Entity("X", (Span("s1v1", 0, 5),), number=1),
        2: Entity('Y"', (Span("s1v1", 2, 9),), number=2),
        3: Entity("Z", (Span("s1v1", 0, 1), Span("s1v1", 8, 9)), number=3),
    }
    document = Document("d", (Part("s1v1", text),))
    made = page(ExchangedDocument(document), ExchangedVersion(Annotations(entities))).decode()
    assert 'title="X, Y&quot;" data-end="X">&lt;b&gt;</mark>' in made
    assert 'data-end="Z …">a</mark>' in made
    assert made.count("<mark") == 5


@few
@given(corpora(versions=1))
def test_pages_come_back_the_same(documents: list[ExchangedDocument]) -> None:
    before, after = back("html", "corpus", documents)
    assert before.matches(after)


@few
@given(corpora(versions=1))
def test_a_page_shows_its_text_to_any_reader(documents: list[ExchangedDocument]) -> None:
    from selectolax.lexbor import LexborHTMLParser

    for document in documents:
        made = page(document, document.versions[0] if document.versions else None)
        article = LexborHTMLParser(made.decode()).css_first("article")
        assert article is not None
        shown = article.text(deep=True).replace("\x00", "").replace("\ufffd", "").split()
        said = document.document.text.replace("\x00", "").replace("\ufffd", "").split()
        assert "".join(shown) == "".join(said)


@pytest.mark.parametrize(
    ("content", "format"),
    [
        (PAGE, "html"),
        ('<html class="anndoc"><body><p id="s1p1">x</p></body></html>', "anndoc"),
        ('<html><body><pre id="s1v1">x</pre></body></html>', "anndoc"),
        (page(ExchangedDocument(Document("d", (Part("s1v1", "t"),))), None), "html"),
    ],
)
def test_pages_are_told_from_anndoc(tmp_path: Path, content: str | bytes, format: str) -> None:
    path = tmp_path / "a.html"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    (group,) = registry.groups([path])
    assert isinstance(group, registry.Group)
    assert group.format.name == format


@pytest.mark.parametrize(
    "content",
    [
        "",
        "<script>x</script>",
        "<div>" * 200_000 + "x",
        "<script id=tui-annotate-row>{</script>",
        b"\xff\xff",
    ],
)
def test_pages_without_text_are_refused(content: str | bytes) -> None:
    items = read("html", source("a.html", content))
    assert docs(items) == []
    assert problems(items, "refused")


def test_scripts_of_a_text_stay_text() -> None:
    text = '</script><script>alert("x")</script> <!-- ]]>'
    document = ExchangedDocument(Document("d", (Part("s1v1", text),)))
    (again,) = docs(read("html", source("a.html", page(document, None))))
    assert again.document.text == text
    assert b"<script>alert" not in page(document, None)


META = '<meta charset="{}">'
EQUIV = "<META http-equiv=Content-Type content='text/html; charset={}'>"
XML = '<?xml version="1.0" encoding="{}"?>'


@pytest.mark.parametrize(
    ("declared", "name", "codec", "text"),
    [
        (META, "windows-1252", "cp1252", "Müller “quoted” €5"),
        (EQUIV, "ISO-8859-1", "cp1252", "Müller “quoted” €5"),
        (XML, "iso-8859-15", "iso8859-15", "Müller €5"),
        (META, "koi8-r", "koi8-r", "врач"),
        (META, "windows-1251", "cp1251", "врач"),
        (META, "Shift_JIS", "cp932", "医者①"),
        (META, "euc-kr", "cp949", "의사"),
        (META, "GB2312", "gb18030", "医生镕"),
        (META, "iso-2022-jp", "iso2022-jp", "医者"),
        (META, "big5", "big5", "醫生"),
        (META, "macintosh", "mac_roman", "Müller"),
        (META, "windows-1252", "utf-8", "Müller is really UTF-8"),
        ("<!-- <meta charset=koi8-r> -->" + META, "utf-8", "utf-8", "Müller"),
    ],
)
def test_a_page_is_decoded_as_it_declares(declared: str, name: str, codec: str, text: str) -> None:
    content = f"{declared.format(name)}<p>{text}</p>".encode(codec)
    items = read("html", source("p.html", content))
    (one,) = docs(items)
    assert (one.document.text, one.source) == (text, {"html": content})
    assert bool(problems(items, "noted")) == (name != "utf-8" and not content.isascii())


def test_bytes_that_an_encoding_leaves_open_are_controls_as_in_browsers() -> None:
    (one,) = docs(read("html", source("p.html", b"<meta charset=latin1><p>a\x81b</p>")))
    assert one.document.text == "a\x81b"


@pytest.mark.parametrize("name", ["utf-7", "rot13", "unicode_escape", "nonsense", "idna"])
def test_an_encoding_that_pages_do_not_have_counts_for_nothing(name: str) -> None:
    (one,) = docs(read("html", source("p.html", f"<meta charset={name}><p>a+AGE-\\u0041</p>")))
    assert one.document.text == "a+AGE-\\u0041"
    (problem,) = problems(read("html", source("p.html", f"<meta charset={name}><p>ü</p>".encode("cp1252"))), "refused")
    assert name in problem.reason


def test_a_page_that_is_not_what_it_declares_is_refused_with_the_byte() -> None:
    items = read("html", source("p.html", b"<meta charset=euc-jp><p>\xff</p>"))
    assert "byte 24 (0xff)" in problems(items, "refused")[0].reason
