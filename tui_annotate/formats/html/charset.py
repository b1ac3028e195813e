"""The encoding of a page, as browsers find it: its byte order mark, what it declares about itself, UTF-8."""

from __future__ import annotations

import codecs
import re
from contextlib import suppress

from tui_annotate.errors import DataError
from tui_annotate.formats.source import Decoded, decode

_HEAD = 4096
"""How far a declaration is looked for."""
_MARKS = (codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_COMMENT = re.compile(rb"<!--.*?(?:-->|\Z)", re.DOTALL)
_META = re.compile(rb"""<meta\s[^>]*?charset\s*=\s*["']?\s*([A-Za-z0-9_:.+-]+)""", re.IGNORECASE)
_XML = re.compile(rb"""\s*<\?xml\s[^>]*?encoding\s*=\s*["']([A-Za-z0-9_:.+-]+)["']""")
_KNOWN = re.compile(
    r"(?:x-)?(?:windows|cp|ibm|iso|koi8|latin|l\d|mac|gb|hz|big5|euc|shift|sjis|ms_kanji|ms93|ks_c|ksc|tis|us-ascii|ascii)"
)
"""Encodings of pages; Python knows others, which are none."""
_MEANT = (
    (r"(?:us-)?ascii|latin1|l1|iso[-_]?8859-?1(?:[-:_]1987)?|ibm819|cp819|(?:x-)?cp1252|windows-1252", "cp1252"),
    (r"latin5|l5|iso[-_]?8859-?9|(?:x-)?cp1254|windows-1254", "cp1254"),
    (r"tis-?620|iso[-_]?8859-?11|windows-874", "cp874"),
    (r"gb[-_]?2312(?:-80)?|gb_2312-80|x-gbk|gbk", "gb18030"),
    (r"shift[-_]?jis|sjis|x-sjis|ms_kanji|windows-31j", "cp932"),
    (r"euc-?kr|ks_c_5601-1987|ksc5601|korean|windows-949", "cp949"),
    (r"(?:x-)?mac(?:intosh|-roman)?", "mac_roman"),
    (r"x-mac-cyrillic", "mac_cyrillic"),
    (r"(?:x-)?(?:windows-|cp)(125\d)", r"cp\1"),
    (r"iso[-_]?8859-8-[ie]", "iso8859-8"),
)
"""What browsers mean by a name, where that is another than Python means."""


def read(content: bytes) -> Decoded:
    """Decode a page.

    Raises:
        DataError: It is not in the encoding that it declares, or that is not known; the message names the byte.
    """
    name = _declared(content)
    if content.startswith(_MARKS) or name.startswith(("utf-8", "utf8", "utf-16")) or not name:
        # A page whose declaration could be read is not in UTF-16, whatever it says.
        return decode(content)
    encoding = _codec(name)
    table = _table(encoding)
    if table is not None or not encoding:
        try:
            return Decoded(
                content.decode(), "" if content.isascii() else f"declares {name}, and is UTF-8: read as that"
            )
        except UnicodeDecodeError as error:
            if table is None:
                reason = f"is not UTF-8, and declares the encoding {name!r}, which is not known."
                raise DataError(reason, hint="Convert it to UTF-8.") from error
            return Decoded(codecs.charmap_decode(content, "strict", table)[0], f"read as {name}, which it declares")
    try:
        return Decoded(content.decode(encoding), "" if content.isascii() else f"read as {name}, which it declares")
    except UnicodeDecodeError as error:
        at = error.start
        reason = f"is not {name}, which it declares: byte {at} (0x{content[at]:02x}) begins no character."
        raise DataError(reason, hint="Convert it to UTF-8.") from error


def _declared(content: bytes) -> str:
    head = content[:_HEAD]
    found = _XML.match(head) or _META.search(_COMMENT.sub(b"", head))
    return found.group(1).decode("ascii").lower() if found else ""


def _codec(name: str) -> str:
    """Return Python's name of an encoding; empty for one that pages do not have."""
    for pattern, meant in _MEANT:
        match = re.fullmatch(pattern, name)
        if match:
            return match.expand(meant)
    if _KNOWN.match(name):
        with suppress(LookupError):
            return codecs.lookup(name).name
    return ""


def _table(encoding: str) -> str | None:
    """Return the characters of an encoding of single bytes, None of another; what it leaves open is a control."""
    if not encoding.startswith(("cp125", "cp874", "iso8859", "koi8", "mac", "cp437", "cp85", "cp86")):
        return None
    characters = bytes(range(256)).decode(encoding, "replace")
    return "".join(chr(at) if found == "\ufffd" else found for at, found in enumerate(characters))
