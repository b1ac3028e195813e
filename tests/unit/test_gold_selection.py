"""Which version counts, which is master, and what gold is used for: the rules without a corpus."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui_annotate.domain.decisions import VersionState
from tui_annotate.domain.interchange import MASTER
from tui_annotate.domain.selection import Agreement, Candidate, Marks, Review, agree, select, uses, why_none

CONFIRMED, IN_PROGRESS = VersionState.CONFIRMED, VersionState.IN_PROGRESS
ANN = Candidate("ann", CONFIRMED, priority=2, confirmed=1)
BOB = Candidate("bob", CONFIRMED, priority=1, confirmed=2)


def reviewed(candidate: Candidate, review: Review) -> Candidate:
    return Candidate(candidate.annotator, candidate.state, review, candidate.priority, candidate.confirmed)


def test_the_highest_priority_or_the_most_recent() -> None:
    by_priority, by_time = select([ANN, BOB]), select([ANN, BOB], tie="recent")
    assert by_priority is not None
    assert by_time is not None
    assert (by_priority.annotator, by_priority.rule) == ("ann", "highest priority")
    assert (by_time.annotator, by_time.rule) == ("bob", "most recent")


def test_accepted_counts_alone_and_rejected_or_sent_back_never() -> None:
    chosen = select([ANN, reviewed(BOB, Review.ACCEPTED)])
    assert chosen is not None
    assert (chosen.annotator, chosen.rule) == ("bob", "accepted by a reviewer")
    chosen = select([reviewed(ANN, Review.REJECTED), BOB])
    assert chosen is not None
    assert (chosen.annotator, chosen.rule) == ("bob", "the only one")
    assert select([reviewed(ANN, Review.REJECTED), reviewed(BOB, Review.TO_CORRECT)]) is None
    assert select([Candidate("ann", IN_PROGRESS, Review.ACCEPTED)]) is None


def test_only_what_a_reviewer_accepted_where_that_is_asked_for() -> None:
    assert select([ANN, BOB], reviewed=True) is None
    assert why_none([ANN, BOB], reviewed=True) == "no reviewer has accepted it"
    chosen = select([ANN, reviewed(BOB, Review.ACCEPTED)], reviewed=True)
    assert chosen is not None
    assert chosen.annotator == "bob"


@pytest.mark.parametrize(
    ("candidates", "why"),
    [
        ([], "nobody has confirmed it"),
        ([Candidate("ann", IN_PROGRESS)], "nobody has confirmed it"),
        ([reviewed(ANN, Review.REJECTED)], "rejected by a reviewer"),
        (
            [reviewed(ANN, Review.REJECTED), reviewed(BOB, Review.TO_CORRECT)],
            "rejected by a reviewer and sent back to be corrected",
        ),
    ],
)
def test_it_is_said_why_none_counts(candidates: list[Candidate], why: str) -> None:
    assert select(candidates) is None
    assert why_none(candidates) == why


def test_master_is_what_is_confirmed_and_imported_versions_are_not_published() -> None:
    imported = Candidate(MASTER, CONFIRMED, confirmed=1, imported=True)
    member = Candidate("ann", CONFIRMED, confirmed=2, imported=True)
    other = Candidate("bob", CONFIRMED, confirmed=3, imported=True)
    assert agree([]) == Agreement()
    assert agree([imported, member, other]) == Agreement(MASTER)
    assert agree([imported, member, other, Candidate("eve", CONFIRMED, confirmed=9)]) == Agreement("eve")
    assert agree([member]) == Agreement("")
    assert agree([member, other]) == Agreement("", adjudicate=True)
    assert agree([imported, reviewed(member, Review.ACCEPTED)]) == Agreement("ann")
    assert agree([ANN, BOB]) == Agreement("ann", adjudicate=True)
    assert agree([ANN, reviewed(BOB, Review.ACCEPTED)]) == Agreement("bob")
    assert agree([reviewed(ANN, Review.REJECTED), BOB]) == Agreement("bob")


def test_documents_tagged_train_are_a_fixed_split() -> None:
    plain, twin = Marks((), False, 1), Marks((), False, 4)
    train, test, held = Marks(("Train", "x"), False, 2), Marks(("Test",), False, 4), Marks(("x",), True, 5)
    assert uses([plain, twin, test, held]) == ["train", "left out", "test", "holdout"]
    assert uses([plain, train, test, held]) == ["not tagged Train", "train", "test", "holdout"]
    assert uses([plain, train, test, held], tags=["x"]) == ["not asked for", "train", "test", "holdout"]
    assert uses([plain, train, Marks(("y",), False, 6)], tags=["y"]) == ["not asked for", "not asked for", "train"]
    accepted = Marks((), False, 8, accepted=True)
    assert uses([plain, accepted, test, held], reviewed=True) == ["not reviewed", "train", "test", "holdout"]
    both = Marks(("Train", "Test"), False, 7)
    assert uses([plain, both]) == ["train", "test"], "what is tested on is never trained on"


@given(
    st.lists(
        st.builds(Marks, st.lists(st.sampled_from(["Train", "Test", "x"])).map(tuple), st.booleans(), st.integers(0, 4))
    )
)
def test_no_text_is_both_trained_on_and_measured_on(gold: list[Marks]) -> None:
    found = uses(gold)
    trained = {marks.text_hash for marks, use in zip(gold, found, strict=True) if use == "train"}
    measured = {marks.text_hash for marks, use in zip(gold, found, strict=True) if use in ("test", "holdout")}
    assert not trained & measured
