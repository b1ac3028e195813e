"""plain.html read: a document's parts, to the character.

The file is prepared before an HTML parser sees it, so that the parser cannot
swallow anything: a newline after `<pre>`, controls, NUL, and `<p/>`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import msgspec

from tui_annotate.domain.documents import Part
from tui_annotate.errors import DataError
from tui_annotate.formats.anndoc import controls as anndoc_controls
from tui_annotate.formats.anndoc.html_write import TAGS_ATTRIBUTE
from tui_annotate.formats.base import tags_of
from tui_annotate.formats.html_depth import check_depth
from tui_annotate.formats.source import JSON_ERRORS, decode

_LINE_END = re.compile(r"\r\n?")
_PRE_NEWLINE = re.compile(r"(<(?:pre|textarea|listing)\b[^<>]*>)(?=\n|&#0*10;|&#[xX]0*[aA];)", re.IGNORECASE)
_EMPTY_ELEMENT = re.compile(
    r"<(?!(?:meta|link|br|hr|img|input|col|area|base|embed|source|track|wbr)\b)([A-Za-z][\w:-]*)(\s[^<>]*?)?/>",
    re.IGNORECASE,
)
_RAW_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_CONTROL_REFERENCE = re.compile(r"&#(?:0*(\d{1,2})|[xX]0*([0-9a-fA-F]{1,2}));")
_NO_PART = frozenset(("html", "head", "body", "meta", "title", "link", "script", "style"))
_PART_ID = re.compile(r"(?:s\d+)+(?:f\d+)?[hpv]\d+")
"""anndoc's part ids; others are taken too."""
_VOID = frozenset(("img", "br", "hr", "input", "col", "area", "base", "embed", "source", "track", "wbr"))
_BLOCKS = range(0x10F800, 0x0F0000, -0x100)
"""Where to look for a block of unused private characters."""


@dataclass(frozen=True, slots=True)
class PlainHtml:
    """What a plain.html says."""

    id: str
    """The html element's id: the document's id in anndoc; empty when it has none."""
    name: str
    """`data-origid`: what the document was called where it came from."""
    key: str
    """Our own key, where it differs from the id."""
    language: str
    tags: tuple[str, ...]
    parts: tuple[Part, ...]
    shown: Mapping[str, str]
    """Text of the parts as the file shows it, where it differs: with stand-ins for controls."""
    notes: tuple[str, ...]
    """What was odd, to be reported."""


def read(content: bytes) -> PlainHtml:
    """Read a plain.html.

    Raises:
        DataError: It is not UTF-8, nested too deep, or no element has an id.
    """
    from selectolax.lexbor import LexborHTMLParser

    decoded = decode(content)
    notes = [decoded.note] if decoded.note else []
    parking = _Parking(decoded.text)
    check_depth(decoded.text)
    tree = LexborHTMLParser(parking.prepare(decoded.text))
    root = tree.root
    attributes = dict(root.attributes) if root is not None else {}
    parts: dict[str, Part] = {}
    shown: dict[str, str] = {}
    ids = _Ids(notes)
    for node in _parts([node for node in tree.css("[id]") if node.tag not in _NO_PART]):
        text = parking.back(node.text(deep=True, separator="", strip=False))
        id = ids.take(parking.back(node.attributes.get("id")))
        recorded = node.attributes.get(anndoc_controls.ATTRIBUTE)
        restored = anndoc_controls.restore(text, recorded) if recorded else text
        if restored != text:
            shown[id] = text
        parts[id] = Part(id, restored)
    if not parts:
        raise DataError("has no element with an id, so there is no part to annotate; is it a plain.html?")
    return PlainHtml(
        id=parking.back(attributes.get("id")),
        name=parking.back(attributes.get("data-origid")),
        key=anndoc_controls.unescaped(parking.back(attributes.get("data-key"))),
        language=attributes.get("lang") or attributes.get("xml:lang") or "",
        tags=_tags(parking.back(attributes.get(TAGS_ATTRIBUTE)), notes),
        parts=tuple(parts.values()),
        shown=shown,
        notes=tuple(notes),
    )


def _tags(value: str, notes: list[str]) -> tuple[str, ...]:
    if not value:
        return ()
    try:
        given = msgspec.json.decode(value, type=list[str])
    except JSON_ERRORS:
        notes.append(f"{TAGS_ATTRIBUTE} is no list of tags; left out")
        return ()
    return tags_of(given)


def _parts(nodes: Sequence[Any]) -> list[Any]:
    """Return the elements that are parts, of all with an id.

    One that holds another is none, unless its id is a part's and those inside are something else: anchors, notes.
    """
    named = {node.mem_id for node in nodes if _PART_ID.fullmatch(node.attributes.get("id") or "")}
    holding_parts = _above([node for node in nodes if node.mem_id in named])
    whole = named - holding_parts
    holding = _above(nodes)
    return [
        node
        for node in nodes
        if node.mem_id in whole
        or (node.mem_id not in holding and not _stands_in(node, whole) and node.tag not in _VOID)
    ]


def _above(nodes: Sequence[Any]) -> set[int]:
    seen: set[int] = set()
    for node in nodes:
        above = node.parent
        while above is not None and above.mem_id not in seen:
            seen.add(above.mem_id)
            above = above.parent
    return seen


def _stands_in(node: Any, whole: set[int]) -> bool:
    above = node.parent
    while above is not None:
        if above.mem_id in whole:
            return True
        above = above.parent
    return False


class _Parking:
    """A block of private characters, unused by the file, where controls wait while the parser works.

    Base + code stands for a control, base + 0x80 and + 0x81 for U+FFFE and U+FFFF,
    base + 0xFF is the guard after `<pre>`.
    """

    def __init__(self, text: str) -> None:
        base = next((base for base in _BLOCKS if not _block(base).search(text)), None)
        if base is None:
            raise DataError("uses every block of private characters, and one is needed to read it")
        self._base = base
        self._parked = _block(base)

    def prepare(self, text: str) -> str:
        """Return the file's text with everything parked that a parser would change."""
        if "\r" in text:
            text = _LINE_END.sub("\n", text)
        if "<![CDATA[" in text:
            text = _without_cdata(text)
        if _RAW_CONTROL.search(text):
            text = _RAW_CONTROL.sub(self._park_raw, text)
        if "&#" in text:
            text = _CONTROL_REFERENCE.sub(self._park_reference, text)
        if "/>" in text:
            text = _EMPTY_ELEMENT.sub(lambda m: f"<{m.group(1)}{m.group(2) or ''}></{m.group(1)}>", text)
        return _PRE_NEWLINE.sub(rf"\1{chr(self._base + 0xFF)}", text)

    def back(self, text: str | None) -> str:
        """Return what the parser gave with the parked characters in their places again."""
        if not text:
            return ""
        return self._parked.sub(self._unpark, text) if self._parked.search(text) else text

    def _park_raw(self, match: re.Match[str]) -> str:
        code = ord(match.group())
        return chr(self._base + code) if code < 0x20 else chr(self._base + 0x80 + (code & 1))

    def _park_reference(self, match: re.Match[str]) -> str:
        code = int(match.group(1)) if match.group(1) else int(match.group(2), 16)
        return chr(self._base + code) if code < 0x20 and code not in (9, 10) else match.group()

    def _unpark(self, match: re.Match[str]) -> str:
        code = ord(match.group()) - self._base
        if code == 0xFF:
            return ""
        return chr(0xFFFE + code - 0x80) if code >= 0x80 else chr(code)


def _without_cdata(text: str) -> str:
    """Return a file's text with the contents of CDATA sections escaped; HTML parsers take them for comments."""
    first, *rest = text.split("<![CDATA[")
    pieces = [first]
    for piece in rest:
        inside, end, after = piece.partition("]]>")
        pieces += [inside.replace("&", "&amp;").replace("<", "&lt;"), after] if end else ["<![CDATA[", piece]
    return "".join(pieces)


@cache
def _block(base: int) -> re.Pattern[str]:
    return re.compile(f"[{chr(base)}-{chr(base + 0xFF)}]")


class _Ids:
    """Gives every part an id of its own."""

    def __init__(self, notes: list[str]) -> None:
        self._notes = notes
        self._times: dict[str, int] = {}

    def take(self, id: str) -> str:
        """Return the id, or one made from it when it stands again."""
        given = id
        while (number := self._times.get(id, 0) + 1) > 1:
            self._times[id] = number
            id = f"{given}~{number}" if f"{given}~{number}" not in self._times else f"{id}~{number}"
        self._times[id] = 1
        if id != given:
            self._notes.append(f"part {given!r} stands again; it is called {id} here")
        return id
