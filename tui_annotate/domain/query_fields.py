"""The fields that a query may name, what each takes, and the line that says it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["text", "date", "number", "words"]


@dataclass(frozen=True, slots=True)
class Field:
    """One field of the grammar."""

    name: str
    takes: str
    """How it is written, behind its colon."""
    what: str
    """Which documents it finds."""
    kind: Kind = "text"
    """`date` and `number` also take ranges; `words` takes one of `words`."""
    values: tuple[int, int] = (1, 1)
    """How many values it has at least and at most."""
    words: tuple[str, ...] = ()


STATES = ("pending", "in_progress", "skipped", "confirmed", "adjudicate", "holdout", "given")
REVIEWS = ("reviewed", "accepted", "rejected", "to_correct")
_ALL = (
    Field("docid", "ID", "the document of this id"),
    Field("filename", "NAME", "documents of this file name, with or without its ending"),
    Field("folder", "PATH", "documents in this folder or below it"),
    Field("label", "NAME[:VALUE]", "documents that have this document label, with this value", values=(1, 2)),
    Field("entity", "TYPE[:TEXT]", "documents with such an entity, by its text or normalization", values=(1, 2)),
    Field("attribute", "NAME[:VALUE]", "documents with an entity that has this attribute", values=(1, 2)),
    Field("relation", "TYPE", "documents with a relation of this type"),
    Field("count", "TYPE:[2 TO *]", "documents with so many entities of a type; also count_e_1:", "number", (2, 2)),
    Field("created", "DATE", "documents imported then", "date"),
    Field("updated", "DATE", "documents last decided on then", "date"),
    Field("anncomplete", "true|false", "documents that are confirmed, or not", "words", words=("true", "false")),
    Field("members_anncomplete", "USER|*", "documents that this annotator confirmed"),
    Field("members_assigned", "USER|*", "documents that are assigned to this annotator"),
    Field("filter", "TODO", "documents that you still have to confirm", "words", words=("TODO",)),
    Field("by", "USER", "documents of which this annotator has a version"),
    Field("state", "confirmed", "documents in this state", "words", words=STATES + REVIEWS),
    Field("tag", "TAG", "documents with this tag"),
    Field("source", "FILE", "documents imported from this file"),
    Field("language", "CODE", "documents in this language"),
    Field("suggested", "NAME[:VALUE]", "documents with an undecided suggestion of it", values=(1, 2)),
    Field("rejected", "NAME[:VALUE]", "documents where somebody rejected a suggestion of it", values=(1, 2)),
    Field("run", "RUN", "documents that were shown with suggestions of this run"),
    Field("prob", "<0.5", "documents with something of this probability", "number"),
    Field("uncertainty", ">0.6", "queued documents that the learner is so unsure of", "number"),
)
FIELDS = {field.name: field for field in _ALL}
ALSO = {"id": "docid", "name": "filename", "file": "filename", "annotator": "by", "attr": "attribute"}
"""Other names that people know some of them by."""
COUNT = "count_"
"""`count_e_1:2` is `count:e_1:2`."""
