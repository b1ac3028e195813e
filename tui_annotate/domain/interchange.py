"""What passes between formats and the corpus: documents with versions, and what was wrong with them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from tui_annotate.domain.annotations import Annotations
from tui_annotate.domain.documents import Document

MASTER = "master"
"""Name of the agreed version, and of the annotator of what comes without one."""


@dataclass(frozen=True, slots=True)
class ExchangedVersion:
    """One version of a document as a file has it, or is to have it.

    Entities and relations are numbered from 1 in file order; a relation's ends are those numbers.
    """

    annotations: Annotations
    confirmed: bool | None = None
    """None where the format cannot say."""
    annotator: str = MASTER


@dataclass(frozen=True, slots=True)
class ExchangedDocument:
    """A document as a file has it, or is to have it."""

    document: Document
    versions: tuple[ExchangedVersion, ...] = ()
    """None, or one for each annotator; never two of the same."""
    where: str = ""
    """File and line or member it came from, for reports: `notes.zip/a.txt`, `x.jsonl:70000`."""
    extra: Mapping[str, Any] = field(default_factory=dict)
    """What the reader did not understand, kept so that it can go out again."""
    source: Mapping[str, bytes] = field(default_factory=dict)
    """Files of this document alone, as they came, by extension (`plain.html`, `ann.json`, `txt`).
    Empty where many documents share a file; then the file itself is kept."""


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that a reader or writer repaired, refused or wants known."""

    severity: Literal["noted", "repaired", "refused"]
    where: str
    """File and line or member: `notes.zip/a.ann.json`, `x.jsonl:70000`."""
    field: str
    """Which field of it, e.g. `entities[3].offsets`; empty for the whole."""
    reason: str
    """What was wrong and what was done or is to be done."""

    def __str__(self) -> str:
        return ": ".join(filter(None, (self.where, self.field, f"{self.reason} ({self.severity})")))
