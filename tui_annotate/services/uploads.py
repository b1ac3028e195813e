"""Reading what a client uploads: texts, files of any format, and pairs of a content and its ann.json.

tagtog's names for how a content becomes parts are taken: `verbatim` is one part, `formatted` a part a line. A pair's
annotations are read against the parts that its content has here, with the ids of the corpus's scheme.
"""

from __future__ import annotations

import io
import re
import shutil
import tempfile
from base64 import b64encode
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from hashlib import blake2b
from pathlib import Path, PurePosixPath
from typing import BinaryIO, Literal

from tui_annotate.domain.documents import Document, Part
from tui_annotate.domain.interchange import MASTER, ExchangedDocument, Problem
from tui_annotate.domain.scheme import Scheme
from tui_annotate.errors import AnnotateError, UploadError
from tui_annotate.formats import registry
from tui_annotate.formats.anndoc import html_write as anndoc_html_write
from tui_annotate.formats.schemes import legend as anndoc_legend
from tui_annotate.formats.base import ReadOptions, SchemeHint
from tui_annotate.formats.safety import member_fault, safe_name
from tui_annotate.formats.source import SourceFile

Parts = Literal["default", "verbatim", "formatted", "markdown"]
ANN = ".ann.json"
_HTML = (".plain.html", ".plain.xhtml", ".html", ".xhtml", ".htm")
_TEXT = ("", ".txt", ".text", ".log")
_MARKDOWN = (".md", ".markdown")
_PARTS: tuple[Parts, ...] = ("default", "verbatim", "formatted", "markdown")
_PLUS = "-plus-annjson"
FORMATS = (*_PARTS, "anndoc", *(f"{parts}{_PLUS}" for parts in _PARTS))
"""tagtog's names; those of `tui-annotate formats` are taken besides."""
LONGEST_NAME = 200
"""Characters of a file name; longer ones are refused."""


@dataclass(frozen=True, slots=True)
class Uploaded:
    """One file as a client sent it."""

    name: str
    size: int
    open: Callable[[], BinaryIO]

    @classmethod
    def of(cls, name: str, content: bytes) -> Uploaded:
        """Return a file of what is in memory."""
        return cls(name, len(content), lambda: io.BytesIO(content))

    def read(self) -> bytes:
        """Return the whole content."""
        with self.open() as stream:
            return stream.read()


@dataclass(frozen=True, slots=True)
class Incoming:
    """One document on its way in."""

    exchanged: ExchangedDocument
    filenames: tuple[str, ...]
    """The client's files that it came from."""
    size: int
    """Bytes of these files."""


@dataclass(slots=True)
class Upload:
    """All that one request brings."""

    documents: list[Incoming] = field(default_factory=list)
    hints: list[SchemeHint] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def made_id(name: str, parts: Sequence[Part]) -> str:
    """Return the id of a document that comes without one, shaped as tagtog's.

    It follows from name and text, so that uploading the same again is the same document.
    """
    digest = blake2b(digest_size=21)
    for piece in (name, *(text for part in parts for text in (part.id, part.text))):
        encoded = piece.encode("utf-8", "surrogatepass")
        digest.update(len(encoded).to_bytes(8, "big") + encoded)
    mark = b64encode(digest.digest(), b"._").decode()[:27]
    cleaned = re.sub(r"[^A-Za-z0-9._]+", "_", name)[:100].strip("_") or "text"
    return f"a{mark}-{cleaned}"


def read(
    files: Sequence[Uploaded],
    *,
    format: str,
    scheme: Scheme,
    member: str = MASTER,
    folder: str = "",
    filename: str = "",
) -> Upload:
    """Read the files of one request.

    Args:
        format: One of `FORMATS`, a name that `tui-annotate formats` lists, or empty: by the files.
        member: Whose version the annotations of pairs are.
        filename: What the only document is to be called.

    Raises:
        UploadError: A file is refused; it names each with the reason.
    """
    if not files:
        raise UploadError(
            "There is no file and no text to import.", hint="Send text=, or files as multipart/form-data."
        )
    _check_names(files)
    upload = Upload()
    wanted = checked_format(format)
    with_annotations = any(file.name.lower().endswith(ANN) for file in files)
    if wanted == "anndoc" or wanted.endswith(_PLUS) or (not wanted and with_annotations):
        parts = wanted.removesuffix(_PLUS) if wanted.endswith(_PLUS) else "default"
        for content, annotations in pairs(files, html_only=wanted == "anndoc"):
            upload.documents.append(_pair(content, annotations, parts, scheme, member, upload))
    elif wanted in ("", *_PARTS):
        for file in files:
            upload.documents += _content(file, wanted or "default", scheme, upload)
    else:
        upload.documents += _by_format(files, wanted, scheme, upload)
    if not upload.documents:
        raise UploadError("The files hold no document.", faults=tuple((file.name, "", "is empty") for file in files))
    upload.documents = [_placed(one, folder) for one in _last_of_each(upload)]
    if filename:
        upload.documents = [_renamed(upload.documents, filename)]
    return upload


def checked_format(name: str) -> str:
    """Return the name of a format; raises UploadError with the nearest name when there is none of it."""
    known = list(dict.fromkeys((*FORMATS, *registry.FORMATS)))
    if not name or name in known:
        return name
    near = get_close_matches(name, known, 1)
    hint = f"Did you mean {near[0]}?" if near else f"There are {', '.join(known)}."
    reason = f"There is no format {name!r}."
    if name.startswith("nativepdf"):
        reason, hint = f"The format {name!r} is tagtog's own view of a PDF.", "Send default-plus-annjson."
    raise UploadError(reason, faults=(("", "format", reason),), hint=hint)


def pairs(files: Sequence[Uploaded], *, html_only: bool = False) -> list[tuple[Uploaded, Uploaded]]:
    """Return each content with its ann.json; raises UploadError that names every file without a twin."""
    annotations = {file.name[: -len(ANN)]: file for file in files if file.name.lower().endswith(ANN)}
    contents = [file for file in files if not file.name.lower().endswith(ANN)]
    found: list[tuple[Uploaded, Uploaded]] = []
    faults: list[tuple[str, str, str]] = []
    used: set[str] = set()
    for content in contents:
        if html_only and not content.name.lower().endswith(_HTML):
            reason = "is no plain.html; with another content say format=default-plus-annjson"
            faults.append((content.name, "", reason))
        base = next((base for base in _bases(content.name) if base in annotations and base not in used), None)
        if base is None:
            faults.append((content.name, "", f"has no twin: {_bases(content.name)[0]}{ANN} is missing"))
        else:
            used.add(base)
            found.append((content, annotations[base]))
    faults += [
        (file.name, "", "has no twin: no content of that name is in the request")
        for base, file in annotations.items()
        if base not in used
    ]
    twice = len(files) - len({file.name for file in files})
    if faults or twice:
        came = f"{len(files)} file{'s' * (len(files) != 1)}"
        rule = "an annotated document is two files, its content and its ann.json, named alike but for the extension"
        raise UploadError(f"{came}: {rule}.", faults=tuple(faults))
    return found


def _bases(name: str) -> list[str]:
    """Return what an ann.json may be called that belongs to a content, without its extension."""
    end = next((end for end in _HTML if name.lower().endswith(end)), PurePosixPath(name).suffix)
    base = name[: -len(end)] if end else name
    return list(dict.fromkeys((base, str(PurePosixPath(base).with_suffix("")) if base else base, name)))


def _check_names(files: Sequence[Uploaded]) -> None:
    faults = [(file.name, "", fault) for file in files if (fault := _name_fault(file.name))]
    if faults:
        raise UploadError("A file has a name that cannot be taken.", faults=tuple(faults))


def _name_fault(name: str) -> str:
    fault = member_fault(name)
    if not name.strip(". /\\"):
        return "its name is empty"
    if len(name) > LONGEST_NAME:
        return f"its name has {len(name)} characters, more than {LONGEST_NAME}"
    return fault


def _content(file: Uploaded, parts: str, scheme: Scheme, upload: Upload) -> Iterator[Incoming]:
    """Read a file without annotations of its own beside it."""
    if parts == "default":
        suffix = PurePosixPath(file.name).suffix.lower()
        if suffix in _MARKDOWN and "markdown" in registry.FORMATS:
            parts = "markdown"
        elif suffix in (*_TEXT, *_MARKDOWN):
            parts = "verbatim"
        else:
            yield from _by_format([file], "", scheme, upload)
            return
    if parts == "markdown":
        yield from _by_format([file], "markdown", scheme, upload, keyed=False)
        return
    options = ReadOptions(scheme=scheme, parts="lines" if parts == "formatted" else "verbatim")
    source = SourceFile(safe_name(file.name), "", lambda _: file.open())
    reader = registry.get("text").read
    assert reader is not None
    for exchanged in _documents(reader((source,), options), {source.where: file.name}, upload):
        yield Incoming(_identified(exchanged, file.name), (file.name,), file.size)


def _pair(
    content: Uploaded, annotations: Uploaded, parts: str, scheme: Scheme, member: str, upload: Upload
) -> Incoming:
    names = (annotations.name, content.name)
    size = content.size + annotations.size
    given: ExchangedDocument | None = None
    if content.name.lower().endswith(_HTML) and parts == "default":
        html = content.read()
    else:
        held = list(_content(content, parts, scheme, upload))
        if len(held) != 1:
            reason = f"holds {len(held)} documents, and an ann.json is of one"
            raise UploadError(f"{content.name} {reason}.", faults=((content.name, "", reason),))
        given = held[0].exchanged
        html = anndoc_html_write.write(given.document, given.document.key)
    read_back = _anndoc(html, annotations, scheme, upload, content.name)
    versions = tuple(replace(version, annotator=member) for version in read_back.versions)
    if given is not None:
        return Incoming(replace(given, versions=versions), names, size)
    document = read_back.document
    extra = {key: value for key, value in read_back.extra.items() if key != "base"}
    source = {key.replace("master.", f"{member}."): body for key, body in read_back.source.items()}
    if _PLACEHOLDER in (document.key, document.name):
        # It does not say itself what it is called: an export writes it anew, so that it does.
        key = made_id(content.name, document.parts) if document.key == _PLACEHOLDER else document.key
        name = content.name if document.name == _PLACEHOLDER else document.name
        document = replace(document, key=key, name=name)
        source["html"] = source.pop("plain.html")
    made = ExchangedDocument(replace(document, folder=""), versions, content.name, extra, source)
    return Incoming(made, names, size)


_PLACEHOLDER = "document-without-id"


def _anndoc(html: bytes, annotations: Uploaded, scheme: Scheme, upload: Upload, content: str) -> ExchangedDocument:
    """Read one pair as a project of its own, with the legend of the scheme."""
    files = {
        anndoc_legend.FILE_NAME: anndoc_legend.write(scheme, {}),
        f"plain.html/pool/{_PLACEHOLDER}.plain.html": html,
        f"ann.json/master/pool/{_PLACEHOLDER}{ANN}": annotations.read(),
    }
    told = dict(zip(files, ("", content, annotations.name), strict=True))
    sources = [SourceFile(name, "", lambda name: io.BytesIO(files[name])) for name in files]
    reader = registry.get("anndoc").read
    assert reader is not None
    found = list(_documents(reader(sources, ReadOptions(scheme=scheme)), told, upload, hints=False))
    if len(found) != 1 or not found[0].versions:
        reason = "is no ann.json" if found else "is no plain.html that can be read"
        name = annotations.name if found else content
        raise UploadError(f"{name} {reason}.", faults=((name, "", reason),))
    return found[0]


def _by_format(
    files: Sequence[Uploaded], format: str, scheme: Scheme, upload: Upload, *, keyed: bool = True
) -> Iterator[Incoming]:
    """Read files through the registry, from a folder of their own, since some formats are several files a document.

    Args:
        keyed: The format says what its documents are called.
    """
    with tempfile.TemporaryDirectory(prefix="tui-annotate-upload-") as folder:
        told: dict[str, str] = {}
        paths: list[Path] = []
        for file in files:
            path = Path(folder, safe_name(file.name))
            with file.open() as stream, path.open("wb") as copy:
                shutil.copyfileobj(stream, copy)
            told[str(path)] = file.name
            paths.append(path)
        sizes = {file.name: file.size for file in files}
        try:
            items = registry.read_paths(paths, format=format or None, options=ReadOptions(scheme=scheme))
            for exchanged in _documents(items, told, upload):
                where = next((name for path, name in told.items() if exchanged.where.startswith(path)), files[0].name)
                single = not keyed or _stands_alone(exchanged, where)
                made = _identified(exchanged, where) if single else exchanged
                yield Incoming(made, (where,), sizes[where])
        except UploadError:
            raise
        except AnnotateError as error:
            name = files[0].name
            raise UploadError(f"{name}: {error.message}", hint=error.hint, faults=((name, "", str(error)),)) from error


def _stands_alone(exchanged: ExchangedDocument, name: str) -> bool:
    """Say whether a document has no id but its file's name."""
    return exchanged.document.key in (name, safe_name(name), str(PurePosixPath(safe_name(name)).with_suffix("")))


def _documents(
    items: Iterable[object], told: dict[str, str], upload: Upload, *, hints: bool = True
) -> Iterator[ExchangedDocument]:
    """Yield what a reader finds; what it repaired becomes a warning, a file of which nothing was read an error."""
    refused: list[tuple[str, str, str]] = []
    count = 0
    for item in items:
        if isinstance(item, ExchangedDocument):
            count += 1
            yield item
        elif isinstance(item, Problem):
            where = _client_name(item.where, told)
            if item.severity == "refused":
                refused.append((where, item.field, item.reason))
            upload.warnings.append(": ".join(filter(None, (where, item.field, item.reason))))
        elif isinstance(item, SchemeHint) and hints:
            upload.hints.append(item)
    if refused and not count:
        file, about, reason = refused[0]
        upload.warnings.clear()
        raise UploadError(": ".join(filter(None, (file, about, reason))) + ".", faults=tuple(refused))


def _client_name(where: str, told: dict[str, str]) -> str:
    """Return what the client calls a file that a problem names."""
    for path, name in told.items():
        if where.startswith(path):
            return name + where[len(path) :]
    return where


def _identified(exchanged: ExchangedDocument, name: str) -> ExchangedDocument:
    """Return a document whose id follows from its name and text."""
    document = exchanged.document
    return replace(
        exchanged,
        document=replace(document, key=made_id(name, document.parts), name=name, folder=""),
        where=name,
    )


def _placed(one: Incoming, folder: str) -> Incoming:
    document = one.exchanged.document
    path = "/".join(filter(None, (folder, document.folder)))
    return (
        one if path == document.folder else replace(one, exchanged=_with(one.exchanged, replace(document, folder=path)))
    )


def _with(exchanged: ExchangedDocument, document: Document) -> ExchangedDocument:
    return replace(exchanged, document=document)


def _last_of_each(upload: Upload) -> list[Incoming]:
    """Keep the last of several documents with the same id, and say so."""
    by_key: dict[str, Incoming] = {}
    for one in upload.documents:
        key = one.exchanged.document.key
        if by_key.pop(key, None) is not None:
            upload.warnings.append(f"{one.filenames[-1]}: the same document comes twice; the last one is taken")
        by_key[key] = one
    return list(by_key.values())


def _renamed(documents: Sequence[Incoming], filename: str) -> Incoming:
    """Give the only document a file name, with the extension that it came with."""
    if len(documents) != 1:
        raise UploadError("`filename` is for one document.", faults=((filename, "filename", "several documents came"),))
    fault = _name_fault(filename)
    if fault:
        raise UploadError(f"filename: {fault}.", faults=((filename, "filename", fault),))
    one = documents[0]
    document = one.exchanged.document
    suffix = PurePosixPath(document.name).suffix
    name = filename if filename.lower().endswith(suffix.lower()) else filename + suffix
    key = document.key
    if key == made_id(document.name, document.parts):
        key = made_id(name, document.parts)
    return replace(one, exchanged=_with(one.exchanged, replace(document, key=key, name=name)))
