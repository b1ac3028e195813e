"""The state of a document as it follows from the log alone, kept apart from the code that wrote the rows."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from tui_annotate.domain.annotations import Annotations, SuggestionKey, Verdict
from tui_annotate.domain.decisions import Kind, LoggedDecision, VersionState, apply, owner_of
from tui_annotate.domain.interchange import MASTER
from tui_annotate.domain.selection import Candidate, Review, agree
from tui_annotate.store.rows import STATE_NUMBERS


@dataclass(slots=True)
class ReplayedVersion:
    """A version after its decisions; the fields are those of its row."""

    annotations: Annotations = field(default_factory=Annotations)
    verdicts: dict[SuggestionKey, Verdict] = field(default_factory=dict)
    state: VersionState | None = None
    review: str = ""
    next_number: int = 1
    sequence: int = 0
    confirmed: int = 0


@dataclass(slots=True)
class ReplayedDocument:
    """A document after all decisions on it."""

    versions: dict[str, ReplayedVersion] = field(default_factory=dict)
    """By annotator; those that undo took away again stay, without a state."""
    master: str = ""
    adjudicate: bool = False
    changed: int = 0
    imports: set[int] = field(default_factory=set)
    """Sequences of what came with an import."""
    impossible: list[str] = field(default_factory=list)
    """Decisions that do not fit those before them: the log itself is damaged."""

    @property
    def state(self) -> int:
        """Return the document's state as it is stored."""
        own = [STATE_NUMBERS[v.state] for name, v in self.versions.items() if name != MASTER and v.state]
        imported = [STATE_NUMBERS[v.state] for name, v in self.versions.items() if name == MASTER]
        return max(own or imported, default=0)


def replay(decisions: Iterable[LoggedDecision]) -> ReplayedDocument:
    """Return what the decisions on one document, in order, add up to."""
    document = ReplayedDocument()
    for logged in decisions:
        decision = logged.decision
        if "version" in decision.details and not decision.changes:
            _review(document, logged)
        elif decision.changes:
            _apply(document, logged)
        else:
            continue
        _agree(document)
    return document


def _review(document: ReplayedDocument, logged: LoggedDecision) -> None:
    version = document.versions.get(logged.decision.details["version"])
    if version is None:
        document.impossible.append(f"decision {logged.sequence} reviews a version that is not there")
        return
    version.review = logged.decision.details["after"]
    version.sequence = document.changed = logged.sequence


def _apply(document: ReplayedDocument, logged: LoggedDecision) -> None:
    decision, changes = logged.decision, logged.decision.changes
    version = document.versions.setdefault(owner_of(decision), ReplayedVersion())
    try:
        if changes.state is not None and changes.state[0] is not version.state:
            raise ValueError(f"expected the state {changes.state[0]}, found {version.state}")
        apply(version.annotations, version.verdicts, changes)
    except ValueError as error:
        document.impossible.append(f"decision {logged.sequence}: {error}")
        return
    if changes.state is not None:
        version.state = changes.state[1]
        version.confirmed = _confirmed_by(logged) if version.state is VersionState.CONFIRMED else 0
    if "review" in decision.details:
        version.review = decision.details["review"][1]
    if decision.kind is Kind.IMPORT:
        document.imports.add(logged.sequence)
        version.annotations.extra = dict(decision.details.get("extra", {}))
        if decision.details.get("base") and document.master:
            version.next_number = max(version.next_number, document.versions[document.master].next_number)
    numbers = [change.after.number for change in changes.entities if change.after is not None]
    numbers += [change.after.number for change in changes.relations if change.after is not None]
    version.next_number = max(version.next_number, max(numbers, default=0) + 1)
    version.sequence = document.changed = logged.sequence


def _confirmed_by(logged: LoggedDecision) -> int:
    was: int = logged.decision.details.get("confirmed", logged.sequence)
    return was if logged.decision.kind is Kind.UNDO else logged.sequence


def _agree(document: ReplayedDocument) -> None:
    agreed = agree(
        Candidate(name, v.state, Review(v.review), confirmed=v.confirmed, imported=v.confirmed in document.imports)
        for name, v in document.versions.items()
    )
    document.master, document.adjudicate = agreed.master, agreed.adjudicate
