"""A model that speaks in today's names: labels may have been renamed, merged, split or deleted since it was trained.

The names are looked up each time, so that a model that is in memory while the scheme changes goes on.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tui_annotate.domain.annotations import Suggestion
from tui_annotate.errors import NothingToDoError
from tui_annotate.learn.engines.base import FitReport, Judging, Model, Signals
from tui_annotate.store import aliases
from tui_annotate.store.aliases import Names
from tui_annotate.store.connection import Corpus


class Renamed:
    """A model as it was trained, and the corpus that knows what its labels are called now."""

    def __init__(self, model: Model, corpus: Corpus, run: str) -> None:
        self._model = model
        self._corpus = corpus
        self._run = run

    @property
    def space(self) -> Any:
        """The space that it was fitted in."""
        return self._model.space

    @property
    def report(self) -> FitReport:
        """What its training used."""
        return self._model.report

    def predict(self, encodings: Any, *, run: str, minimum: float) -> list[list[Suggestion]]:
        """Return the suggestions for each document, in today's names."""
        names = self._names()
        found = self._model.predict(_asked(encodings, names), run=run, minimum=minimum)
        return [names.suggestions(some) for some in found] if names else found

    def signals(self, encodings: Any) -> Signals:
        """Return what makes documents worth asking for."""
        return self._model.signals(_asked(encodings, self._names()))

    def save(self, folder: Path) -> None:
        """Write the model as it was trained."""
        self._model.save(folder)

    def to_go_on_from(self) -> Model:
        """Return the model to train on; raises NothingToDoError where its labels are others by now."""
        if self._names():
            raise NothingToDoError(f"the labels that {self._run} learned were changed since.")
        return self._model

    def _names(self) -> Names:
        return aliases.of_run(self._corpus, self._run)


def _asked(encodings: Any, names: Names) -> Any:
    """Return encodings whose mentions have the types that a model of attributes knows."""
    if not names or not isinstance(encodings, Judging):
        return encodings
    asked = getattr(encodings, "mentions", None)
    if asked is None:
        return encodings
    return encodings.about([[(names.before(type), spans) for type, spans in some] for some in asked])
