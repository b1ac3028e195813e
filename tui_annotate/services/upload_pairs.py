"""Pairs of a content and its ann.json, which is read against the parts that the content has here.

The ids in an ann.json are those of the corpus's scheme.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import replace
from pathlib import PurePosixPath

from tui_annotate.domain.interchange import ExchangedDocument
from tui_annotate.domain.scheme import Scheme
from tui_annotate.errors import UploadError
from tui_annotate.formats import registry
from tui_annotate.formats.anndoc import html_write as anndoc_html_write
from tui_annotate.formats.base import ReadOptions
from tui_annotate.formats.schemes import legend as anndoc_legend
from tui_annotate.formats.source import SourceFile
from tui_annotate.services import upload_contents
from tui_annotate.services.uploaded import Incoming, Upload, Uploaded, made_id

ANN = ".ann.json"
_HTML = (".plain.html", ".plain.xhtml", ".html", ".xhtml", ".htm")
_PLACEHOLDER = "document-without-id"


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


def pair(content: Uploaded, annotations: Uploaded, parts: str, scheme: Scheme, member: str, upload: Upload) -> Incoming:
    """Read a content with its annotations, as a member's version.

    Args:
        parts: How the content becomes parts, one of `upload_contents.PARTS`.
        upload: Takes the warnings.

    Raises:
        UploadError: One of the two cannot be read, or the content is not one document.
    """
    names = (annotations.name, content.name)
    size = content.size + annotations.size
    given: ExchangedDocument | None = None
    if content.name.lower().endswith(_HTML) and parts == "default":
        html = content.read()
    else:
        held = list(upload_contents.content(content, parts, scheme, upload))
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
    found = list(upload_contents.documents(reader(sources, ReadOptions(scheme=scheme)), told, upload, hints=False))
    if len(found) != 1 or not found[0].versions:
        reason = "is no ann.json" if found else "is no plain.html that can be read"
        name = annotations.name if found else content
        raise UploadError(f"{name} {reason}.", faults=((name, "", reason),))
    return found[0]
