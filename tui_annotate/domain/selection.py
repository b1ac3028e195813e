"""Which version of a document counts: for training, for the agreed export, for figures.

Annotation Lab's rule: a version that a reviewer accepted counts alone; one that
was rejected never does; among the others the annotator with the highest priority
wins, or the newest confirmation, as set. What came with an import counts only
where no annotator has confirmed the document.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from tui_annotate.domain.decisions import VersionState
from tui_annotate.domain.interchange import MASTER

Tie = Literal["priority", "recent"]


class Review(StrEnum):
    """What a reviewer said about a version."""

    NONE = ""
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    TO_CORRECT = "to_correct"


@dataclass(frozen=True, slots=True)
class Candidate:
    """What selection has to know of a version."""

    annotator: str
    state: VersionState | None
    review: Review = Review.NONE
    priority: int = 0
    """Of its annotator; the higher wins."""
    confirmed: int = 0
    """Sequence of the decision that confirmed it; the higher is the newer."""


@dataclass(frozen=True, slots=True)
class Selected:
    """The version that counts, and the rule that chose it, for reports."""

    annotator: str
    rule: Literal["the only one", "accepted by a reviewer", "highest priority", "most recent", "as imported"]


def select(candidates: Iterable[Candidate], *, tie: Tie = "priority") -> Selected | None:
    """Return the version that counts, None when none is confirmed or all were rejected.

    Equal priorities go by the newest confirmation.
    """
    usable = [
        c
        for c in candidates
        if c.state is VersionState.CONFIRMED and c.review not in (Review.REJECTED, Review.TO_CORRECT)
    ]
    accepted = [c for c in usable if c.review is Review.ACCEPTED]
    own = accepted or [c for c in usable if c.annotator != MASTER] or usable
    if not own:
        return None
    best = max(own, key=lambda c: (c.priority * (tie == "priority"), c.confirmed))
    if accepted:
        return Selected(best.annotator, "accepted by a reviewer")
    if best.annotator == MASTER:
        return Selected(best.annotator, "as imported")
    if len(own) == 1:
        return Selected(best.annotator, "the only one")
    by_priority = tie == "priority" and any(c.priority < best.priority for c in own)
    return Selected(best.annotator, "highest priority" if by_priority else "most recent")
