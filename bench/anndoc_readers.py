"""Our plain.html and ann.json read by other parsers: every `offsets.text` agrees; JSON on standard output.

    python -m bench.anndoc_readers [--documents 10000]

Texts are random Unicode (emoji, joiners, combining, right-to-left, CRLF, leading newlines, controls), with
random entities. What is compared is what the files say, by offsets in UTF-16, not what we meant to write.
"""

from __future__ import annotations

import argparse
import json
import random
import time
import xml.etree.ElementTree as ET
from html.parser import HTMLParser
from typing import Any

import lxml.html
from selectolax.lexbor import LexborHTMLParser

from tui_annotate.domain.annotations import Annotations, Entity
from tui_annotate.domain.documents import Document, Part
from tui_annotate.domain.interchange import ExchangedVersion
from tui_annotate.domain.spans import Span
from tui_annotate.formats.anndoc import html_write as anndoc_html_write
from tui_annotate.formats.anndoc.json_write import AnnWriter
from tui_annotate.formats.schemes.legend import Ids

PIECES = [
    "a",
    "word",
    " ",
    "\n",
    "\r\n",
    "\r",
    "\t",
    "<b>",
    "&amp;",
    "&",
    "]]>",
    "<!--",
    "é",
    "e\u0301",
    "\u200d",
    "😀",
]
PIECES += [
    "👩\u200d👩\u200d👧",
    "\U0010ffff",
    "שלום",
    "مرحبا",
    "\u202e",
    "\ufeff",
    "\x00",
    "\x1b",
    "\x85",
    "\ufffe",
    "\u2028",
    "中文",
]
TAGS = ("p", "pre", "h2")


def lexbor(content: bytes) -> dict[str, str]:
    """Read with lexbor."""
    nodes = LexborHTMLParser(content.decode()).css("p[id], pre[id], h2[id]")
    return {node.attributes["id"] or "": node.text(deep=True, separator="", strip=False) for node in nodes}


def lxml_html(content: bytes) -> dict[str, str]:
    """Read with lxml's HTML parser."""
    tree = lxml.html.document_fromstring(content, parser=lxml.html.HTMLParser(encoding="utf-8"))
    return {e.get("id"): e.text_content() for e in tree.iter(*TAGS) if e.get("id")}


def xml(content: bytes) -> dict[str, str]:
    """Read with an XML parser."""
    tree = ET.fromstring(content)
    return {e.attrib["id"]: "".join(e.itertext()) for e in tree.iter() if e.tag.rpartition("}")[2] in TAGS}


class _Collector(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: dict[str, str] = {}
        self._open = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        id = dict(attrs).get("id")
        if id and tag in TAGS:
            self._open = id
            self.found[id] = ""

    def handle_endtag(self, tag: str) -> None:
        self._open = "" if tag in TAGS else self._open

    def handle_data(self, data: str) -> None:
        if self._open:
            self.found[self._open] += data


def html_parser(content: bytes) -> dict[str, str]:
    """Read with the standard library's HTML parser."""
    collector = _Collector()
    collector.feed(content.decode())
    collector.close()
    return collector.found


READERS = {"lexbor": lexbor, "lxml": lxml_html, "html.parser": html_parser, "xml": xml}


def make(random_: random.Random, number: int) -> tuple[Document, ExchangedVersion]:
    """Return a random document with random entities."""
    ids = ["s1v1"] if random_.random() < 0.5 else ["s1h1", "s1p1", "s2p1"][: random_.randint(1, 3)]
    parts = tuple(Part(id, "".join(random_.choices(PIECES, k=random_.randint(1, 40)))) for id in ids)
    held = Annotations()
    for n in range(1, random_.randint(1, 8)):
        part = random_.choice(parts)
        start = random_.randrange(len(part.text))
        end = random_.randint(start + 1, len(part.text))
        held.entities[n] = Entity("e_1", (Span(part.id, start, end),), ("user:x",), 1.0, n)
    return Document(f"d{number}", parts), ExchangedVersion(held, False)


def sliced(text: str, offset: dict[str, Any]) -> str:
    """Return the text at an offset, counted in UTF-16."""
    units = text.encode("utf-16-le", "surrogatepass")
    length = len(offset["text"].encode("utf-16-le", "surrogatepass"))
    return units[2 * offset["start"] : 2 * offset["start"] + length].decode("utf-16-le", "surrogatepass")


def main() -> None:
    """Write and read all, and count what does not agree."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--documents", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    random_ = random.Random(given.seed)
    offsets = 0
    wrong = dict.fromkeys(READERS, 0)
    began = time.perf_counter()
    for number in range(given.documents):
        document, version = make(random_, number)
        content = anndoc_html_write.write(document, document.key)
        rows = json.loads(AnnWriter(document, Ids({}, {}, {}, {}, {})).write(version))["entities"]
        offsets += len(rows)
        for name, read in READERS.items():
            texts = read(content)
            wrong[name] += sum(
                sliced(texts.get(row["part"], ""), o) != o["text"] for row in rows for o in row["offsets"]
            )
    seconds = round(time.perf_counter() - began, 1)
    print(
        json.dumps(
            {"documents": given.documents, "offsets": offsets, "disagreeing": wrong, "seconds": seconds}, indent=1
        )
    )


if __name__ == "__main__":
    main()
