"""XML from outside as a tree that knows its lines and keeps blanks and comments; no DOCTYPE, no entities."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from xml.sax import SAXException, SAXParseException
from xml.sax.handler import ContentHandler, property_lexical_handler
from xml.sax.xmlreader import AttributesImpl, Locator

from defusedxml.common import DefusedXmlException
from defusedxml.sax import make_parser

from tui_annotate.errors import SchemeError

MOST_BYTES = 10_000_000
_DEEPEST = 100
_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_ESCAPES = str.maketrans(
    {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "\n": "&#10;", "\t": "&#9;", "\r": "&#13;"}
)
_TEXT_ESCAPES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#13;"})


@dataclass(slots=True, eq=False)
class Comment:
    """A comment, kept for writing."""

    text: str


@dataclass(slots=True, eq=False)
class Node:
    """An element."""

    tag: str
    attributes: dict[str, str] = field(default_factory=dict)
    children: list[Node | Comment | str] = field(default_factory=list)
    line: int = 0

    @property
    def nodes(self) -> list[Node]:
        """The elements directly inside."""
        return [child for child in self.children if isinstance(child, Node)]

    def walk(self) -> Iterator[Node]:
        """Yield this element and all inside it, in document order."""
        waiting = [self]
        while waiting:
            node = waiting.pop()
            yield node
            waiting.extend(reversed(node.nodes))

    def get(self, name: str) -> str:
        """Return an attribute; empty when it is not there."""
        return self.attributes.get(name, "")


def parse(content: bytes, where: str) -> Node:
    """Read a document.

    Raises:
        SchemeError: With the line: it is no XML, or it has a DOCTYPE or entities, is nested too deep or too large.
    """
    if len(content) > MOST_BYTES:
        raise SchemeError(f"{where}: has {len(content):,} bytes; {MOST_BYTES:,} are the most.")
    builder = _Builder(where)
    # SAX finds a file's own encoding in its first line; the parser's standard forbids what the net could be asked for.
    parser = make_parser()
    parser.forbid_dtd = True
    parser.setContentHandler(builder)
    parser.setProperty(property_lexical_handler, builder)
    try:
        parser.parse(io.BytesIO(content))
    except DefusedXmlException as error:
        reason = "a DOCTYPE or entities are refused: they can make a small file huge or read others. Take them out."
        raise SchemeError(f"{where}:{builder.line}: {reason}") from error
    except SAXParseException as error:
        reason = f"is no XML: {error.getMessage()} (column {(error.getColumnNumber() or 0) + 1})."
        raise SchemeError(f"{where}:{error.getLineNumber()}: {reason}") from error
    except (SAXException, ValueError, LookupError) as error:
        raise SchemeError(f"{where}: is no XML: {error}.") from error
    if builder.root is None:
        raise SchemeError(f"{where}: is empty.")
    return builder.root


class _Builder(ContentHandler):
    """Makes the tree, iteratively, so that depth costs nothing."""

    def __init__(self, where: str) -> None:
        super().__init__()
        self.root: Node | None = None
        self._where = where
        self._open: list[Node] = []
        self._locator: Locator | None = None

    @property
    def line(self) -> int:
        return int(self._locator.getLineNumber() or 1) if self._locator is not None else 1

    def setDocumentLocator(self, locator: Locator) -> None:
        self._locator = locator

    def startElement(self, name: str, attrs: AttributesImpl) -> None:
        if len(self._open) >= _DEEPEST:
            raise SAXException(f"elements are nested deeper than {_DEEPEST} at line {self.line}")
        node = Node(name, dict(attrs.items()), [], self.line)
        if self._open:
            self._open[-1].children.append(node)
        else:
            self.root = node
        self._open.append(node)

    def endElement(self, name: str) -> None:
        self._open.pop()

    def characters(self, content: str) -> None:
        inside = self._open[-1].children if self._open else []
        # What the parser hands over in pieces is one stretch of text.
        if inside and isinstance(inside[-1], str):
            inside[-1] += content
        else:
            inside.append(content)

    def comment(self, content: str) -> None:
        if self._open:
            self._open[-1].children.append(Comment(content))

    def startCDATA(self) -> None:
        """Take the text of it like any other."""

    def endCDATA(self) -> None:
        """Take the text of it like any other."""

    def startDTD(self, name: str, public: str | None, system: str | None) -> None:
        """Never reached: refused before."""

    def endDTD(self) -> None:
        """Never reached: refused before."""


def write(node: Node) -> str:
    """Return an element as XML, its blanks and comments as they were.

    Raises:
        SchemeError: A name holds a character that XML has no way to write.
    """
    return "".join(_pieces(node)) + "\n"


def _pieces(node: Node) -> Iterator[str]:
    yield f"<{node.tag}"
    for name, value in node.attributes.items():
        if bad := _FORBIDDEN.search(value):
            raise SchemeError(
                f"{value!r} holds {bad.group()!r}, which XML cannot hold. Rename it, or choose another format."
            )
        yield f' {name}="{value.translate(_ESCAPES)}"'
    if not node.children:
        yield "/>"
        return
    yield ">"
    for child in node.children:
        if isinstance(child, Node):
            yield from _pieces(child)
        elif isinstance(child, Comment):
            yield f"<!--{child.text}-->"
        else:
            yield child.translate(_TEXT_ESCAPES)
    yield f"</{node.tag}>"
