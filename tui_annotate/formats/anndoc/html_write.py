"""plain.html written, format 3.6: well-formed XML that HTML parsers read to the same text."""

from __future__ import annotations

import json
import re
from html import escape

from tui_annotate.domain.documents import Document, Part
from tui_annotate.formats.anndoc import controls as anndoc_controls

_PART_ID = re.compile(r"(s\d+)(?:s\d+)*(?:f\d+)?([hpv])\d+")
TAGS_ATTRIBUTE = "data-tags"
"""Of the html element: the document's tags, a JSON list. tagtog has no place for them."""
_HTML_START = re.compile(rb"<html\b((?:[^<>\"']|\"[^\"]*\"|'[^']*')*)>", re.IGNORECASE)
_TAGS = re.compile(rb'\s+data-tags="[^"]*"')
_GENERATOR = "tui-annotate"


def write(document: Document, id: str) -> bytes:
    """Return the plain.html of a document; `id` is its id in anndoc, also the base of its file name."""
    name = _attribute(document.name or document.key)
    key = f' data-key="{_attribute(anndoc_controls.escaped(document.key))}"' if document.key != id else ""
    language = _attribute(document.language)
    shown_id = _attribute(id)
    lines = [
        "<!DOCTYPE html >",
        f'<html id="{shown_id}" data-origid="{name}"{key} class="anndoc" data-anndoc-version="3.6" '
        f'lang="{language}" xml:lang="{language}" xmlns="http://www.w3.org/1999/xhtml"{_tags(document.tags)}>',
        "  <head>",
        '    <meta charset="UTF-8"/>',
        f'    <meta name="generator" content="{_GENERATOR}"/>',
        f"    <title>{shown_id}</title>",
        "  </head>",
        "  <body>",
        "    <article>",
        *_sections(document.parts),
        "    </article>",
        "  </body>",
        "</html>",
        "",
    ]
    return "\n".join(lines).encode("utf-8")


def retagged(kept: bytes, tags: tuple[str, ...]) -> bytes | None:
    """Return a kept plain.html with a document's tags in place of those it has; None when they have no place in it."""
    start = _HTML_START.search(kept)
    if start is None:
        return None if tags else kept
    inside = _TAGS.sub(b"", start.group(1)) + _tags(tags).encode()
    return kept[: start.start(1)] + inside + kept[start.end(1) :]


def _tags(tags: tuple[str, ...]) -> str:
    return f' {TAGS_ATTRIBUTE}="{escape(json.dumps(tags), quote=True)}"' if tags else ""


def _sections(parts: tuple[Part, ...]) -> list[str]:
    """Return the parts under a section per leading `sN` of their ids, headings before the content."""
    lines: list[str] = []
    open_section: str | None = None
    in_content = False
    for part in parts:
        match = _PART_ID.fullmatch(part.id)
        section, kind = (match.group(1), match.group(2)) if match else ("", "p")
        if section != open_section:
            lines += _closing(open_section is not None, in_content)
            lines.append('      <section data-type="">')
            open_section, in_content = section, False
        if kind != "h" and not in_content:
            lines.append('        <div class="content">')
            in_content = True
        lines.append(("          " if in_content else "        ") + _element(part, kind))
    return lines + _closing(open_section is not None, in_content)


def _closing(section: bool, content: bool) -> list[str]:
    return ["        </div>"] * content + ["      </section>"] * section


def _element(part: Part, kind: str) -> str:
    tag = {"h": "h2", "v": "pre"}.get(kind, "p")
    recorded = anndoc_controls.record(part.text)
    controls = f' {anndoc_controls.ATTRIBUTE}="{recorded}"' if recorded else ""
    text = _text(anndoc_controls.shown(part.text))
    # HTML parsers drop a newline that follows <pre> at once, XML ones do not; a comment between keeps it for both.
    guard = "<!---->" if tag == "pre" and text.startswith("\n") else ""
    return f'<{tag} id="{_attribute(part.id)}"{controls}>{guard}{text}</{tag}>'


def _text(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("\r", "&#13;")


def _attribute(value: str) -> str:
    escaped = escape(anndoc_controls.shown(value), quote=True)
    return escaped.replace("\t", "&#9;").replace("\n", "&#10;").replace("\r", "&#13;")
