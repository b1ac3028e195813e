"""Patterns beside other suggestions: one suggestion for one thing, the likelier one."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from tui_annotate.domain.annotations import Suggestion, SuggestionKey, Verdict
from tui_annotate.domain.patterns import PROB
from tui_annotate.domain.scheme import ENTITIES, LABELS, Scheme


def settle(
    shown: Sequence[Suggestion], verdicts: Mapping[SuggestionKey, Verdict], scheme: Scheme, *, without: Collection[str]
) -> list[Suggestion]:
    """Return suggestions in which patterns and others do not contradict each other; what is decided stays.

    A pattern gives way to an overlapping suggestion that is at least as likely, and to one for the same document
    label; a run's less likely suggestion gives way to the pattern. Types that are declared overlapping give way to
    none.

    Args:
        without: Tasks for which patterns are not to suggest.
    """
    waiting = [s for s in shown if s.target in ("entity", "label") and s.key not in verdicts]
    patterns = [s for s in waiting if s.source == "pattern"]
    if not patterns:
        return list(shown)
    gone = {s.id for s in patterns if _task(s) in without}
    apart = {type.name for type in scheme.entities if type.overlapping}
    others = [s for s in waiting if s.source != "pattern"]
    strong, weak = [s for s in others if s.prob >= PROB], [s for s in others if s.prob < PROB and s.source == "run"]
    gone |= _clashing([s for s in patterns if s.id not in gone], strong, apart)
    gone |= _clashing(weak, [s for s in patterns if s.id not in gone], apart)
    return [s for s in shown if s.id not in gone]


def _task(suggestion: Suggestion) -> str:
    return ENTITIES if suggestion.target == "entity" else LABELS + suggestion.name


def _clashing(those: Sequence[Suggestion], winners: Sequence[Suggestion], apart: Collection[str]) -> set[int]:
    """Return the ids of those that contradict one of the winners."""
    labels = {s.name for s in winners if s.target == "label"}
    spans = sorted(
        (s.span.part, s.span.start, s.span.end) for s in winners if s.target == "entity" and s.name not in apart
    )
    found = {s.id for s in those if s.target == "label" and s.name in labels}
    at = 0
    reached: dict[str, int] = {}
    entities = [s for s in those if s.target == "entity" and s.name not in apart]
    for suggestion in sorted(entities, key=lambda s: (s.span.part, s.span.end)):
        span = suggestion.span
        while at < len(spans) and (spans[at][0], spans[at][1]) < (span.part, span.end):
            reached[spans[at][0]] = max(reached.get(spans[at][0], 0), spans[at][2])
            at += 1
        if reached.get(span.part, 0) > span.start:
            found.add(suggestion.id)
    return found
