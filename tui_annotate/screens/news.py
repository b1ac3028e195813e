"""News: what other programs wrote in the corpus since it was last looked at, and how the review screen says it."""

from __future__ import annotations

from dataclasses import dataclass

from tui_annotate.domain.scheme import Scheme
from tui_annotate.domain.wording import counted
from tui_annotate.errors import DocumentGoneError
from tui_annotate.session.review import ReviewSession
from tui_annotate.store import aliases, counters, documents, log, settings, versions
from tui_annotate.store.connection import Corpus
from tui_annotate.store.counters import Progress


@dataclass(frozen=True, slots=True)
class Known:
    """What is known already."""

    data_version: int
    """Of the file: changes with everything that another connection writes."""
    sequence: int
    """Of the newest decision."""
    document: int
    """The open one, 0 for none."""
    name: str
    key: str
    annotator: str


@dataclass(frozen=True, slots=True)
class News:
    """What is so now."""

    data_version: int
    progress: Progress
    scheme: Scheme
    labels: str
    """How labels changed, in a line; empty where they did not."""
    decided: int
    """The last decision on the version that is open."""
    gone: str
    """That the open document was deleted, in a sentence; empty where it is there."""


def known(session: ReviewSession, data_version: int, sequence: int) -> Known:
    """Return what is known where a session is."""
    if session.working is None:
        return Known(data_version, sequence, 0, "", "", session.annotator)
    row = session.working.row
    return Known(data_version, sequence, row.id, row.name or row.key, row.key, session.annotator)


def read(corpus: Corpus, known: Known) -> News | None:
    """Return what is new, None where nothing was written."""
    version = corpus.data_version()
    if version == known.data_version:
        return None
    return News(
        version,
        counters.progress(corpus),
        settings.scheme(corpus),
        aliases.news(corpus, known.sequence),
        versions.last_decision(corpus, known.document, known.annotator),
        gone(corpus, known) if known.document else "",
    )


def gone(corpus: Corpus, known: Known) -> str:
    """Say that the open document was deleted, and by whom; empty where it is there."""
    if documents.exists(corpus, known.document):
        return ""
    by = log.deleted_by(corpus, known.key, since=known.sequence)
    return f"{known.name} was deleted by {by}." if by else f"{known.name} was deleted elsewhere."


def require(corpus: Corpus, known: Known) -> None:
    """Raise DocumentGoneError where the open document was deleted."""
    said = gone(corpus, known)
    if said:
        raise DocumentGoneError(said)


def arrived(before: Progress, after: Progress) -> str:
    """Say how many documents came or went; empty where their number is the same."""
    count = after.total - before.total
    things = counted(abs(count), "documents")
    return "" if not count else f"{things} came in" if count > 0 else f"{things} went"
