"""Answers: one document as a client asks for it, as annotations, as text, as it came, or in any of our formats."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import PurePosixPath

import msgspec

from tui_annotate.domain.annotations import Annotations
from tui_annotate.domain.documents import Document
from tui_annotate.domain.interchange import MASTER, ExchangedDocument, ExchangedVersion
from tui_annotate.domain.scheme import LABELS, Scheme
from tui_annotate.errors import UsageError
from tui_annotate.formats import registry
from tui_annotate.formats.anndoc.write import document_id
from tui_annotate.formats.base import Format, WriteOptions
from tui_annotate.formats.safety import safe_name
from tui_annotate.formats.zips import ZipWriter
from tui_annotate.services.outgoing_versions import exchanged
from tui_annotate.session import beside
from tui_annotate.store import documents, runs, settings, shared
from tui_annotate.store.connection import Corpus
from tui_annotate.store.outgoing import Outgoing, outgoing

HTML = ("plain.html", "html", "xml")
TEXT = ("text", "txt")
ORIGINAL = ("orig", "original")
ANNOTATIONS = "ann.json"
_PLAIN = "text/plain; charset=utf-8"
_TYPES = {
    ".json": "application/json; charset=utf-8",
    ".jsonl": "application/x-ndjson; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".xml": "application/xml; charset=utf-8",
    ".csv": "text/csv; charset=utf-8",
    ".tsv": "text/tab-separated-values; charset=utf-8",
    **dict.fromkeys((".txt", ".conll", ".conllu", ".iob"), _PLAIN),
    ".md": "text/markdown; charset=utf-8",
    ".pdf": "application/pdf",
    ".zip": "application/zip",
}
_BINARY = "application/octet-stream"


@dataclass(frozen=True, slots=True)
class Answer:
    """A file that goes to a client."""

    body: bytes
    filename: str
    media_type: str
    default: str = ""
    """Whose version it is in place of the one that was asked for; empty where that exists."""


@cache
def outputs() -> tuple[str, ...]:
    """Return the names of all outputs that one document has; what is installed does not change while this runs."""
    ours = [name for name, fmt in registry.FORMATS.items() if fmt.writes and not fmt.lacking]
    return (ANNOTATIONS, *HTML, *TEXT, *ORIGINAL, *(name for name in ours if name not in TEXT))


def find(corpus: Corpus, id: str) -> int | None:
    """Return the document of a public id: its key, or the id that anndoc made of a key that cannot be one."""
    found = documents.find(corpus, id)
    if found is not None or not (id.startswith("a") and id[28:29] == "-"):
        return found
    for row, key, name in shared.odd_keys(corpus):
        if document_id(ExchangedDocument(Document(key, (), name))) == id:
            return row
    return None


def document(corpus: Corpus, id: int) -> Outgoing:
    """Return all that is held of a document, with what patterns and runs suggest put side by side as the app does.

    Raises:
        UsageError: It was deleted meanwhile.
    """
    one = next(outgoing(corpus, ids=[id]), None)
    if one is None:
        raise UsageError(f"There is no document {id}.")
    if not any(s.source == "pattern" for s in one.suggestions):
        return one
    how, scheme = settings.load(corpus).patterns, settings.scheme(corpus)
    learned = set(runs.deployed(corpus)) if how == "until-run" else set()
    without = {"entities", *(LABELS + label.name for label in scheme.labels)} if how == "off" else learned
    return replace(one, suggestions=tuple(beside.settle(one.suggestions, {}, scheme, without=without)))


def versions(corpus: Corpus, one: Outgoing, member: str) -> tuple[ExchangedDocument, str]:
    """Return a document with one version: the member's, else master's, else an empty one; and whose it is then."""
    whole = exchanged(one, tie=settings.load(corpus).tie)
    by_name = {version.annotator: version for version in whole.versions}
    if member in by_name:
        return replace(whole, versions=(by_name[member],)), ""
    version = by_name.get(MASTER, ExchangedVersion(Annotations(), False, MASTER))
    default = "" if member == MASTER else MASTER if MASTER in by_name else "nobody"
    return replace(whole, versions=(version,)), default


def answer(corpus: Corpus, id: int, output: str, *, member: str = MASTER) -> Answer:
    """Return a document in one of `outputs`.

    Raises:
        UsageError: There is no such output.
    """
    one = document(corpus, id)
    held, default = versions(corpus, one, member)
    base = safe_name(document_id(held))
    if output in TEXT:
        return Answer(one.document.text.encode("utf-8", "replace"), f"{base}.txt", _PLAIN)
    if output in ORIGINAL:
        return _original(one, base)
    scheme = settings.scheme(corpus)
    if output in HTML or output == ANNOTATIONS:
        return _anndoc(held, output, base, scheme, default)
    fmt = _format(output)
    body, extension = _written(fmt, held, WriteOptions(scheme, held.versions[0].annotator, base))
    name = base if base.lower().endswith(extension) else f"{base}{extension}"
    return Answer(body, name, media_type(name), default)


def _format(name: str) -> Format:
    if name not in registry.FORMATS:
        raise UsageError(f"There is no output {name!r}.", hint=f"There are {', '.join(outputs())}.")
    return registry.ensure(registry.get(name))


def _anndoc(held: ExchangedDocument, output: str, base: str, scheme: Scheme, default: str) -> Answer:
    files: dict[str, bytes] = {}
    writer = registry.get("anndoc").write_tree
    assert writer is not None
    as_master = replace(held, versions=tuple(replace(version, annotator=MASTER) for version in held.versions))
    own = held.versions[0].annotator
    if own != MASTER:
        # What came as this member's is to go out as it came, under the name that it has here.
        source = {("master.ann.json" if k == f"{own}.ann.json" else k): v for k, v in held.source.items()}
        as_master = replace(as_master, source=source)
    for _ in writer([as_master], files.__setitem__, WriteOptions(scheme)):
        pass
    if output == ANNOTATIONS:
        body = next(body for name, body in files.items() if name.endswith(".ann.json"))
        return Answer(_with_parts(body, held.document), f"{base}.ann.json", _TYPES[".json"], default)
    body = next(body for name, body in files.items() if name.endswith(".plain.html"))
    return Answer(body, f"{base}.plain.html", _TYPES[".xml" if output == "xml" else ".html"])


def _with_parts(body: bytes, document: Document) -> bytes:
    """Return an ann.json that names the document's parts, also where it came without them."""
    found = msgspec.json.decode(body)
    parts = found.get("annotatable")
    if isinstance(parts, dict) and parts.get("parts"):
        return body
    return msgspec.json.encode({**found, "annotatable": {"parts": [part.id for part in document.parts]}})


def _original(one: Outgoing, base: str) -> Answer:
    """Return the file that the document came as; where many came in one file, its text."""
    kept = {name: body for name, body in one.files.items() if not name.endswith(("ann.json", "plain.html"))}
    name = next(iter(kept), "plain.html" if "plain.html" in one.files else "")
    if not name:
        return Answer(one.document.text.encode("utf-8", "replace"), f"{base}.txt", _PLAIN)
    filename = safe_name(one.document.name or base)
    if not filename.lower().endswith(f".{name.lower()}"):
        filename = f"{filename}.{name}"
    return Answer(one.files[name], filename, media_type(filename))


def _written(fmt: Format, held: ExchangedDocument, options: WriteOptions) -> tuple[bytes, str]:
    """Return a document in a format, and the extension that it has then; several files are a zip."""
    stream = io.BytesIO()
    if fmt.write_stream is not None:
        for _ in fmt.write_stream([held], stream, options):
            pass
        return stream.getvalue(), fmt.extensions[0]
    assert fmt.write_tree is not None
    files: dict[str, bytes] = {}
    for _ in fmt.write_tree([held], files.__setitem__, options):
        pass
    if len(files) == 1:
        ((name, body),) = files.items()
        return body, PurePosixPath(name).suffix
    with ZipWriter(stream) as archive:
        for name, body in files.items():
            archive.put(name, body)
    return stream.getvalue(), ".zip"


def media_type(filename: str) -> str:
    """Return what a client is told of a file, by its extension."""
    return _TYPES.get(PurePosixPath(filename).suffix.lower(), _BINARY)


def together(answers: Sequence[Answer]) -> Answer:
    """Return several files as one zip."""
    stream = io.BytesIO()
    taken: set[str] = set()
    with ZipWriter(stream) as archive:
        for number, one in enumerate(answers, 1):
            name = one.filename if one.filename not in taken else f"{number}-{one.filename}"
            taken.add(name)
            archive.put(name, one.body)
    return Answer(stream.getvalue(), "documents.zip", _TYPES[".zip"])


def statuses(corpus: Corpus, ids: Sequence[int]) -> Iterator[tuple[str, bool]]:
    """Yield public id and whether master is confirmed, for any number of documents, in short reads."""
    for start in range(0, len(ids), 500):
        some = ids[start : start + 500]
        standing = shared.standings(corpus, some)
        for id in some:
            if id in standing:
                yield standing[id].key, standing[id].confirmed
