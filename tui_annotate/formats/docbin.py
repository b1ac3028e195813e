"""spaCy's DocBin (`.spacy`): documents as words with entities, groups of spans and categories.

A document is one text, all its parts joined by line feeds. Entities are written as `ents`, where they do not
lie over each other, and all of them as the group of spans `sc`; those that begin or end inside a word cannot be
written. Labels are categories. spaCy is loaded when a file is read or written.
"""

from __future__ import annotations

import io
import zlib
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, BinaryIO

from tui_annotate.domain.annotations import Annotations, Entity, LabelContent, LabelValue
from tui_annotate.domain.documents import Document, Part
from tui_annotate.domain.interchange import ExchangedDocument, ExchangedVersion, Problem
from tui_annotate.domain.scheme import Choice, DocumentLabel, Scheme
from tui_annotate.domain.spans import Span
from tui_annotate.domain.wording import counted
from tui_annotate.errors import DataError
from tui_annotate.formats import flat
from tui_annotate.formats.base import Format, Item, ReadOptions, WriteOptions, chosen_version, stem, unnamed_label
from tui_annotate.formats.source import SourceFile
from tui_annotate.spacy_docs import SPANS_KEY, cut, part_starts

MOST_BYTES = 2 << 30
"""Of a file when it is unpacked; what unpacks to more is refused."""
_ATTRS = ("ORTH", "SPACY", "ENT_IOB", "ENT_TYPE")
_PART = "s1v1"


def write(documents: Iterable[ExchangedDocument], stream: BinaryIO, options: WriteOptions) -> Iterator[Problem]:
    """Write documents with one of their versions each; say what spaCy cannot hold."""
    from spacy.tokens import DocBin
    from spacy.vocab import Vocab

    from tui_annotate.spacy_docs import reference

    vocab = Vocab()
    packed = DocBin(attrs=_ATTRS, store_user_data=True)
    for exchanged in documents:
        document = exchanged.document
        index = chosen_version(exchanged, options)
        version = None if index is None else exchanged.versions[index]
        made = reference(vocab, document, version.annotations if version else None, options.scheme)
        made.doc.user_data.clear()
        made.doc.user_data["id"] = document.key
        labels = _defined(version, options.scheme)
        if labels:
            made.doc.user_data["labels"] = labels
        if version is not None and version.confirmed is not None:
            made.doc.user_data["confirmed"] = version.confirmed
        packed.add(made.doc)
        if made.lost:
            texts = ", ".join(repr(document.slice(entity.span)) for entity in made.lost[:3])
            reason = f"{counted(len(made.lost), flat.INSIDE)}, left out: {texts}"
            yield Problem("noted", document.key, "entities", reason)
        if made.covered:
            over = counted(len(made.covered), "entities that lie over others")
            reason = f"{over}: in the group of spans {SPANS_KEY!r} only"
            yield Problem("noted", document.key, "entities", reason)
    stream.write(packed.to_bytes())


def _defined(version: ExchangedVersion | None, scheme: Scheme) -> list[list[Any]]:
    """Return name, kind and options of the labels that a version has, so that its categories read back as them."""
    held = version.annotations.labels if version else {}
    return [
        [label.name, label.kind, [option.value for option in label.options]]
        for label in scheme.labels
        if label.name in held and label.kind != "text"
    ]


def _labels_of(doc: Any, scheme: Scheme) -> tuple[DocumentLabel, ...]:
    """Return the labels that categories may be of: the scheme's, and those that a file of ours defines."""
    given = doc.user_data.get("labels")
    found = list(scheme.labels)
    for row in given if isinstance(given, (list, tuple)) else ():
        match row:
            case [str(name), "boolean" | "choice" | "choices" as kind, [*options]] if scheme.label(name) is None:
                found.append(DocumentLabel(name, kind, tuple(Choice(one) for one in options if isinstance(one, str))))
    return tuple(found)


def read(files: Sequence[SourceFile], options: ReadOptions) -> Iterator[Item]:
    """Yield the documents of each file; a file that is no DocBin is refused."""
    for file in files:
        try:
            yield from _read_file(file, options)
        except DataError as error:
            yield Problem("refused", file.where, "", str(error).removeprefix(f"{file.where}: "))


def _read_file(file: SourceFile, options: ReadOptions) -> Iterator[Item]:
    from spacy.tokens import DocBin
    from spacy.vocab import Vocab

    content = file.read()
    _check_size(content)
    try:
        packed = DocBin(store_user_data=True).from_bytes(content)
        docs = list(packed.get_docs(Vocab()))
    except (ValueError, KeyError, TypeError, IndexError, AttributeError, zlib.error, OverflowError) as error:
        raise DataError(f"is no DocBin that spaCy can read: {error}") from error
    for number, doc in enumerate(docs, 1):
        where = f"{file.where}:{number}"
        if not doc.text.strip() and not options.empty:
            yield Problem("refused", where, "", "the document is empty, there is nothing to annotate")
            continue
        key = doc.user_data.get("id")
        document = Document(
            key if isinstance(key, str) and key else f"{stem(file.name)}-{number}", (Part(_PART, doc.text),)
        )
        confirmed = doc.user_data.get("confirmed")
        try:
            versions = _versions(doc, options, confirmed if type(confirmed) is bool else None)
        except (ValueError, KeyError, IndexError, OverflowError, AttributeError, TypeError) as error:
            yield Problem("refused", where, "", f"its annotations cannot be read by spaCy: {error}")
            continue
        yield ExchangedDocument(document, versions, where)


def count_lost(exchanged: ExchangedDocument, options: WriteOptions) -> dict[str, int]:
    """Count the entities that do not begin and end with words, and labels that are no categories."""
    document = exchanged.document
    index = chosen_version(exchanged, options)
    if index is None:
        return {}
    annotations = exchanged.versions[index].annotations
    held = annotations.entities.values()
    categories = {label.name for label in options.scheme.labels if label.kind != "text"}
    texts = {"document labels that are texts": len(annotations.labels.keys() - categories)}
    if not held:
        return texts
    starts, words = part_starts(document), cut(document.text)
    spans = [(e.span.start + starts[e.span.part], e.span.end + starts[e.span.part]) for e in held]
    return texts | {flat.INSIDE: sum(words.locate(*span) is None for span in spans)}


def _check_size(content: bytes) -> None:
    """Refuse what would fill the memory when it is unpacked, before it is."""
    unpacker, size = zlib.decompressobj(), 0
    source = io.BytesIO(content)
    try:
        while piece := unpacker.unconsumed_tail or source.read(1 << 16):
            size += len(unpacker.decompress(piece, 1 << 20))
            if size > MOST_BYTES:
                raise DataError(f"unpacks to more than {MOST_BYTES >> 30} GB.", hint="Split it.")
    except zlib.error as error:
        raise DataError(f"is no DocBin: {error}.") from error


def _versions(doc: Any, options: ReadOptions, confirmed: bool | None) -> tuple[ExchangedVersion, ...]:
    spans = {(span.label_, span.start_char, span.end_char) for span in doc.ents}
    for group in doc.spans.values():
        spans |= {(span.label_, span.start_char, span.end_char) for span in group}
    if not (spans or doc.cats or doc.has_annotation("ENT_IOB") or confirmed is not None):
        return ()
    found = sorted((begin, end, type) for type, begin, end in spans if type and begin < end <= len(doc.text))
    entities = {
        number: Entity(type, (Span(_PART, begin, end),), number=number)
        for number, (begin, end, type) in enumerate(found, 1)
    }
    return (ExchangedVersion(Annotations(entities, _labels(doc, options)), confirmed),)


def _labels(doc: Any, options: ReadOptions) -> dict[str, LabelValue]:
    """Return categories as labels; see `spacy_docs.cats` for how they are named."""
    left = {str(name): float(value) >= 0.5 for name, value in doc.cats.items()}
    values: dict[str, LabelContent] = {}
    for label in _labels_of(doc, options.scheme):
        if label.kind == "boolean" and label.name in left:
            values[label.name] = left.pop(label.name)
        for prefix in (f"{label.name}=", ""):
            named = [option.value for option in label.options if prefix + option.value in left]
            if named:
                chosen = tuple(value for value in named if left.pop(prefix + value))
                _set(values, label.name, label.kind, chosen)
                break
    for name, chosen in _grouped(left, options.scheme, options).items():
        _set(values, name, "choice" if len(chosen) == 1 else "choices", chosen)
    return {name: LabelValue(name, value) for name, value in values.items()}


def _grouped(left: dict[str, bool], scheme: Scheme, options: ReadOptions) -> dict[str, tuple[str, ...]]:
    """Return categories that no label of the scheme claims, by the label that they name or an unnamed one."""
    unnamed = unnamed_label(options, ("choice", "choices"), "label")
    found: dict[str, tuple[str, ...]] = {}
    for category, holds in left.items():
        name, equals, value = category.partition("=")
        name, value = (name, value) if equals and name and value else (unnamed, category)
        found[name] = (*found.get(name, ()), *((value,) if holds else ()))
    return found


def _set(values: dict[str, LabelContent], name: str, kind: str, chosen: tuple[str, ...]) -> None:
    if kind == "choices":
        values[name] = chosen
    elif chosen:
        values[name] = chosen[0]


def meaning(exchanged: ExchangedDocument, options: WriteOptions) -> Any:
    """Key and text; of the version its state, the entities that fit words, once each, and the scheme's labels."""
    document = exchanged.document
    index = chosen_version(exchanged, options)
    if index is None:
        return document.key, document.text, None
    version = exchanged.versions[index]
    starts, words = part_starts(document), cut(document.text)
    spans = {
        (e.type, e.span.start + starts[e.span.part], e.span.end + starts[e.span.part])
        for e in version.annotations.entities.values()
    }
    kinds = {label.name: label.kind for label in options.scheme.labels}
    labels = {
        name: held.value is True
        if kinds[name] == "boolean"
        else sorted(held.value if isinstance(held.value, tuple) else [held.value])
        for name, held in version.annotations.labels.items()
        if kinds.get(name, "text") != "text"
    }
    aligned = sorted(span for span in spans if words.locate(*span[1:]) is not None)
    return document.key, document.text, [version.confirmed, aligned, labels]


FORMAT = Format(
    name="docbin",
    description="spaCy's DocBin: words with entities, spans and categories, for `spacy train`",
    extensions=(".spacy",),
    many=True,
    loses="the parts of a document, attributes, relations, probabilities, who did it, entities that begin or end"
    " inside a word, and all versions but one",
    meaning=meaning,
    holds=frozenset(("entities", "overlaps", "labels", "ids", "states")),
    counts_lost=count_lost,
    read=read,
    write_stream=write,
)
