"""What an engine is: it learns a space from all texts, fits a model on gold, and predicts with probabilities.

An engine never knows the store. Texts come as documents, gold as examples, and
seeds are passed in. The steps that cost most, learning the space and encoding documents in it, are apart from
fitting, so that a process can do them before a training is asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, Self, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from tui_annotate.domain.annotations import Annotations, Suggestion
from tui_annotate.domain.documents import Document
from tui_annotate.domain.scheme import Scheme
from tui_annotate.domain.spans import Span

Progress = Callable[[float, str], None]
"""Takes the share done, 0..1, and what is going on."""
Floats = NDArray[np.float64]
Mention = tuple[str, tuple[Span, ...]]
"""Entity type and spans of something whose attributes are judged."""


@dataclass(frozen=True, slots=True)
class Example:
    """One document of the gold, with the version that selection picked."""

    id: int
    document: Document
    annotations: Annotations


@dataclass(frozen=True, slots=True)
class Signals:
    """How sure a model is of each of some documents; every field has a row for each, in the order asked."""

    margin: Floats
    """Gap between the probabilities of the likeliest answer and the next, 0..1; of several answers the smallest."""
    entropy: Floats
    """In nats, mean over the answers that the document needs."""
    confidence: Floats
    """Probability of the likeliest answer to the whole document."""
    log_prob: Floats
    """Natural logarithm of `confidence`, exact where that underflows."""
    tokens: NDArray[np.int64]
    vectors: Any
    """scipy CSR of non-negative or signed features, for the likeness between documents."""
    guess: NDArray[np.int64] | None = None
    """Place in `names` of the answer that the doubt is about; None where an answer has no name."""
    guess_prob: Floats | None = None
    """Its probability."""
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FitReport:
    """What a training used, and what it could not use as it was."""

    documents: int
    positives: Mapping[str, int] = field(default_factory=dict)
    """Entities by type, or documents by value."""
    notes: tuple[str, ...] = ()
    """Sentences for the log: what was snapped, left out or taken for what."""


class Encodings(Protocol):
    """Documents as an engine computes with them; opaque to everyone else."""

    def __len__(self) -> int: ...
    def select(self, rows: Sequence[int]) -> Self:
        """Return those of the documents, in the order asked."""

    def join(self, other: Self) -> Self:
        """Return these and then the others."""

    @property
    def size(self) -> int:
        """Bytes held, roughly."""


@runtime_checkable
class Judging(Protocol):
    """Encodings of an engine that judges mentions: it has to be told which, where others find what to answer."""

    def about(self, mentions: Sequence[Sequence[Mention]]) -> Self:
        """Return the same documents with these mentions, a sequence for each document."""


class Space(Protocol):
    """What an engine has learned from all imported text, labelled or not."""

    @property
    def digest(self) -> str:
        """Equal for equal content: encodings of one can be used with a model of the other."""

    def encode(self, documents: Sequence[Document]) -> Any:
        """Return the `Encodings` of some documents."""

    def save(self, path: Path) -> None: ...


class Model(Protocol):
    """A fitted model with the space it was fitted in."""

    @property
    def space(self) -> Any: ...
    @property
    def report(self) -> FitReport: ...
    def predict(self, encodings: Any, *, run: str, minimum: float) -> list[list[Suggestion]]:
        """Return the suggestions for each document.

        Args:
            run: Name of the run, for `who`.
            minimum: Probability that an entity needs to be suggested.
        """

    def signals(self, encodings: Any) -> Signals: ...
    def save(self, folder: Path) -> None:
        """Write everything that `EngineFactory.load` needs, the space aside (see `Space.save`)."""


class Engine(Protocol):
    """One task of one scheme, learning again and again."""

    def fit(
        self, gold: Sequence[Example], encodings: Any, *, parameters: Mapping[str, Any], seed: int, progress: Progress
    ) -> Model:
        """Fit a model on all gold from the beginning; `encodings` has a row for each example.

        Raises:
            TooFewExamplesError: No gold, or nothing to tell apart.
            ParameterError: A parameter that the engine does not have, or of the wrong type.
        """


@runtime_checkable
class OutOfFold(Protocol):
    """What an engine may offer besides: predictions for gold by models that have not seen it, in its cheapest way.

    Where an engine does not, fitting and predicting fold by fold comes to the same.
    """

    def out_of_fold(
        self,
        gold: Sequence[Example],
        encodings: Any,
        *,
        folds: int,
        parameters: Mapping[str, Any],
        seed: int,
        progress: Progress = ...,
    ) -> list[list[Suggestion]]:
        """Return for each example what the fit on the other folds suggests, down to small probabilities.

        Equal texts are in one fold.

        Raises:
            TooFewExamplesError: Nothing to tell apart.
        """


@runtime_checkable
class EngineFactory(Protocol):
    """What is registered: makes engines, and reads back what they wrote."""

    name: str
    description: str

    def handles(self, task: str, scheme: Scheme) -> bool: ...
    def learn(self, pool: Iterable[Document], *, seed: int, progress: Progress) -> Any:
        """Learn a `Space` from texts."""

    def load_space(self, path: Path) -> Any:
        """Read what `Space.save` wrote; raises LearnError."""

    def create(self, task: str, scheme: Scheme, space: Any) -> Engine: ...
    def load(self, folder: Path, space: Any) -> Model:
        """Read what `Model.save` wrote; raises LearnError saying which file is wrong."""


def no_progress(share: float, message: str) -> None:
    """Tell nobody."""
