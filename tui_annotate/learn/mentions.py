"""Which mentions a model of attributes is asked about: entities of the gold, or those that an annotator will see."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from tui_annotate.domain.annotations import Annotations, Suggestion
from tui_annotate.learn.engines.base import Example, Judging, Mention
from tui_annotate.store.connection import Corpus
from tui_annotate.store.mentions import mentions

Mentions = Mapping[int, Sequence[Mention]]


def of_gold(annotations: Annotations) -> list[Mention]:
    """Return the entities of a version."""
    return [(entity.type, entity.spans) for entity in annotations.entities.values()]


def about_gold(encodings: Any, examples: Sequence[Example]) -> Any:
    """Return the encodings of gold documents, told about their entities where the engine judges mentions."""
    if not isinstance(encodings, Judging):
        return encodings
    return encodings.about([of_gold(example.annotations) for example in examples])


class Seen:
    """The entities of some documents: those that stand, those suggested, and those that runs predict.

    Args:
        given: These instead, by document.
    """

    def __init__(self, corpus: Corpus, ids: Sequence[int], given: Mentions | None = None) -> None:
        self._corpus = corpus
        self._ids = ids
        self._given = given
        self._predicted: dict[int, list[Mention]] = {}
        self._stored: Mentions | None = None

    def add(self, predicted: Iterable[tuple[int, Sequence[Suggestion]]]) -> None:
        """Take over the entities that a run predicts, by document."""
        for id, suggestions in predicted:
            self._predicted.setdefault(id, []).extend((s.name, s.spans) for s in suggestions if s.target == "entity")

    def about(self, encodings: Any, ids: Sequence[int]) -> Any:
        """Return encodings of these documents, told about their entities where the engine judges mentions."""
        if not isinstance(encodings, Judging):
            return encodings
        if self._given is not None:
            return encodings.about([self._given.get(id, ()) for id in ids])
        if self._stored is None:
            self._stored = mentions(self._corpus, self._ids)
        stored = self._stored
        return encodings.about([[*stored.get(id, ()), *self._predicted.get(id, ())] for id in ids])
