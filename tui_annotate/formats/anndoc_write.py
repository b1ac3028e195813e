"""anndoc written: a project's files, one pair per document and version."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Iterable, Iterator
from hashlib import blake2b

from tui_annotate.domain.documents import Document
from tui_annotate.domain.interchange import MASTER, ExchangedDocument, Problem
from tui_annotate.formats import anndoc_controls, anndoc_html_write, anndoc_legend, scheme_toml
from tui_annotate.formats.anndoc_json_write import AnnWriter
from tui_annotate.formats.base import Put, WriteOptions
from tui_annotate.formats.safety import Names, safe_name, safe_path

README = "README.md"
GUIDELINES = "guidelines.md"
SCHEME = "scheme.toml"
_ID = re.compile(r"[A-Za-z0-9._-]{1,150}")
_TAGS_KEPT = f" {anndoc_html_write.TAGS_ATTRIBUTE}=".encode()

_README_TEXT = """# {project}

Documents in anndoc, format 3.6, written by tui-annotate.

- `plain.html/pool/`: the text of each document.
- `ann.json/master/pool/`: the agreed annotations, as far as there are any.
- `ann.json/members/NAME/pool/`: the annotations of each annotator.
- `annotations-legend.json`: what the ids in the annotations stand for.
- `scheme.toml`: the same labels with their kinds and options.

`start` counts UTF-16 code units from the beginning of a part; an annotation ends at `start` plus the length
of its `text`.
"""


def write(documents: Iterable[ExchangedDocument], put: Put, options: WriteOptions) -> Iterator[Problem]:
    """Write a project below `put`'s folder; the legend comes last, as documents may bring ids of their own."""
    scheme = options.scheme.numbered()
    ids = anndoc_legend.ids_of(scheme)
    names = Names()
    leftovers: dict[str, str] = {}
    for exchanged in documents:
        document = exchanged.document
        leftovers.update(exchanged.extra.get("legend", {}))
        id = document_id(exchanged)
        folder = safe_path(document.folder)
        place = f"pool/{folder}/" if folder else "pool/"
        base = names.take(safe_name(exchanged.extra.get("base", id)), document.key)
        kept = exchanged.source.get("plain.html")
        if kept is not None and (document.tags or _TAGS_KEPT in kept):
            kept = anndoc_html_write.retagged(kept, document.tags)
        if kept is None:
            kept = anndoc_html_write.write(document, id)
            yield from _controls(document)
        put(f"plain.html/{place}{base}.plain.html", kept)
        writer = AnnWriter(document, ids)
        for version in exchanged.versions:
            owner = MASTER if version.annotator == MASTER else f"members/{safe_name(version.annotator)}"
            put(f"ann.json/{owner}/{place}{base}.ann.json", writer.write(version, exchanged.source))
    put(README, _README_TEXT.format(project=options.project).encode())
    put(GUIDELINES, scheme.guidelines.encode("utf-8", "replace"))
    put(anndoc_legend.FILE_NAME, anndoc_legend.write(scheme, leftovers))
    put(SCHEME, scheme_toml.write(scheme).encode("utf-8", "replace"))


def document_id(exchanged: ExchangedDocument) -> str:
    """Return a document's id in anndoc: its key where that is fit to be one, else made from it.

    A made id is `a`, 27 characters from a hash of the key, `-`, and the name cleaned, as tagtog's are.
    """
    key = exchanged.document.key
    if _ID.fullmatch(key) or "plain.html" in exchanged.source:
        return key
    digest = blake2b(key.encode("utf-8", "surrogatepass"), digest_size=21).digest()
    mark = b64encode(digest, b"._").decode()[:27]
    name = re.sub(r"[^A-Za-z0-9._]+", "_", exchanged.document.name or key)[:100].strip("_") or "document"
    return f"a{mark}-{name}"


def _controls(document: Document) -> Iterator[Problem]:
    for part in document.parts:
        named = anndoc_controls.names(part.text)
        if named:
            reason = f"XML cannot carry {named}: visible stand-ins are written, our importer puts them back"
            yield Problem("noted", document.key, part.id, reason)
