"""Changes apply, and their inverse takes them back, whatever they were."""

from __future__ import annotations

from copy import deepcopy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui_annotate.domain.annotations import Annotations, Entity, LabelValue, SuggestionKey, Verdict
from tui_annotate.domain.decisions import Changes, EntityChange, LabelChange, VerdictChange, VersionState, apply
from tui_annotate.domain.spans import Span

entities = st.builds(
    lambda type, start, length, number: Entity(type, (Span("s1v1", start, start + length),), number=number),
    st.sampled_from(["Drug", "Dose"]),
    st.integers(0, 50),
    st.integers(1, 9),
    st.integers(1, 6),
)
values = st.booleans() | st.sampled_from(["young", "old"])


@st.composite
def histories(draw: st.DrawFn) -> list[Changes]:
    """Draw changes that fit on one another, as a session would make them."""
    held: dict[int, Entity] = {}
    labels: dict[str, LabelValue] = {}
    verdicts: dict[SuggestionKey, Verdict] = {}
    history: list[Changes] = []
    for _ in range(draw(st.integers(0, 8))):
        entity = draw(entities)
        before = held.get(entity.number)
        after = None if before is not None and draw(st.booleans()) else entity
        value = LabelValue("Age", draw(values))
        key = SuggestionKey("Drug", "s1v1", ((draw(st.integers(0, 3)), 9),))
        verdict = draw(st.sampled_from(Verdict))
        history.append(
            Changes(
                (EntityChange(before, after),),
                (LabelChange(labels.get("Age"), value),),
                (),
                (VerdictChange(key, verdicts.get(key, Verdict.UNDECIDED), verdict),),
                (None, VersionState.IN_PROGRESS) if not history else None,
            )
        )
        held.pop(entity.number, None)
        if after is not None:
            held[entity.number] = after
        labels["Age"] = value
        verdicts[key] = verdict
    return history


@given(histories())
def test_inverted_changes_take_back(history: list[Changes]) -> None:
    annotations, verdicts = Annotations(), {}  # type: ignore[var-annotated]
    states = []
    for changes in history:
        states.append((deepcopy(annotations), dict(verdicts)))
        apply(annotations, verdicts, changes)
    for changes, (before, verdicts_before) in zip(reversed(history), reversed(states), strict=True):
        apply(annotations, verdicts, changes.inverted())
        assert (annotations, verdicts) == (before, verdicts_before)


def test_a_change_that_does_not_fit_is_refused() -> None:
    entity = Entity("Drug", (Span("s1v1", 0, 3),), number=1)
    with pytest.raises(ValueError, match="expected"):
        apply(Annotations(), {}, Changes((EntityChange(entity, None),)))
