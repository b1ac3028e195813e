"""What the app asks of its two children: to train, to load runs, to predict, to order the pool, to measure."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from tui_annotate.domain.selection import Tie

Trigger = Literal["manual", "active learning"]


class Command(msgspec.Struct, frozen=True, tag=True):
    """What a child is asked to do; `request` comes back with the answers."""

    request: int = 0


class TrainOptions(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody may ask of a training; what is None or empty is as the corpus is set."""

    tasks: list[str] = []
    """Empty: every task of the scheme. `labels`: one classifier only, see `domain.tasks`."""
    engine: str = ""
    """Of every task that `engines` does not name."""
    engines: dict[str, str] = {}
    """By task."""
    parameters: dict[str, Any] = {}
    """Each engine takes those that it has; `spacy-ner.epochs` is for that engine alone."""
    tags: list[str] | None = None
    """Train on documents with one of these tags; none: on all."""
    reviewed: bool | None = None
    """Train only on versions that a reviewer accepted."""
    tie: Tie | None = None
    """What decides between several versions of a document."""
    validation: float | None = None
    """Share of the gold set apart to see overfitting; None: as `asked.VALIDATION` when somebody asks, else none."""
    warm: bool = False
    """Go on from the deployed run, where the engine can; off: from the beginning."""
    script: str = ""
    """File that the engine `custom` runs."""
    seed: int | None = None
    deploy: bool | None = None
    """Put the runs to use; None: yes when somebody asked, else as the corpus is set."""


class Train(TrainOptions, frozen=True, kw_only=True, tag=True):
    """Train, write a run folder for each task, report."""

    request: int = 0
    trigger: Trigger = "manual"
    by: str = ""
    documents: list[int] | None = None
    """Train on just these of the gold; None: all that is not held out."""


class Serve(Command, frozen=True, kw_only=True):
    """Load runs, by task; those loaded already are kept, others dropped."""

    runs: dict[str, str]


class Predict(Command, frozen=True, kw_only=True):
    """Predict documents with every loaded run."""

    documents: list[int]
    minimum: float | None = None
    """Probability from which an entity is suggested; None: as the corpus is set."""


class Rank(Command, frozen=True, kw_only=True):
    """Order the pool by what teaches most."""

    strategy: str = "default"
    size: int = 500
    n: int = 10
    seed: int = 0
    documents: list[int] | None = None
    """Only these; None: what is pending and not held out, a sample of it where it is large."""


class Fit(Command, frozen=True, kw_only=True):
    """Fit on these documents of the gold and keep the model in memory; nothing is written."""

    task: str
    documents: list[int]
    engine: str = ""
    parameters: dict[str, Any] = {}
    seed: int = 0


class Evaluate(Command, frozen=True, kw_only=True):
    """Hold the predictions of a task's loaded run against these documents of the gold."""

    task: str
    documents: list[int]
    minimum: float | None = None
    least: int | None = None


class Curve(Command, frozen=True, kw_only=True):
    """Train on parts of the gold, to see what more of it brings; nothing is written."""

    task: str
    engine: str = ""
    parameters: dict[str, Any] = {}
    shares: list[float]
    draws: int = 0
    """Draws of each part; 0: several where a fit is cheap, else one."""


class LookAgain(Command, frozen=True, kw_only=True):
    """Find confirmed documents that models contradict which never saw them."""

    task: str
    engine: str = ""
    parameters: dict[str, Any] = {}
    folds: int = 5
    most: int = 500
    """Suspects that are returned."""


class Compare(Command, frozen=True, kw_only=True):
    """Hold a run against another on the same documents."""

    task: str
    run: str
    other: str


class Measure(Command, frozen=True, kw_only=True):
    """Hold a run against the gold that no run was trained on."""

    task: str
    run: str
