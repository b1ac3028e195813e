"""XML from outside: read in pieces, with no entities, no network, and no way to take forever; and text made fit for it.

A document type that only names its DTD is passed over, as BioC files have it; one that defines entities is refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import BinaryIO, Protocol
from xml.etree.ElementTree import ParseError

from tui_annotate.errors import DataError

DEEPEST = 500
"""Elements inside each other."""
_FIRST = 1 << 16
_LARGEST = 1 << 24
"""Bytes that are fed at once. expat reads an unfinished tag again with each piece, so the pieces grow."""
_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_TEXT = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#13;"})
_ATTRIBUTE = str.maketrans(
    {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "\t": "&#9;", "\n": "&#10;", "\r": "&#13;"}
)
_CONTROL_REFERENCES = re.compile(rb"&#(?:0*(?:[1-8]|1[124-9]|2\d|3[01])|[xX]0*(?:[1-8bcefBCEF]|1[0-9a-fA-F]));")
_VERSION = re.compile(rb"\A(\s*<\?xml\s+version\s*=\s*['\"])1\.1(?=['\"])")


class Target(Protocol):
    """Takes what the parser meets. Names with a namespace are `{uri}local`."""

    def start(self, tag: str, attributes: dict[str, str]) -> None: ...

    def end(self, tag: str) -> None: ...

    def data(self, text: str) -> None: ...


class _Guarded:
    """Passes on what is met, as long as it is not nested too deep."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self._depth = 0
        self.data = target.data

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        if self._depth > DEEPEST:
            raise DataError(f"has more than {DEEPEST} elements inside each other; nothing has that many.")
        self._target.start(tag, attributes)

    def end(self, tag: str) -> None:
        self._depth -= 1
        self._target.end(tag)

    def close(self) -> None:
        """Return nothing: the target keeps what it has met."""


def feed(stream: BinaryIO, target: Target) -> Iterator[None]:
    """Read XML into a target, pausing between pieces so that the caller can take what is ready.

    Raises:
        DataError: It is no XML, or defines entities, or is nested too deep.
    """
    from defusedxml.common import DefusedXmlException
    from defusedxml.ElementTree import XMLParser

    parser = XMLParser(target=_Guarded(target), forbid_dtd=False, forbid_entities=True, forbid_external=True)
    size = _FIRST
    try:
        piece = _VERSION.sub(rb"\g<1>1.0", stream.read(size))
        while piece:
            parser.feed(_CONTROL_REFERENCES.sub(b"&#xFFFD;", piece))
            yield
            size = min(size * 2, _LARGEST)
            piece = stream.read(size)
        parser.close()
        yield
    except DefusedXmlException as error:
        raise DataError("defines entities, which are not followed: they can be bombs or name files.") from error
    except ParseError as error:
        raise DataError(f"is no XML: {error}.") from error
    except (ValueError, LookupError) as error:
        raise DataError(f"is in an encoding that is not read: {error}.", hint="Convert it to UTF-8.") from error


def fit(text: str) -> str:
    """Return a text of the same length with what XML cannot hold replaced by U+FFFD."""
    return _FORBIDDEN.sub("\ufffd", text)


def unfit(text: str) -> int:
    """Return how many characters of a text XML cannot hold."""
    return len(_FORBIDDEN.findall(text))


def text(given: str) -> str:
    """Return text as it stands between tags."""
    return fit(given).translate(_TEXT)


def attribute(given: str) -> str:
    """Return text as it stands in an attribute, line breaks and tabs kept."""
    return fit(given).translate(_ATTRIBUTE)
