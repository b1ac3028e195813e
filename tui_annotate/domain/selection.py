"""Which version of a document counts, for training, for the agreed export, for figures; and what gold is used for.

Annotation Lab's rule: a version that a reviewer accepted counts alone; one that
was rejected, or sent back to be corrected, never does; among the others the annotator
with the highest priority wins, or the newest confirmation, as set. What came with
an import counts only where no annotator has confirmed the document.

Master, the agreed version, follows from the same states (`agree`), so undoing and
doing again in any order leaves what the states say.

What is measured on is never trained on, nor is any other document of the same text.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from tui_annotate.domain.decisions import VersionState
from tui_annotate.domain.interchange import MASTER

Tie = Literal["priority", "recent"]
Use = Literal["train", "holdout", "test", "left out", "not tagged Train", "not asked for", "not reviewed"]
"""What a gold document serves for.

It is left out where its text stands in a document that is measured on, not asked for where it has none of the
tags that a training asks for, not reviewed where it asks for that, and not tagged `Train` where others are: then the
split is fixed.
"""

TEST_TAG = "Test"
"""Documents with this tag are a fixed test: never trained on, reported apart."""
TRAIN_TAG = "Train"
"""Where documents have this tag, only they are trained on, so that the data are the same on each run."""


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
    imported: bool = False
    """It came confirmed with an import, and was not confirmed anew since."""


Rule = Literal["the only one", "accepted by a reviewer", "highest priority", "most recent", "as imported"]


@dataclass(frozen=True, slots=True)
class Selected:
    """The version that counts, and the rule that chose it, for reports."""

    annotator: str
    rule: Rule

    @property
    def is_accepted(self) -> bool:
        """Say whether a reviewer chose it."""
        return self.rule == "accepted by a reviewer"


def select(candidates: Iterable[Candidate], *, tie: Tie = "priority", reviewed: bool = False) -> Selected | None:
    """Return the version that counts, None when none may.

    Equal priorities go by the newest confirmation. `why_none` says why there is none.

    Args:
        reviewed: Only what a reviewer accepted counts.
    """
    usable = [c for c in candidates if _is_usable(c)]
    accepted = [c for c in usable if c.review is Review.ACCEPTED]
    own = accepted if accepted or reviewed else [c for c in usable if c.annotator != MASTER] or usable
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


def why_none(candidates: Iterable[Candidate], *, reviewed: bool = False) -> str:
    """Say why no version of a document counts."""
    confirmed = [c for c in candidates if c.state is VersionState.CONFIRMED]
    if not confirmed:
        return "nobody has confirmed it"
    usable = [c for c in confirmed if _is_usable(c)]
    if usable and reviewed:
        return "no reviewer has accepted it"
    said = {Review.REJECTED: "rejected by a reviewer", Review.TO_CORRECT: "sent back to be corrected"}
    return " and ".join(sorted({said[c.review] for c in confirmed if c.review in said}))


def _is_usable(candidate: Candidate) -> bool:
    return candidate.state is VersionState.CONFIRMED and candidate.review not in (Review.REJECTED, Review.TO_CORRECT)


@dataclass(frozen=True, slots=True)
class Agreement:
    """What the versions of a document come to."""

    master: str = ""
    """Whose version is agreed on: empty for none, `master` for the imported one, else an annotator."""
    adjudicate: bool = False
    """Several versions are confirmed, and no reviewer has said which counts."""


def agree(candidates: Iterable[Candidate]) -> Agreement:
    """Return whose version is master, and whether somebody has to decide between several.

    Confirming publishes to master when master is empty, or was imported; a second annotator's confirmation calls
    for adjudication, and the first one's stays master meanwhile. It ends when a reviewer accepts
    one of them, or only one is left. Imported versions of annotators are never published by themselves, since they
    are to go out as they came; an imported master that is confirmed settles between them. A master of its own that
    somebody merged or wrote through the API is accepted with that, and stands above all of them.
    """
    held = [c for c in candidates if c.state is not None]
    imported = next((c for c in held if c.annotator == MASTER), None)
    if imported is not None and imported.review is Review.ACCEPTED and _is_usable(imported):
        return Agreement(MASTER)
    usable = [c for c in held if _is_usable(c) and c.annotator != MASTER]
    pool = [c for c in usable if c.review is Review.ACCEPTED]
    if not pool:
        settled = imported is not None and _is_usable(imported)
        pool = [c for c in usable if not (settled and c.imported)]
    published = [c for c in pool if not c.imported or c.review is Review.ACCEPTED]
    if published:
        master = min(published, key=lambda c: c.confirmed).annotator
    else:
        master = MASTER if imported is not None else ""
    return Agreement(master, len(pool) > 1)


@dataclass(frozen=True, slots=True)
class Marks:
    """What decides how a gold document is used."""

    tags: tuple[str, ...]
    held_out: bool
    text_hash: int
    """See `documents.text_hash`: equal texts are twins."""
    accepted: bool = False
    """A reviewer accepted the version that counts."""


def uses(gold: Sequence[Marks], *, tags: Collection[str] = (), reviewed: bool = False) -> list[Use]:
    """Return what each of all gold documents is used for.

    Twins are looked at here since marks differ: one may have been imported confirmed, or shown before the
    holdout was drawn anew, and only one of them be tagged.

    Args:
        tags: Train on documents with at least one of these; empty for all. What is measured on stays the same.
        reviewed: Train only on what a reviewer accepted.
    """
    measured = {marks.text_hash for marks in gold if TEST_TAG in marks.tags or marks.held_out}
    wanted = set(tags)
    found: list[Use] = [_use(marks, measured, wanted, reviewed) for marks in gold]
    if any(use == "train" and TRAIN_TAG in marks.tags for use, marks in zip(found, gold, strict=True)):
        return [
            "not tagged Train" if use == "train" and TRAIN_TAG not in marks.tags else use
            for use, marks in zip(found, gold, strict=True)
        ]
    return found


def _use(marks: Marks, measured: set[int], wanted: set[str], reviewed: bool) -> Use:
    if TEST_TAG in marks.tags:
        return "test"
    if marks.held_out:
        return "holdout"
    if marks.text_hash in measured:
        return "left out"
    if wanted and not wanted & set(marks.tags):
        return "not asked for"
    return "not reviewed" if reviewed and not marks.accepted else "train"
