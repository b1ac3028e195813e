"""anndoc written: a project's files, one pair per document and version."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Iterable, Iterator, Mapping
from hashlib import blake2b

import msgspec

from tui_annotate.domain.documents import Document
from tui_annotate.domain.interchange import MASTER, ExchangedDocument, Problem
from tui_annotate.formats.anndoc import controls as anndoc_controls
from tui_annotate.formats.anndoc import html_write as anndoc_html_write
from tui_annotate.formats.anndoc.json_write import AnnWriter
from tui_annotate.formats.base import Put, WriteOptions
from tui_annotate.formats.safety import Names, kept_name, kept_path
from tui_annotate.formats.schemes import legend as anndoc_legend
from tui_annotate.formats.schemes import toml as scheme_toml
from tui_annotate.formats.source import decode

README = "README.md"
GUIDELINES = "guidelines.md"
SCHEME = "scheme.toml"
MEMBERS = "members.json"
"""Whose the folders of members are, where a name is none of a folder."""
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
    came = options.came.files
    leftovers = _leftovers(came.get(anndoc_legend.FILE_NAME))
    ids = anndoc_legend.ids_of(scheme, leftovers)
    names, members = Names(), Members()
    for exchanged in documents:
        document = exchanged.document
        more: Mapping[str, str] = exchanged.extra.get("legend", {})
        if not more.items() <= leftovers.items():
            leftovers = {**more, **leftovers}
            ids = anndoc_legend.ids_of(scheme, leftovers)
        id = document_id(exchanged)
        folder = kept_path(document.folder)
        place = f"pool/{folder}/" if folder else "pool/"
        base = names.take(f"{place}{kept_name(exchanged.extra.get('base', id))}", document.key)
        kept = exchanged.source.get("plain.html")
        if kept is not None and (document.tags or _TAGS_KEPT in kept):
            kept = anndoc_html_write.retagged(kept, document.tags)
        if kept is None:
            kept = anndoc_html_write.write(document, id)
            yield from _controls(document)
        put(f"plain.html/{base}.plain.html", kept)
        writer = AnnWriter(document, ids)
        for version in exchanged.versions:
            owner, problem = members.folder(version.annotator)
            if problem is not None:
                yield problem
            put(f"ann.json/{owner}/{base}.ann.json", writer.write(version, exchanged.source))
    put(README, came.get(README) or _README_TEXT.format(project=options.project).encode())
    put(GUIDELINES, _guidelines(scheme.guidelines, came.get(GUIDELINES)))
    put(anndoc_legend.FILE_NAME, anndoc_legend.write(scheme, leftovers, came.get(anndoc_legend.FILE_NAME)))
    put(SCHEME, scheme_toml.write(scheme).encode("utf-8", "replace"))
    if members.others:
        put(MEMBERS, msgspec.json.format(msgspec.json.encode(members.others), indent=2))


class Members:
    """The folders of members, each with a name that is one path component, and whose they are."""

    def __init__(self) -> None:
        self._folders: dict[str, str] = {}
        self.others: dict[str, str] = {}
        """Members by folder, where they differ."""

    def folder(self, annotator: str) -> tuple[str, Problem | None]:
        """Return the folder of an annotator's files, and what is to be said of it the first time."""
        if annotator == MASTER:
            return MASTER, None
        if annotator in self._folders:
            return f"members/{self._folders[annotator]}", None
        name = kept_name(annotator)
        taken = {folder.casefold() for folder in self._folders.values()}
        while name.casefold() in taken:
            name = f"{name}_"
        self._folders[annotator] = name
        if name == annotator:
            return f"members/{name}", None
        self.others[name] = annotator
        reason = f"is no name of a folder; it is members/{name}, and {MEMBERS} says whose it is"
        return f"members/{name}", Problem("noted", annotator, "", reason)


def _leftovers(came: bytes | None) -> dict[str, str]:
    """Return what an imported legend names besides what a scheme holds."""
    if came is None:
        return {}
    legend, _ = anndoc_legend.read(came)
    return {id: name for id, name in legend.names.items() if id[:2] not in ("e_", "f_", "r_")}


def _guidelines(text: str, came: bytes | None) -> bytes:
    """Return the guidelines, as they came while they say the same."""
    if came is not None and (decode(came).text == text or not text):
        return came
    return text.encode("utf-8", "replace")


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
