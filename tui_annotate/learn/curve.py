"""The learning curve: the same engine on parts of the gold, measured on the same documents, which none of it trains on.

What was held out, and the fixed test with it; where that is under 30 documents, a fifth of the gold is set apart by
text for the occasion. Smaller parts are drawn several times where that is cheap, for chance decides much there.
Probabilities are not calibrated: that costs further fits and hardly moves the figures.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Sequence
from typing import Any

from tui_annotate.domain.annotations import Annotations
from tui_annotate.domain.documents import text_hash
from tui_annotate.domain.figures import LEAST_DOCUMENTS
from tui_annotate.errors import TooFewExamplesError
from tui_annotate.learn import catalogue, measuring, metrics
from tui_annotate.learn.data import Split
from tui_annotate.learn.engines.base import Example, no_progress
from tui_annotate.learn.messages import Curve, CurveDrawn, CurvePoint
from tui_annotate.learn.training import Training
from tui_annotate.store import settings
from tui_annotate.store.drawing import is_held_out

SET_APART = 0.2
CHEAP = 4.0
"""Seconds of a fit on all gold up to which smaller parts are drawn several times."""
DRAWS = 3


def draw(training: Training, command: Curve, told: Callable[[float, str], None]) -> CurveDrawn:
    """Train on parts of the gold and measure each time.

    Raises:
        TooFewExamplesError: There is too little gold to train or to measure on.
    """
    training.refresh()
    known = settings.load(training.corpus)
    train, measured, what = apart(training.gold.split(), seed=known.seed)
    if len(measured) < LEAST_DOCUMENTS or not train:
        raise TooFewExamplesError(
            f"{len(measured)} confirmed documents to measure on, {len(train)} to train on: too few for a curve.",
            hint=f"Confirm until {LEAST_DOCUMENTS} are held out, or tag {LEAST_DOCUMENTS} as Test.",
        )
    player = _Player(training, command, train, measured, seed=known.seed, minimum=known.suggest_from)
    shares = sorted(set(command.shares), reverse=True)
    points = player.points(shares[0], 1, told, 0.0)
    draws = command.draws or (DRAWS if points and points[0].seconds < CHEAP else 1)
    for number, share in enumerate(shares[1:], start=1):
        points += player.points(share, 1 if share >= 1 else draws, told, number / len(shares))
    if not points:
        raise player.failed or TooFewExamplesError(f"{command.task}: nothing could be learned.")
    return CurveDrawn(
        request=command.request,
        task=command.task,
        engine=player.engine,
        name=player.name,
        measured=what,
        measured_on=len(measured),
        points=sorted(points, key=lambda point: (point.documents, point.draw)),
    )


def apart(split: Split, *, seed: int) -> tuple[list[Example], list[Example], str]:
    """Return what to train on, what to measure on, and what that is."""
    for part, what in (
        (split.holdout, "held out"),
        (split.test, "tagged Test"),
        (split.holdout + split.test, "held out or tagged Test"),
    ):
        if len(part) >= LEAST_DOCUMENTS:
            return split.train, part, what
    drawn = {
        example.id
        for example in split.train
        if is_held_out(text_hash(example.document.text), seed=seed + 1, share=SET_APART)
    }
    train = [example for example in split.train if example.id not in drawn]
    measured = [example for example in split.train if example.id in drawn] + split.holdout + split.test
    return train, measured, "set apart for this curve"


class _Player:
    """Fits and measures one part of the gold after the other."""

    def __init__(
        self,
        training: Training,
        command: Curve,
        train: Sequence[Example],
        measured: Sequence[Example],
        *,
        seed: int,
        minimum: float,
    ) -> None:
        self._training, self._command = training, command
        self._course = training.course(command.task, engine=command.engine)
        self.engine = self._course.factory.name
        self._train, self._measured = train, measured
        self._seed, self._minimum = seed, minimum
        self._parameters = {**_uncalibrated(self.engine), **command.parameters}
        self.failed: TooFewExamplesError | None = None
        self.name = ""

    def points(self, share: float, draws: int, told: Callable[[float, str], None], done: float) -> list[CurvePoint]:
        """Return the points of one share; one that cannot be learned has none."""
        found = []
        size = max(1, round(share * len(self._train)))
        for number in range(draws):
            told(done, f"{size} of {len(self._train)} documents" + (f", draw {number + 1}" if draws > 1 else ""))
            some = random.Random(self._seed + number).sample(list(self._train), size)
            some.sort(key=lambda example: example.id)
            try:
                found.append(self._point(some, number))
            except TooFewExamplesError as error:
                self.failed = error
        return found

    def _point(self, some: Sequence[Example], number: int) -> CurvePoint:
        started = time.perf_counter()
        engine = self._course.factory.create(self._command.task, self._training.scheme, self._course.encoded.space)
        model = engine.fit(
            some,
            self._encode(some),
            parameters=self._parameters,
            seed=self._seed,
            progress=no_progress,
        )
        seconds = round(time.perf_counter() - started, 3)
        said = measuring.predict(model, self._measured, self._encode, run="", minimum=self._minimum)
        truth: list[Annotations] = [example.annotations for example in self._measured]
        figures = metrics.evaluate(self._command.task, self._training.scheme, truth, said)
        best = figures["headline"]
        if best is None:
            raise TooFewExamplesError(f"{self._command.task}: too few positives to measure on.")
        self.name = best["name"]
        macro = figures.get("macro_f1")
        return CurvePoint(len(some), number, best["value"], best["low"], best["high"], macro, seconds)

    def _encode(self, examples: Sequence[Example]) -> Any:
        return self._training.encode(self._course, examples)


def _uncalibrated(engine: str) -> dict[str, bool]:
    """Return the parameter that turns an engine's calibration off, where it has one."""
    known = next((info.parameters for info in catalogue.OURS if info.name == engine), None)
    return {"calibrate": False} if known is not None and "calibrate" in known.__struct_fields__ else {}
