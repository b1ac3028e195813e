"""Uploaded contents as documents: tagtog's names for how a text becomes parts, and every format of ours.

`verbatim` is one part, `formatted` a part a line, `markdown` one a heading or paragraph.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Literal

from tui_annotate.domain.interchange import ExchangedDocument, Problem
from tui_annotate.domain.scheme import Scheme
from tui_annotate.errors import AnnotateError, UploadError
from tui_annotate.formats import registry
from tui_annotate.formats.base import ReadOptions, SchemeHint
from tui_annotate.formats.safety import safe_name
from tui_annotate.formats.source import SourceFile
from tui_annotate.services.uploaded import Incoming, Upload, Uploaded, made_id

Parts = Literal["default", "verbatim", "formatted", "markdown"]
PARTS: tuple[Parts, ...] = ("default", "verbatim", "formatted", "markdown")
_TEXT = ("", ".txt", ".text", ".log")
_MARKDOWN = (".md", ".markdown")


def content(file: Uploaded, parts: str, scheme: Scheme, upload: Upload) -> Iterator[Incoming]:
    """Read a file without annotations of its own beside it."""
    if parts == "default":
        suffix = PurePosixPath(file.name).suffix.lower()
        if suffix in _MARKDOWN and "markdown" in registry.FORMATS:
            parts = "markdown"
        elif suffix in (*_TEXT, *_MARKDOWN):
            parts = "verbatim"
        else:
            yield from by_format([file], "", scheme, upload)
            return
    if parts == "markdown":
        yield from by_format([file], "markdown", scheme, upload, keyed=False)
        return
    options = ReadOptions(scheme=scheme, parts="lines" if parts == "formatted" else "verbatim")
    source = SourceFile(safe_name(file.name), "", lambda _: file.open())
    reader = registry.get("text").read
    assert reader is not None
    for exchanged in documents(reader((source,), options), {source.where: file.name}, upload):
        yield Incoming(_identified(exchanged, file.name), (file.name,), file.size)


def by_format(
    files: Sequence[Uploaded], format: str, scheme: Scheme, upload: Upload, *, keyed: bool = True
) -> Iterator[Incoming]:
    """Read files through the registry, from a folder of their own, since some formats are several files a document.

    Args:
        keyed: The format says what its documents are called.
    """
    with tempfile.TemporaryDirectory(prefix="tui-annotate-upload-") as folder:
        placed = {str(path): file for path, file in _placed(files, Path(folder))}
        told = {path: file.name for path, file in placed.items()}
        try:
            items = registry.read_paths([*map(Path, placed)], format=format or None, options=ReadOptions(scheme=scheme))
            for exchanged in documents(items, told, upload):
                file = placed.get(_path_of(exchanged.where, told), files[0])
                single = not keyed or _stands_alone(exchanged, file.name)
                made = _identified(exchanged, file.name) if single else exchanged
                yield Incoming(made, (file.name,), file.size)
        except UploadError:
            raise
        except AnnotateError as error:
            name = files[0].name
            raise UploadError(f"{name}: {error.message}", hint=error.hint, faults=((name, "", str(error)),)) from error


def of_several_files(files: Sequence[Uploaded]) -> list[Uploaded]:
    """Return the files that a format claims which has several of them a document, such as a text and its `.ann`.

    Pairs with an ann.json are read by `upload_pairs`.
    """
    by_name = {safe_name(file.name): file for file in files}
    sources = [SourceFile(name, "", lambda name: by_name[name].open()) for name in by_name]
    claiming = [fmt.claims for fmt in registry.FORMATS.values() if fmt.claims is not None and fmt.name != "anndoc"]
    claimed = {one.name for claims in claiming for one in claims(sources)}
    return [file for name, file in by_name.items() if name in claimed]


def _placed(files: Sequence[Uploaded], folder: Path) -> Iterator[tuple[Path, Uploaded]]:
    """Write files to a folder, and to others in it where two have the same name; yield where each is."""
    for number, file in enumerate(files):
        path = folder / safe_name(file.name)
        if path.exists():
            path = folder / str(number) / path.name
            path.parent.mkdir(exist_ok=True)
        with file.open() as stream, path.open("wb") as copy:
            shutil.copyfileobj(stream, copy)
        yield path, file


def _path_of(where: str, told: dict[str, str]) -> str:
    """Return which of some paths a place lies in; empty for none."""
    return max((path for path in told if where.startswith(path)), key=len, default="")


def _stands_alone(exchanged: ExchangedDocument, name: str) -> bool:
    """Say whether a document has no id but its file's name."""
    return exchanged.document.key in (name, safe_name(name), str(PurePosixPath(safe_name(name)).with_suffix("")))


def documents(
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
    path = _path_of(where, told)
    return told[path] + where[len(path) :] if path else where


def _identified(exchanged: ExchangedDocument, name: str) -> ExchangedDocument:
    """Return a document whose id follows from its name and text."""
    document = exchanged.document
    return replace(
        exchanged,
        document=replace(document, key=made_id(name, document.parts), name=name, folder=""),
        where=name,
    )
