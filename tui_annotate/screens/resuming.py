"""Resuming: what is read of a corpus before the first picture, the document and place where the annotator stopped."""

from __future__ import annotations

from dataclasses import dataclass

from tui_annotate.domain.scheme import Scheme
from tui_annotate.session.desk import Desk
from tui_annotate.session.items import Place
from tui_annotate.session.working import WorkingDocument
from tui_annotate.store import counters, settings
from tui_annotate.store.connection import Corpus
from tui_annotate.store.counters import Progress
from tui_annotate.store.settings import Settings


@dataclass(frozen=True, slots=True)
class Opening:
    """What is read before the first picture."""

    scheme: Scheme
    settings: Settings
    progress: Progress
    data_version: int
    readonly: bool
    working: WorkingDocument | None
    focus: Place | None
    first: bool = False
    """The annotator was never here before."""


def opening(corpus: Corpus, annotator: str) -> Opening:
    """Read what the first picture shows: the document and the place where the annotator stopped, or the next one."""
    desk = Desk(corpus, annotator)
    place = desk.resume() or {}
    document, reason, focus = place.get("document"), "", place.get("focus")
    if document is None:
        following = desk.following(1)
        document, reason = (following[0].document, following[0].reason) if following else (None, "")
    working = desk.open(document, reason=reason) if document is not None else None
    return Opening(
        settings.scheme(corpus),
        settings.load(corpus),
        counters.progress(corpus),
        corpus.data_version(),
        corpus.readonly,
        working,
        tuple(focus) if focus else None,
        first=not place,
    )
