"""Which version of a document counts, for training, for the agreed export, for figures; and what gold is used for.

Annotation Lab's rule: a version that a reviewer accepted counts alone; one that
was rejected never does; among the others the annotator with the highest priority
wins, or the newest confirmation, as set. What came with an import counts only
where no annotator has confirmed the document.

What is measured on is never trained on, nor is any other document of the same text.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from tui_annotate.domain.decisions import VersionState
from tui_annotate.domain.interchange import MASTER

Tie = Literal["priority", "recent"]
Use = Literal["train", "holdout", "test", "left out"]
"""What a gold document serves for; it is left out where its text stands in a document that is measured on."""

TEST_TAG = "Test"
"""Documents with this tag are a fixed test: never trained on, reported apart."""


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


@dataclass(frozen=True, slots=True)
class Marks:
    """What decides how a gold document is used."""

    tags: tuple[str, ...]
    held_out: bool
    text_hash: int
    """See `documents.text_hash`: equal texts are twins."""


def uses(gold: Sequence[Marks]) -> list[Use]:
    """Return what each of all gold documents is used for.

    Twins are looked at here since marks differ: one may have been imported confirmed, or shown before the
    holdout was drawn anew, and only one of them be tagged.
    """
    measured = {marks.text_hash for marks in gold if TEST_TAG in marks.tags or marks.held_out}
    return [_use(marks, measured) for marks in gold]


def _use(marks: Marks, measured: set[int]) -> Use:
    if TEST_TAG in marks.tags:
        return "test"
    if marks.held_out:
        return "holdout"
    return "left out" if marks.text_hash in measured else "train"
