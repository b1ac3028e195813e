"""Receiving: what was uploaded goes into the corpus, new documents as an import, known ones in place of what is there.

Everything is looked at before anything is written, so that a request is taken as a whole or refused as a whole.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Literal

from tui_annotate.domain.annotations import Annotations
from tui_annotate.domain.interchange import ExchangedDocument, ExchangedVersion
from tui_annotate.domain.scheme import Scheme
from tui_annotate.errors import SchemeError, UploadError
from tui_annotate.keymaps import keeping
from tui_annotate.services.fitting import fitted
from tui_annotate.services.labels_met import LabelsMet
from tui_annotate.services.uploaded import Incoming, Upload
from tui_annotate.store import assigning, documents, replacing, settings
from tui_annotate.store.connection import Corpus
from tui_annotate.store.intake import Intake
from tui_annotate.store.preparing import PreparedDocument, prepare

Fault = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Received:
    """One document that came in."""

    id: int
    key: str
    name: str
    filenames: tuple[str, ...]
    size: int
    """Bytes of the files."""
    text_size: int
    """Bytes of its text."""
    result: Literal["created", "updated"]
    changed: bool
    """Something was written."""


def receive(corpus: Corpus, upload: Upload, *, by: str, assign_to: Collection[str] = ()) -> list[Received]:
    """Take a request's documents in, and return them in the order in which they came.

    Args:
        by: Who uploads, for the log.
        assign_to: Annotators to whom they are assigned.

    Raises:
        UploadError: A document cannot be taken; nothing was written.
    """
    scheme = settings.scheme(corpus)
    labels = LabelsMet(scheme)
    for hint in upload.hints:
        labels.hint(hint)
    ready, faults = _ready(corpus, upload, labels, by)
    if faults:
        file, about, reason = faults[0]
        raise UploadError(": ".join(filter(None, (file, about, reason))) + ".", faults=tuple(faults))
    _put_scheme(corpus, labels, scheme, by)
    new = [one.exchanged for _, one, known in ready if known is None]
    for problem in Intake(corpus, annotator=by).add(new):
        upload.warnings.append(f"{problem.where}: {problem.reason}")
    received: list[Received] = []
    for incoming, prepared, known in ready:
        changed = known is None or replacing.replace(corpus, known, prepared, by=by) == "updated"
        received.append(_received(corpus, incoming, prepared, known, changed))
    assigning.assign(corpus, [one.id for one in received], assign_to)
    return received


def _ready(
    corpus: Corpus, upload: Upload, labels: LabelsMet, by: str
) -> tuple[list[tuple[Incoming, PreparedDocument, int | None]], list[Fault]]:
    """Return the documents as rows, with the row of those that are known, and what keeps any of them out."""
    ready: list[tuple[Incoming, PreparedDocument, int | None]] = []
    faults: list[Fault] = []
    for incoming in upload.documents:
        file = incoming.filenames[-1]
        try:
            labels.meet(incoming.exchanged)
        except SchemeError as error:
            faults.append((file, "", error.message.rstrip(".")))
            continue
        kinds = {label.name: label for label in labels.scheme.labels}
        exchanged, problems = fitted(incoming.exchanged, kinds)
        prepared, more = prepare(exchanged, "auto", by=by)
        if prepared is None:
            faults += [(file, problem.field, problem.reason) for problem in more]
            continue
        upload.warnings += [f"{file}: {problem.field}: {problem.reason}" for problem in (*problems, *more)]
        known = documents.find(corpus, prepared.document.key)
        reason = replacing.obstacle(corpus, known, prepared) if known is not None else ""
        if reason:
            faults.append((file, prepared.document.key, reason))
        ready.append((incoming, prepared, known))
    return ready, faults


def _put_scheme(corpus: Corpus, labels: LabelsMet, scheme: Scheme, by: str) -> None:
    if labels.scheme is not scheme and labels.scheme != scheme:
        settings.set_scheme(corpus, keeping(scheme, labels.scheme), annotator=by, base=scheme)


def _received(
    corpus: Corpus, incoming: Incoming, prepared: PreparedDocument, known: int | None, changed: bool
) -> Received:
    document = prepared.document
    id = known if known is not None else documents.find(corpus, document.key)
    if id is None:
        reason = "was refused while it was written"
        raise UploadError(f"{document.key} {reason}.", faults=((incoming.filenames[-1], "", reason),))
    return Received(
        id,
        document.key,
        document.name,
        incoming.filenames,
        incoming.size,
        len(document.text.encode("utf-8", "replace")),
        "created" if known is None else "updated",
        changed,
    )


def save_version(
    corpus: Corpus, document: int, annotations: Annotations, *, annotator: str, confirmed: bool, by: str, how: str
) -> bool:
    """Write a version that was merged or copied from others, in place of what stood there; say if it changed.

    Args:
        annotator: Whose version it becomes; `master` for the agreed one.
        how: What the log says of where it comes from.
    """
    whole = documents.load(corpus, document)
    numbered = _numbered(annotations)
    exchanged = ExchangedDocument(whole, (ExchangedVersion(numbered, confirmed, annotator),), whole.key)
    prepared, _ = prepare(exchanged, "auto" if confirmed else "annotations", by=by)
    if prepared is None:
        raise UploadError(f"{whole.key} cannot be written.")
    return replacing.replace(corpus, document, prepared, by=by, details={"merge": how}) == "updated"


def _numbered(annotations: Annotations) -> Annotations:
    """Return annotations with numbers from 1, as what comes from outside has."""
    numbers = {old: new for new, old in enumerate((*annotations.entities, *annotations.relations), 1)}
    return Annotations(
        {numbers[n]: replace(e, number=numbers[n]) for n, e in annotations.entities.items()},
        annotations.labels,
        {
            numbers[n]: replace(r, number=numbers[n], ends=(numbers[r.ends[0]], numbers[r.ends[1]]))
            for n, r in annotations.relations.items()
        },
        annotations.extra,
    )
