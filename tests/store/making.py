"""Short ways to make documents, entities and decisions."""

from __future__ import annotations

from tui_annotate.domain.annotations import Annotations, Entity, LabelValue, Suggestion, SuggestionKey, Verdict
from tui_annotate.domain.decisions import (
    Changes,
    Decision,
    EntityChange,
    Kind,
    VerdictChange,
    VersionState,
)
from tui_annotate.domain.documents import Document, Part
from tui_annotate.domain.interchange import MASTER, ExchangedDocument, ExchangedVersion, Problem
from tui_annotate.domain.scheme import Choice, DocumentLabel, EntityType, Scheme
from tui_annotate.domain.spans import Span
from tui_annotate.store.connection import Corpus
from tui_annotate.store.intake import Intake

SCHEME = Scheme(
    entities=(EntityType("DRUG"), EntityType("DISEASE")),
    labels=(DocumentLabel("urgent", "boolean"), DocumentLabel("kind", "choice", (Choice("note"), Choice("letter")))),
).numbered()
IN_PROGRESS, SKIPPED, CONFIRMED = VersionState.IN_PROGRESS, VersionState.SKIPPED, VersionState.CONFIRMED


def document(
    key: str, text: str = "", *, versions: tuple[ExchangedVersion, ...] = (), tags: tuple[str, ...] = ()
) -> ExchangedDocument:
    """Return a document of one part `s1v1`."""
    return ExchangedDocument(
        Document(key, (Part("s1v1", text or f"{key}: started on aspirin 81 mg"),), f"{key}.txt", tags=tags),
        versions,
        where=f"{key}.txt",
    )


def entity(
    number: int, start: int = 0, end: int = 2, type: str = "DRUG", who: tuple[str, ...] = ("user:ann",)
) -> Entity:
    """Return an entity of the only part."""
    return Entity(type, (Span("s1v1", start, end),), who, 1.0, number)


def version(
    *entities: Entity, confirmed: bool | None = True, annotator: str = MASTER, **extra: str
) -> ExchangedVersion:
    """Return an imported version with entities and a label."""
    labels = {"urgent": LabelValue("urgent", True, ("user:bob",))} if entities else {}
    return ExchangedVersion(Annotations({e.number: e for e in entities}, labels, {}, dict(extra)), confirmed, annotator)


def suggestion(start: int = 0, end: int = 2, type: str = "DRUG", prob: float = 0.7) -> Suggestion:
    """Return a run's suggestion in the only part."""
    return Suggestion("entity", type, (Span("s1v1", start, end),), prob=prob, who=("ml:x",), source="run")


def take_in(corpus: Corpus, *documents: ExchangedDocument, **options: object) -> list[Problem]:
    """Import documents and return what was wrong."""
    return list(Intake(corpus, **options).add(documents))  # type: ignore[arg-type]


def add(
    document: int,
    number: int,
    *,
    annotator: str = "ann",
    state: tuple[VersionState | None, VersionState | None] | None = None,
    start: int = 0,
) -> Decision:
    """Return the decision to add an entity."""
    changes = Changes((EntityChange(None, entity(number, start, start + 2)),), state=state)
    return Decision(Kind.ADD, document, annotator, changes, {"place": {"document": document, "start": start}})


def reject(document: int, key: SuggestionKey, *, annotator: str = "ann") -> Decision:
    """Return the decision to reject a suggestion."""
    changes = Changes(verdicts=(VerdictChange(key, Verdict.UNDECIDED, Verdict.REJECTED),))
    return Decision(Kind.REJECT, document, annotator, changes)


def begin(document: int, number: int = 1, *, annotator: str = "ann") -> Decision:
    """Return a first decision on a document."""
    return add(document, number, annotator=annotator, state=(None, IN_PROGRESS))


def turn(document: int, before: VersionState | None, after: VersionState, *, annotator: str = "ann") -> Decision:
    """Return a decision that changes the state alone."""
    kinds = {CONFIRMED: Kind.CONFIRM, SKIPPED: Kind.SKIP, IN_PROGRESS: Kind.REOPEN}
    return Decision(kinds[after], document, annotator, Changes(state=(before, after)))
