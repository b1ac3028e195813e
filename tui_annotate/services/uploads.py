"""Reading what one request uploads: texts, files of any format, and pairs of a content and its ann.json."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from difflib import get_close_matches
from pathlib import PurePosixPath

from tui_annotate.domain.documents import Document
from tui_annotate.domain.interchange import MASTER, ExchangedDocument
from tui_annotate.domain.scheme import Scheme
from tui_annotate.errors import UploadError
from tui_annotate.formats import registry
from tui_annotate.formats.safety import member_fault
from tui_annotate.services import upload_contents, upload_pairs
from tui_annotate.services.upload_contents import PARTS
from tui_annotate.services.upload_pairs import ANN
from tui_annotate.services.uploaded import Incoming, Upload, Uploaded, made_id

_PLUS = "-plus-annjson"
FORMATS = (*PARTS, "anndoc", *(f"{parts}{_PLUS}" for parts in PARTS))
"""tagtog's names; those of `tui-annotate formats` are taken besides."""
LONGEST_NAME = 200
"""Characters of a file name; longer ones are refused."""


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
        for content, annotations in upload_pairs.pairs(files, html_only=wanted == "anndoc"):
            upload.documents.append(upload_pairs.pair(content, annotations, parts, scheme, member, upload))
    elif wanted in ("", *PARTS):
        together = upload_contents.of_several_files(files) if not wanted else []
        if together:
            upload.documents += upload_contents.by_format(together, "", scheme, upload)
        for file in [file for file in files if file not in together]:
            upload.documents += upload_contents.content(file, wanted or "default", scheme, upload)
    else:
        upload.documents += upload_contents.by_format(files, wanted, scheme, upload)
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
