"""What a format cannot hold, counted over the documents that are to go out, to be said before they do."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping

from tui_annotate.domain import wording
from tui_annotate.domain.annotations import Annotations
from tui_annotate.domain.documents import Document
from tui_annotate.domain.interchange import MASTER, ExchangedDocument
from tui_annotate.domain.scheme import Scheme
from tui_annotate.formats.base import EVERYTHING, Feature, Format, WriteOptions, chosen_version
from tui_annotate.formats.reducing import apart

WORDS: dict[Feature, tuple[str, str]] = {
    "entities": ("entity", "entities"),
    "overlaps": ("entity that lies over another", "entities that lie over others"),
    "fragments": ("entity of several pieces (its hull is written)", "entities of several pieces (hulls are written)"),
    "attributes": ("attribute", "attributes"),
    "labels": ("document label", "document labels"),
    "relations": ("relation", "relations"),
    "authors": ("author of an annotation", "authors of annotations"),
    "probabilities": ("probability", "probabilities"),
    "versions": ("version besides the one that is written", "versions besides the one that is written"),
    "states": ("confirmation", "confirmations"),
    "parts": ("document's borders between parts", "documents' borders between parts"),
    "ids": ("id of a document", "ids of documents"),
    "names": ("name of a document", "names of documents"),
    "folders": ("document's folder", "documents' folders"),
    "tags": ("tag of a document", "tags of documents"),
    "language": ("document's language", "documents' languages"),
}
"""What one and several of them are called, in the order in which they are said."""


class Losses:
    """Counts, over documents, what a format has no room for."""

    def __init__(self, format: Format, options: WriteOptions) -> None:
        self.format = format
        self.counts: Counter[str] = Counter()
        """By feature, and by the words of the format's own counts."""
        self._options = options
        self._lacks = EVERYTHING - format.holds

    def add(self, exchanged: ExchangedDocument) -> None:
        """Count what is lost of one document."""
        lacks = self._lacks
        found = {
            feature: count
            for feature, count in _of_document(exchanged, in_file=not self.format.many).items()
            if feature in lacks
        }
        index = chosen_version(exchanged, self._options)
        if "versions" in lacks:
            chosen = None if index is None else exchanged.versions[index].annotations
            found["versions"] = sum(version.annotations is not chosen for version in exchanged.versions)
        counted = () if index is None else (exchanged.versions[index],)
        for version in counted if "versions" in lacks else exchanged.versions:
            _count_version(version.annotations, exchanged, lacks, found)
            if "states" in lacks:
                found["states"] = found.get("states", 0) + bool(version.confirmed)
            # Several versions are told apart by whose they are, so a format that holds them holds that.
            if {"authors", "versions"} <= lacks:
                found["authors"] = found.get("authors", 0) + (version.annotator != MASTER)
        for feature, count in found.items():
            if count:
                self.counts[feature] += count
        if self.format.counts_lost is not None:
            self.counts.update(self.format.counts_lost(exchanged, self._options))

    def lines(self) -> list[str]:
        """Return what is lost in words, as `412 relations`."""
        return [f"{count:,} {_words(what, count)}" for what, count in self.ordered().items()]

    def ordered(self) -> dict[str, int]:
        """Return the counts, annotations first."""
        order = {feature: place for place, feature in enumerate(WORDS)}
        kept = sorted(self.counts, key=lambda what: (order.get(what, len(order)), what))  # type: ignore[call-overload]
        return {what: self.counts[what] for what in kept if self.counts[what]}

    def sentence(self) -> str:
        """Return what the user is told before anything is written; empty when nothing is lost."""
        lines = self.lines()
        return f"{self.format.name} has no room for {', '.join(lines)}." if lines else ""


def counted(documents: Iterable[ExchangedDocument], format: Format, options: WriteOptions) -> Losses:
    """Count over all documents; memory stays flat."""
    losses = Losses(format, options)
    for exchanged in documents:
        losses.add(exchanged)
    return losses


def may_lose(format: Format, scheme: Scheme, *, versions: bool = True) -> bool:
    """Say whether documents of this scheme can hold anything that the format has no room for.

    Args:
        versions: Whether a document may have more than one.
    """
    return format.counts_lost is not None or bool(_possible(scheme, versions=versions) - format.holds)


def _possible(scheme: Scheme, *, versions: bool) -> set[Feature]:
    found: set[Feature] = set(EVERYTHING)
    if not scheme.entities:
        found -= {"entities", "overlaps", "fragments", "attributes", "relations"}
    if not scheme.attributes:
        found.discard("attributes")
    if not scheme.relations:
        found.discard("relations")
    if not scheme.labels:
        found.discard("labels")
    if not versions:
        found.discard("versions")
    return found


def _of_document(exchanged: ExchangedDocument, *, in_file: bool) -> dict[Feature, int]:
    document = exchanged.document
    return {
        "parts": len(document.parts) > 1,
        "ids": bool(document.key),
        "names": not _is_named(document, in_file=in_file),
        "folders": bool(document.folder),
        "tags": len(document.tags),
        "language": bool(document.language),
    }


def _is_named(document: Document, *, in_file: bool) -> bool:
    """Say whether the id says the name, or the name of a document's own file does."""
    last = document.key.rpartition("/")[2]
    return document.name in ("", document.key) or (
        in_file and last in (document.name, document.name.rpartition(".")[0])
    )


def _count_version(
    held: Annotations, exchanged: ExchangedDocument, lacks: Collection[Feature], found: dict[Feature, int]
) -> None:
    if "labels" in lacks:
        found["labels"] = found.get("labels", 0) + len(held.labels)
    if "entities" in lacks:
        # What hangs on entities is gone with them; counting it as well would say the same thing twice.
        found["entities"] = found.get("entities", 0) + len(held.entities)
    else:
        entities = held.entities.values()
        counts: Mapping[Feature, int] = {
            "overlaps": len(held.entities) - len(apart(held.entities, exchanged.document))
            if "overlaps" in lacks
            else 0,
            "fragments": sum(len(entity.spans) > 1 for entity in entities),
            "attributes": sum(len(entity.attributes) for entity in entities),
            "relations": len(held.relations),
        }
        for feature in lacks & counts.keys():
            found[feature] = found.get(feature, 0) + counts[feature]
    kept = [
        *(() if "entities" in lacks else held.entities.values()),
        *(() if "labels" in lacks else held.labels.values()),
        *(() if "relations" in lacks else held.relations.values()),
    ]
    for one in kept:
        if "authors" in lacks:
            found["authors"] = found.get("authors", 0) + bool(one.who)
        if "probabilities" in lacks:
            found["probabilities"] = found.get("probabilities", 0) + (one.prob != 1.0)


def _words(what: str, count: int) -> str:
    words = next((words for feature, words in WORDS.items() if feature == what), (wording.one(what), what))
    return words[count != 1]
