"""The figures of a run on each part of the gold, and the predictions that they come from."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
import numpy as np

from tui_annotate.domain.annotations import Suggestion
from tui_annotate.domain.scheme import Scheme
from tui_annotate.learn import metrics
from tui_annotate.learn.engines.base import Example, Model
from tui_annotate.learn.mentions import about_gold

MOST_TRAINED = 500
"""Documents trained on that are predicted to see overfitting: more would cost time and say no more."""

Predicted = list[tuple[int, list[Suggestion]]]
Encode = Callable[[Sequence[Example]], Any]


@dataclass(frozen=True, slots=True)
class Fitted:
    """What a training came to before it is measured."""

    model: Model
    probe: Model | None
    """Fitted without the validation part, so that it can be measured there; None when there is no such part."""
    warm: str
    """The run that it went on from; empty when from the beginning."""


def measure(
    task: str,
    scheme: Scheme,
    fitted: Fitted,
    parts: dict[str, list[Example]],
    encode: Encode,
    *,
    run: str,
    minimum: float,
) -> tuple[dict[str, Any], Predicted]:
    """Return the figures on every part, and the model's predictions of holdout and test.

    Args:
        minimum: Probability that an entity needs to be suggested.
    """
    report = fitted.model.report
    figures: dict[str, Any] = {"trained_on": dict(report.positives), "notes": list(report.notes)}
    if fitted.probe is not None:
        step = max(1, len(parts["train"]) // MOST_TRAINED)
        for part, examples in (("train", parts["train"][::step]), ("validation", parts["validation"])):
            found = predict(fitted.probe, examples, encode, run=run, minimum=minimum)
            figures[part] = metrics.evaluate(task, scheme, [e.annotations for e in examples], found)
    predicted: Predicted = []
    for part in ("holdout", "test"):
        examples = parts[part]
        found = predict(fitted.model, examples, encode, run=run, minimum=minimum)
        predicted += [(example.id, suggestions) for example, suggestions in zip(examples, found, strict=True)]
        if examples or part == "holdout":
            figures[part] = metrics.evaluate(task, scheme, [e.annotations for e in examples], found)
    return figures, predicted


def predict(
    model: Model, examples: Sequence[Example], encode: Encode, *, run: str, minimum: float
) -> list[list[Suggestion]]:
    """Return what a model suggests; one that judges entities is told those of the gold."""
    return model.predict(about_gold(encode(examples), examples), run=run, minimum=minimum)


def plain(figures: dict[str, Any]) -> dict[str, Any]:
    """Return figures as they are read back from JSON: numbers of numpy as Python's."""
    encoded = msgspec.json.encode(figures, enc_hook=_number)
    return msgspec.json.decode(encoded, type=dict[str, Any])


def _number(value: object) -> object:
    if isinstance(value, np.generic):
        return value.item()
    raise NotImplementedError(f"{type(value).__name__} among figures")
